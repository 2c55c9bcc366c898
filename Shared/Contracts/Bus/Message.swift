import JSON

/// One message type of the bus: the content of `data`. Public types are described in ops/contracts/messages.
public protocol Message: JSONCodable, Equatable, Sendable {
  /// The CloudEvents `type`, with its version: `payment.settled.v1`.
  static var type: String { get }
  /// The topic that carries this type.
  static var topic: Topic { get }
  /// The record key, which determines the partition.
  var key: String { get }
  /// The instant that the message is about. Rules use it and never the time of processing.
  var instant: Instant { get }
  /// The message's own id within (program, type, key), which identifies duplicates (DECISIONS R3).
  ///
  /// `nil` if the type has none. Then the envelope's source and id identify duplicates.
  var businessID: String? { get }
}

extension Message {
  public var businessID: String? { nil }

  /// A hash of the fields that a revision of the contract has. Texts with the same content have the same hash.
  ///
  /// - Parameter room: a buffer for the content.
  public func fingerprint(revision: Int = MessageRegistry.revision, in room: inout JSONWriter) -> UInt64 {
    room.removeAll()
    room.revision = revision
    write(to: &room)
    return StableHash.value64(of: room.bytes(in: 0..<room.count))
  }

  public func fingerprint(revision: Int = MessageRegistry.revision) -> UInt64 {
    var room = JSONWriter()
    return fingerprint(revision: revision, in: &room)
  }
}

/// A message that Laurel writes about a decision. It names the terms and the reasons of the decision.
public protocol Notice: Message, Codable {
  /// `program@version`
  var terms: String { get }
  /// The facts that were used, in the order in which they were checked.
  var because: [Because] { get }
}

// Messages with a required field of this name, for code that handles them all alike. The generator adds the conformances.
public protocol HasBalance: Message { var balance: Balance { get } }
public protocol HasCompany: Message { var company: CompanyID { get } }
public protocol HasCurrency: Message { var currency: Currency { get } }
public protocol HasPayment: Message { var payment: PaymentID { get } }
public protocol HasPayout: Message { var payout: PayoutID { get } }
public protocol HasReferee: Message { var referee: AccountID { get } }
public protocol HasRequest: Message { var request: RequestID { get } }
public protocol HasReward: Message { var reward: RewardID { get } }

/// Every public message type by its name, for code that handles all types alike, such as printing and validation.
public enum MessageRegistry {
  private static let byType = Dictionary(all.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })

  /// The Swift type of a CloudEvents `type`, or `nil` if it is not one of Laurel's.
  public static func type(named name: String) -> (any Message.Type)? { byType[name] }

  /// Whether an unknown type begins like a known one (`payment.…`). Then its sender meant Laurel.
  public static func isInOwnNamespace(_ type: String) -> Bool {
    namespaces.contains(type.prefix { $0 != "." }.lowercased())
  }

  private static let namespaces = Set(all.map { $0.type.prefix { $0 != "." }.lowercased() })

  /// `unknown type payment.setled.v1; did you mean payment.settled.v1?`
  public static func textOfUnknown(_ type: String) -> String {
    let near = nearest(type, among: all.filter { $0.topic.kind == .input }.map { $0.type })
    return "unknown type \(type)" + (near.map { "; did you mean \($0)?" } ?? "")
  }

  /// The revision of the contract, increased whenever a field is added. A store keeps it with each event, so that a redelivery under a
  /// later revision is compared by the fields of the first delivery's revision (CONTRACTS, "Evolution").
  public static let revision = 2
}
