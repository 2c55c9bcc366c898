import Contracts

/// A record in its reader's memory. What it hands out is valid as long as it is held.
public protocol RecordMemory {
  var keyBytes: UnsafeRawBufferPointer? { get }
  /// nil: a tombstone.
  var valueBytes: UnsafeRawBufferPointer? { get }
  /// Headers without a value are left out.
  func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void)
}

/// A record as a driver hands it to a task.
public struct InputRecord {
  public let topic: Topic
  public let partition: Int32
  public let offset: Int64
  public let memory: any RecordMemory

  public init(topic: Topic, partition: Int32, offset: Int64, memory: any RecordMemory) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.memory = memory
  }

  /// Of values that are held in Swift.
  public init(
    topic: Topic, partition: Int32 = 0, offset: Int64 = 0, key: [UInt8]?, value: [UInt8]?,
    headers: [(name: String, value: [UInt8])] = []
  ) {
    self.init(topic: topic, partition: partition, offset: offset, memory: OwnMemory(key: key, value: value, headers: headers))
  }

  public var key: [UInt8]? { memory.keyBytes.map { [UInt8]($0) } }
  public var value: [UInt8]? { memory.valueBytes.map { [UInt8]($0) } }

  public var headers: [(name: String, value: [UInt8])] {
    var headers: [(name: String, value: [UInt8])] = []
    memory.forEachHeader { headers.append((String(decoding: $0, as: UTF8.self), [UInt8]($1))) }
    return headers
  }
}

/// A record that was put together here, in one piece.
private final class OwnMemory: RecordMemory {
  private let bytes: UnsafeMutableRawBufferPointer
  private let key: Range<Int>?
  private let value: Range<Int>?
  private let headers: [(name: Range<Int>, value: Range<Int>)]

  init(key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])]) {
    let count = headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + $1.value.count }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
    var end = 0
    func copy(_ part: some Collection<UInt8>) -> Range<Int> {
      let range = end..<(end + part.count)
      UnsafeMutableRawBufferPointer(rebasing: bytes[range]).copyBytes(from: part)
      end = range.upperBound
      return range
    }
    self.key = key.map { copy($0) }
    self.value = value.map { copy($0) }
    self.headers = headers.map { (copy($0.name.utf8), copy($0.value)) }
    self.bytes = bytes
  }

  deinit { bytes.deallocate() }

  private subscript(range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

  var keyBytes: UnsafeRawBufferPointer? { key.map { self[$0] } }
  var valueBytes: UnsafeRawBufferPointer? { value.map { self[$0] } }

  func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    for header in headers { body(self[header.name], self[header.value]) }
  }
}

/// Input that could not be processed: kept with its reason and its place, so that nothing is lost.
public struct DeadLetter {
  public let rejection: Rejection
  /// As it came; for an event that a stage had kept, rebuilt from the state.
  public let record: InputRecord
}

/// What a task has done since it was made. An abort takes back what its batch had added.
public struct TaskCounts: Sendable, Equatable {
  public var processed = 0
  public var repeated = 0
  /// Events of types that CONTRACTS does not name, and tombstones.
  public var ignored = 0
  /// Fields that CONTRACTS does not name.
  public var unknownFields = 0
  public var timersFired = 0
  public var repartitioned = 0
  public var deadLetters: [DeadLetterReason: Int] = [:]

  public init() {}
}
