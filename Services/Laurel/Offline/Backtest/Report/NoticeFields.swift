import Contracts
import JSON

/// A notice's fields as they stand in its JSON, to be compared one by one. What names the terms and explains the decision is left out:
/// the same outcome under other terms is the same notice.
struct NoticeFields {
  /// The balance after a notice differs as soon as anything before it differed, so it is looked at apart.
  private static let balance = "balance"
  private static let leftOut: Set<String> = ["terms", "because"]

  private var fields: [String: [UInt8]] = [:]

  init(_ data: [UInt8], parser: JSONParser) throws(JSONError) {
    fields = try parser.read(data) { json throws(JSONError) in
      var fields: [String: [UInt8]] = [:]
      for (name, value) in try json.object().members() where !Self.leftOut.contains(name) { fields[name] = value.serialized() }
      return fields
    }
  }

  /// Names of the fields that differ, sorted; without the balance.
  func differences(from other: NoticeFields) -> [String] {
    Set(fields.keys).union(other.fields.keys).filter { $0 != Self.balance && fields[$0] != other.fields[$0] }.sorted()
  }

  func hasBalance(of other: NoticeFields) -> Bool { fields[Self.balance] == other.fields[Self.balance] }

  /// Stands for the fields where they cannot be kept.
  var fingerprint: Fingerprint {
    var bytes: [UInt8] = []
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) where name != Self.balance {
      bytes += Array(name.utf8) + [0] + value + [0]
    }
    return Fingerprint(outcome: StableHash.value64(of: bytes), balance: StableHash.value64(of: fields[Self.balance] ?? []))
  }

  struct Fingerprint: Equatable, Sendable {
    let outcome: UInt64
    let balance: UInt64
  }
}
