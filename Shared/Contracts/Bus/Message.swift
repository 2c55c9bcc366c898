import JSON

/// One message type of the bus: what stands in `data`. Public ones are described in ops/contracts/messages.
public protocol Message: JSONCodable, Equatable, Sendable {
  /// The CloudEvents `type`, with its version: `payment.settled.v1`.
  static var type: String { get }
  /// The topic that carries this type.
  static var topic: Topic { get }
  /// The record key; the partition follows from it.
  var key: String { get }
  /// The instant in the data that the message is about. It decides what the rules see, never the time of processing.
  var instant: Instant { get }
  /// Its own id within (program, type, key), by which a duplicate is known (DECISIONS R3).
  ///
  /// `nil`: the type has none, and a duplicate is known by the envelope's source and id.
  var businessID: String? { get }
}

extension Message {
  public var businessID: String? { nil }

  /// A hash of all the fields that a revision of the contract knew: the same for every text of the same content.
  ///
  /// - Parameter room: where the content is written out for it.
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

/// A message that Laurel writes about a decision. Every one says under which terms it was taken, and why.
public protocol Notice: Message, Codable {
  /// `program@version`
  var terms: String { get }
  /// The facts that were used, in the order in which they were looked at.
  var because: [Because] { get }
}

/// Every public message type by its name, for what treats them alike: printing, validating.
public enum MessageRegistry {
  private static let byType = Dictionary(all.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })

  /// The Swift type of a CloudEvents `type`, or `nil` when it is none of Laurel's.
  public static func type(named name: String) -> (any Message.Type)? { byType[name] }

  /// Whether a type that is not known begins like one that is (`payment.…`): then its sender means Laurel.
  public static func isInOwnNamespace(_ type: String) -> Bool {
    namespaces.contains(type.prefix { $0 != "." }.lowercased())
  }

  private static let namespaces = Set(all.map { $0.type.prefix { $0 != "." }.lowercased() })

  /// `unknown type payment.setled.v1; did you mean payment.settled.v1?`
  public static func textOfUnknown(_ type: String) -> String {
    let near = nearest(to: type, among: all.filter { $0.topic.kind == .input }.map { $0.type })
    return "unknown type \(type)" + (near.map { "; did you mean \($0)?" } ?? "")
  }

  /// The revision of the contract: it goes up when a field is added. A store remembers it with each event that it has taken, so that a
  /// redelivery under a later revision is compared by the fields that counted then (CONTRACTS, "Evolution").
  public static let revision = 2
}
