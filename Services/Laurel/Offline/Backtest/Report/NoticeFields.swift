import Contracts
import JSON

/// The fields of a notice's JSON, to compare them one by one. `terms` and `because` are left out: a notice with the same outcome
/// under other terms counts as the same.
struct NoticeFields {
  /// Any earlier difference changes the balance in all later notices, so the balance is compared separately.
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

  /// The sorted names of the fields that differ, without the balance.
  func differences(from other: NoticeFields) -> [String] {
    Set(fields.keys).union(other.fields.keys).filter { $0 != Self.balance && fields[$0] != other.fields[$0] }.sorted()
  }

  func hasBalance(of other: NoticeFields) -> Bool { fields[Self.balance] == other.fields[Self.balance] }

  /// Replaces the fields if there is no memory to keep them.
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
