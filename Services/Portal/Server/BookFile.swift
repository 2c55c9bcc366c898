import Contracts
import Synchronization

/// The account book as CSV, newest lines first, with amounts in currency units: `12.50`. It is read in parts, because it can be larger than
/// the memory.
final class BookFile: Sendable {
  static let head =
    "number,date,type,amount,currency,availableAt,pending,available,locked,reserved,account,payment,invoice,request\r\n"
  private static let linesOfPart = 1_000

  private let pool: ModelPool
  private let account: AccountID
  private let program: ProgramID
  private let currency: Currency?
  /// The cursor of the next part; `nil` at the end.
  private let cursor = Mutex<String?>(Cursor(.entries, .max).text)

  /// - Parameter currency: only lines of this currency; `nil` for all.
  init(_ pool: ModelPool, _ account: AccountID, _ program: ProgramID, currency: Currency?) {
    self.pool = pool
    self.account = account
    self.program = program
    self.currency = currency
  }

  /// The next lines; `nil` at the end.
  func next() throws -> [UInt8]? {
    try cursor.withLock { cursor in
      guard let start = cursor else { return nil }
      let page = try pool.read {
        try $0.entries(account, program, currency: currency, before: start, limit: Self.linesOfPart)
      }
      cursor = page?.next
      let lines = page?.items.map(Self.line) ?? []
      return lines.isEmpty ? nil : Array(lines.joined().utf8)
    }
  }

  private static func line(_ entry: Entry) -> String {
    func amount(_ minor: Int64?) -> String {
      guard let minor, let currency = entry.currency else { return "" }
      return currency.figure(minor, group: "", point: ".", minus: "-")
    }
    let balance = entry.balance
    return [
      String(entry.sequence), entry.at.description, entry.type, amount(entry.amount), entry.currency?.code ?? "",
      entry.availableAt?.description ?? "", amount(balance?.pending), amount(balance?.available), amount(balance?.locked),
      amount(balance?.reserved), cell(entry.label ?? entry.referee?.value), cell(entry.payment), cell(entry.invoice),
      cell(entry.request),
    ].joined(separator: ",") + "\r\n"
  }

  /// Quotes text from outside. An apostrophe keeps spreadsheets from reading it as a formula.
  private static func cell(_ text: String?) -> String {
    guard let text, !text.isEmpty else { return "" }
    let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
    return ((isFormula ? "'" : "") + text).quotedInCSV
  }
}
