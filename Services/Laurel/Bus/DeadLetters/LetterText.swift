import Contracts
import Kafka
import ServiceKit
import Streaming
import Words
import Worker

/// Formats dead letters for an operator.
enum LetterText {
  private static let detailMax = 100

  // MARK: list

  static func table(_ records: [[Letter]], _ book: LetterBook) -> [String] {
    var rows = [["ID", "REJECTED", "STATE", "REASON", "FOUND AT", "KEY", "TYPE", "DETAIL"]]
    for letters in records {
      let letter = letters[0]
      rows.append([
        letters.map { "\($0.id)" }.joined(separator: " "), letter.time.description, book.state(of: letter).rawValue,
        plain(letter.reason),
        plain(found(letter.origin)),
        plain(letter.key ?? "-"), plain(letter.type ?? "-"), plain(shortened(letter.detail)),
      ])
    }
    return rows.count > 1 ? columns(rows) : []
  }

  /// `3 dead letters: 2 unknown-program, 1 malformed; 4 replayed; 1 closed; the newest 2 are shown`
  static func summary(_ records: [[Letter]], shown: Int?, _ book: LetterBook) -> String {
    var reasons: [String: Int] = [:]
    var states: [LetterBook.State: Int] = [:]
    for letter in records.map({ $0[0] }) {
      let state = book.state(of: letter)
      states[state, default: 0] += 1
      if state.isOpen { reasons[letter.reason, default: 0] += 1 }
    }
    let open = reasons.values.reduce(0, +)
    let counts = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \(plain($0.key))" }
    let first = open == 0 ? "no open dead letter" : "\(counted(open, "dead letter")): \(counts.joined(separator: ", "))"
    let settled = [LetterBook.State.replayed, .closed].compactMap { state in states[state].map { "\($0) \(state.rawValue)" } }
    return ([first] + settled + (shown.map { ["the newest \($0) are shown"] } ?? [])).joined(separator: "; ")
  }

  static func json(_ letters: [Letter], _ book: LetterBook) -> String {
    let letter = letters[0]
    // There is an id for each service that rejected the record.
    let members: JSONMembers = [
      "detail": letter.detail, "id": "\(letter.id)", "ids": letters.map { "\($0.id)" }, "key": letter.key,
      "note": book.note(of: letter), "obstacle": letter.obstacle, "offset": letter.place?.offset,
      "partition": letter.place.map { Int($0.partition) }, "reason": letter.reason, "replayOf": letter.replayOf.map { "\($0)" },
      "settledAt": book.settled[letter.id]?.at, "state": book.state(of: letter).rawValue, "time": letter.time,
      "topic": letter.place?.topic, "type": letter.type,
    ]
    return members.line
  }

  private static func found(_ origin: Letter.Origin) -> String {
    switch origin {
    case .record(let place): "\(place)"
    case .timer: "(a timer)"
    case .kept: "(its state)"
    case .unknown: "?"
    }
  }

  private static func shortened(_ text: String) -> String {
    text.count > detailMax ? String(text.prefix(detailMax)) + "…" : text
  }

  // MARK: show

  /// - Parameter whole: the record from its own place, if the letter has only a part of it and it is still there.
  static func page(_ letter: Letter, _ record: Kafka.Record, whole: Kafka.Record?, _ book: LetterBook) -> [String] {
    var rows = [
      ["letter", "\(letter.id), \(book.state(of: letter).rawValue)"],
      ["reason", plain(letter.reason)],
      ["detail", plain(letter.detail)],
      ["rejected", "by \(letter.id.service.rawValue) on \(letter.time.readable)"],
      ["found", origin(letter)],
      ["key", plain(letter.key ?? "none")],
      ["type", plain(letter.type ?? "cannot be read")],
    ]
    if let first = letter.replayOf { rows.append(["before", "first rejected as \(first), then replayed"]) }
    if let settled = book.settled[letter.id] {
      rows.append([
        book.state(of: letter).rawValue, "on \(settled.at.readable)" + (book.note(of: letter).map { ": \(plain($0))" } ?? ""),
      ])
    }
    if let second = book.letters.first(where: { $0.replayOf == letter.id }) {
      rows.append(["again", "rejected again as \(second.id)"])
    }
    if book.state(of: letter) != .replayed {
      rows.append(["replay", letter.obstacle.map { "not possible: \($0)" } ?? "laurel dead-letters replay \(letter.id)"])
    }
    if let size = letter.wholeSize { rows.append(["cut", cut(size, record, whole)]) }
    var lines = columns(rows)
    let source = whole ?? record
    lines.append("")
    lines.append("headers")
    lines += columns(record.headers.map { ["  " + plain($0.name), header($0)] })
    lines.append("")
    lines.append("body, \(counted(source.value?.count ?? 0, "byte"))")
    return lines + body(source.value ?? []).map { "  " + $0 }
  }

