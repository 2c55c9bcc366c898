import CommandKit
import Contracts
import Foundation
import Words

/// The files that go to a bank or a provider and come back: CSV (RFC 4180) with a header.
enum PayoutFile {
  /// One payout of a file that came back.
  struct Line {
    /// `paid.csv:3`
    let place: String
    let payout: String
    var program: String?
    var referrer: String?
    var reference: String?
    var reason: String?
    var at: Instant?
    /// As written in the file.
    var amount: String?
    var currency: String?
  }

  /// The same line goes to the bank and comes back, so it has every field that identifies a payout.
  static let header = ["payout", "program", "referrer", "recipient", "amount", "currency", "idempotencyKey"]

  // MARK: Writing

  static func fields(_ row: WithdrawalBook.Row) -> [String] {
    [
      row.payout?.value ?? "", row.program?.value ?? "", row.account.value, row.instruction?.destination ?? "",
      MoneyText.plain(row.amount, row.currency), row.currency.code, row.instruction?.idempotencyKey ?? "",
    ]
  }

  static func text(_ fields: [String]) -> String {
    fields.map { field in
      // Compare scalars, because Swift treats "\r\n" as one Character.
      let isPlain =
        !field.unicodeScalars.contains { "\",;\t\r\n".unicodeScalars.contains($0) }
        && field == field.trimmingCharacters(in: [" "])
      return isPlain ? field : field.quotedInCSV
    }.joined(separator: ",")
  }

  // MARK: Reading

  static func read(_ path: String) throws -> [Line] {
    let lines = try LineReader(path: path, keptBytesMax: 1 << 20)
    var text: [String] = []
    while let line = try lines.line() {
      guard line.length == line.bytes.count, let valid = String(validating: line.bytes, as: UTF8.self) else {
        throw CommandFailure("\(path):\(line.number): not UTF-8, or longer than 1 MiB")
      }
      text.append(valid)
    }
    return try Self.lines(text.joined(separator: "\n"), path)
  }

  /// - Throws: `CommandFailure` that names every line that cannot be used.
  static func lines(_ text: String, _ path: String) throws -> [Line] {
    let records = try records(text, path)
    guard let header = records.first else { throw CommandFailure("\(path): it is empty; the first line must name the columns") }
    let names = header.fields.map { $0.lowercased() }
    guard names.contains("payout") else {
      throw CommandFailure("\(path):1: no column is named payout; it has \(listed(header.fields.map { "'\($0)'" }))")
    }
    var problems: [String] = []
    var lines: [Line] = []
    for record in records.dropFirst() {
      let place = "\(path):\(record.line)"
      func field(_ name: String) -> String? {
        guard let index = names.firstIndex(of: name), index < record.fields.count, !record.fields[index].isEmpty else {
          return nil
        }
        return record.fields[index]
      }
      let at = field("at").flatMap(Instant.init(written:))
      if let text = field("at"), at == nil {
        problems.append("\(place): at: '\(text)' is not an instant such as 2026-01-28T09:00:00Z")
      }
      guard let payout = field("payout") else {
        problems.append("\(place): payout is missing")
        continue
      }
      lines.append(
        Line(
          place: place, payout: payout, program: field("program"), referrer: field("referrer"), reference: field("reference"),
          reason: field("reason"), at: at, amount: field("amount"), currency: field("currency")))
    }
    guard problems.isEmpty else { throw CommandFailure(problems.joined(separator: "\nlaurel: ")) }
    return lines
  }

  private struct Fields {
    /// The number of its first line, counted from 1.
    let line: Int
    var fields: [String]
  }

  /// The separator is the header's first comma, semicolon or tab: spreadsheets in many countries write semicolons. Skips blank
  /// lines.
  private static func records(_ text: String, _ path: String) throws -> [Fields] {
    let separator = text.unicodeScalars.first { ",;\t\n".unicodeScalars.contains($0) } ?? ","
    var records: [Fields] = []
    var current = Fields(line: 1, fields: [])
    var field = String.UnicodeScalarView()
    var (line, isQuoted, wasQuoted) = (1, false, false)
    func endField() {
      current.fields.append(wasQuoted ? String(field) : String(field).trimmingCharacters(in: [" "]))
      (field, wasQuoted) = (String.UnicodeScalarView(), false)
    }
    func endRecord() {
      endField()
      if current.fields != [""] { records.append(current) }
      current = Fields(line: line, fields: [])
    }
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "\n" { line += 1 }
      switch scalar {
      case "\"" where isQuoted && rest.first == "\"":
        field.append("\"")
        rest.removeFirst()
      case "\"" where isQuoted || field.isEmpty:
        isQuoted.toggle()
        wasQuoted = true
      case _ where isQuoted: field.append(scalar)
      case "\r" where rest.first == "\n" || rest.isEmpty: break
      case "\n": endRecord()
      case separator where separator != "\n": endField()
      default: field.append(scalar)
      }
    }
    guard !isQuoted else { throw CommandFailure("\(path):\(current.line): a quotation mark is not closed") }
    endRecord()
    return records
  }
}
