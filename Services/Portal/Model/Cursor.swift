import Contracts

/// Where a page of a list begins: behind the row of this number and name.
struct Cursor {
  /// A cursor of one list says nothing about another.
  enum List: String { case referees, entries, withdrawals, requests }

  let list: List
  /// Milliseconds since 1970, or an entry's number.
  var number: Int64
  /// What tells rows of one instant apart; empty for entries.
  var name: String

  init(_ list: List, _ number: Int64, _ name: String = "") {
    self.list = list
    self.number = number
    self.name = name
  }

  /// The start of the list for no text; nil for a text that is no cursor of the list.
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
