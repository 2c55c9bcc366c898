/// The virtual clock was moved. One record goes to every partition, so that every task hears of it.
public struct ClockMoved: Message {
  public static let type = "clock.moved.v1"
  public static let topic = Topic.clock
  public var key: String { partition.map { "\($0)" } ?? "" }
  public var instant: Instant { at }

  public var at: Instant
  /// The partition the record is for, which is also its key.
  public var partition: Int32?

  public init(at: Instant, partition: Int32? = nil) {
    self.at = at
    self.partition = partition
  }
}