  private static func origin(_ letter: Letter) -> String {
    switch letter.origin {
    case .record(let place) where place.offset == InputRecord.offsetOfHandedOver:
      "for \(plain(place.topic)), partition \(place.partition): handed over, so it never was on the topic"
    case .record(let place): "on \(plain(place.topic)), partition \(place.partition), offset \(place.offset)"
    case .timer: "in \(letter.id.service.rawValue)'s state: a timer that was due"
    case .kept: "in \(letter.id.service.rawValue)'s state: an event that it had accepted before"
    case .unknown: "unknown: the headers with its place are missing"
    }
  }

  private static func cut(_ size: String, _ record: Kafka.Record, _ whole: Kafka.Record?) -> String {
    let kept = "\(counted(record.value?.count ?? 0, "byte")) of \(plain(size)) are kept here"
    return kept
      + (whole == nil ? ", and the record is no longer where it was found" : "; the body below was read where it was found")
  }

  private static func header(_ header: Header) -> String {
    guard let value = header.value else { return "(no value)" }
    guard let text = String(validating: value, as: UTF8.self) else { return "0x" + value.map(hex).joined() }
    return plain(text)
  }

  /// Shows JSON indented, other text unchanged, and other bytes in hexadecimal.
  static func body(_ bytes: [UInt8]) -> [String] {
    guard let text = String(validating: bytes, as: UTF8.self) else { return dump(bytes) }
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let shaped = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? indented(text) : text
    return shaped.split(separator: "\n", omittingEmptySubsequences: false).map { plain(String($0)) }
  }

  /// Indents JSON by its brackets and commas. It changes only the space between them, so that the reader sees what is wrong.
  private static func indented(_ text: String) -> String {
    var result = ""
    var depth = 0
    var isInString = false
    var isEscaped = false
    func line() -> String { "\n" + String(repeating: "  ", count: min(depth, 40)) }
    for scalar in text.unicodeScalars {
      if isInString {
        result.unicodeScalars.append(scalar)
        if isEscaped {
          isEscaped = false
        } else if scalar == "\\" {
          isEscaped = true
        } else if scalar == "\"" {
          isInString = false
        }
        continue
      }
      switch scalar {
      case " ", "\t", "\n", "\r": continue
      case "{", "[":
        depth += 1
        result.unicodeScalars.append(scalar)
        result += line()
      case "}", "]":
        depth = max(0, depth - 1)
        result += line()
        result.unicodeScalars.append(scalar)
      case ",":
        result += ","
        result += line()
      case ":": result += ": "
      default:
        isInString = scalar == "\""
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `00000010  7b 22 70 61 …  {"pa…`
  private static func dump(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: 16).map { start in
      let row = bytes[start..<min(start + 16, bytes.count)]
      let place = String(start, radix: 16)
      let digits = row.map(hex).joined(separator: " ")
      return String(repeating: "0", count: max(0, 8 - place.count)) + place + "  " + digits
        + String(repeating: " ", count: 3 * (16 - row.count) + 2) + printable(row, else: ".")
    }
  }

  private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  /// Replaces control characters, so that foreign text cannot move the terminal's cursor or start a new line.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(scalar.properties.generalCategory == .control ? "?" : scalar) }
    return String(result)
  }
}
