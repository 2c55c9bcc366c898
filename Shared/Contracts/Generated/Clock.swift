// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// The virtual clock was moved. One record goes to every partition, so that every task receives it.
public struct ClockMoved: Message, Codable {
  public static let type = "clock.moved.v1"
  public static let topic = Topic.clock
  public var key: String { partition.map { String($0) } ?? "" }
  public var instant: Instant { at }

  /// The time from now on.
  public var at: Instant
  /// The partition that the record is for. It is also the key.
  public var partition: Int?

  public init(
    at: Instant, partition: Int? = nil
  ) {
    self.at = at
    self.partition = partition
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    at = try object.required("at")
    partition = try object.optional("partition")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("partition", partition)
    json.endObject()
  }
}
