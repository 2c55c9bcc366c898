/// One message type of the bus: what stands in `data`. CONTRACTS.md names the types and their fields.
public protocol Message: Codable, Equatable, Sendable {
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
}

/// A message that Laurel writes about a decision. Every one says under which terms it was taken, and why.
public protocol Notice: Message {
  /// `program@version`
  var terms: String { get }
  /// The facts that were used, in the order in which they were looked at.
  var because: [Because] { get }
}
