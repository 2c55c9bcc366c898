import Contracts

/// The row after which a page of a list begins.
struct Cursor {
  /// A cursor is valid only for its own list.
  enum List: String { case referees, entries, withdrawals, requests }

  let list: List
  /// Milliseconds since 1970; for entries, the entry's number.
  var number: Int64
  /// Distinguishes rows of the same instant; empty for entries.
  var name: String

  init(_ list: List, _ number: Int64, _ name: String = "") {
    self.list = list
    self.number = number
    self.name = name
  }

  /// The start of the list if `text` is `nil`. Returns `nil` if the text is not a cursor of this list.
  init?(_ list: List, _ text: String?) {
    guard let text else {
      self.init(list, .max)
      return
    }
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == list.rawValue, let number = Int64(parts[1]), parts[2].isEmpty == (list == .entries),
      parts[2].utf8.count <= 256
    else { return nil }
    self.init(list, number, String(parts[2]))
  }

  var text: String { "\(list.rawValue).\(number).\(name)" }
}
