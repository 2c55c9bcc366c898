import Contracts
import JSON
import Testing

@testable import Streaming

/// A task numbers its messages per partition, and the reader keeps the last number.
@Suite struct HopTests {
  /// Partition 1 of 3. The last character of a key decides its partition.
  private static func place(_ partition: Int32) -> StageTask.Place {
    StageTask.Place(partition: partition, partitionOf: { Int32(($0.last ?? 0) % 3) })
  }

  private let bench: Bench

  init() throws { bench = try Bench([AnyStage(Script()), AnyStage(Echo())], place: Self.place(1)) }

  /// A key of the task's own partition, and keys of all partitions.
  private static let own = "1"
  private static let keys = ["0", "1", "2"]

  private func hops(_ outputs: [Output], _ topic: Topic, to key: String) -> [Int64] {
    outputs.filter { $0.topic == topic && $0.key == key }.compactMap(\.envelope.hop?.number)
  }

  private func copy(_ output: OutputRecord) -> InputRecord {
    let record = InputRecord(topic: output.topic, partition: output.partition, offset: 0, memory: output)
    return InputRecord(topic: record.topic, key: record.key, value: record.value, headers: record.headers)
  }

  private func progress(_ bench: Bench) throws -> Progress {
    try Progress(stored: try #require(try bench.store.value(for: RowKey.progress)))
  }

  @Test func messagesAreNumberedByTopicAndPartition() throws {
    try bench.tell(Self.own, .step(to: "0", []), .say("x"), .step(to: "2", []), .step(to: "0", []), .say("y"))
    try bench.tell("4", .step(to: "3", []), .say("z"))
    let outputs = try bench.commit().outputs
    #expect(outputs.map(\.envelope.hop?.partition) == Array(repeating: 1, count: outputs.count))
    #expect(outputs.map { "\($0.key) \($0.envelope.hop?.number ?? 0)" } == ["0 1", "1 1", "2 1", "0 2", "1 2", "3 3", "4 3"])
    #expect(try progress(bench).sent == [Handed.topic.name: [3, 0, 1], Said.topic.name: [0, 3]])
  }

  @Test func numbersHaveNoGapAfterRejectionsAbortsTimersAndRestarts() throws {
    var random = SplitMix(state: 5)
    var kept: [Output] = []
    for number in 0..<400 {
      let steps = (0..<Int.random(in: 0...3, using: &random)).map { _ in
        Act.step(to: Self.keys.randomElement(using: &random) ?? Self.own, [])
      }
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4: try bench.tell(Self.own, steps + [.say("x")])
      case 4: try bench.tell(Self.own, steps + [.say("x"), .reject])
      case 5: try bench.tell(Self.own, [.timer(at: Int64(number * 10), steps), .timer(at: 0, steps + [.say("t"), .reject])])
      case 6: bench.advance(Int64(number * 10))
      case 7: bench.task.abort()
      default:
        kept += try bench.commit().outputs
        if number % 3 == 0 { try bench.restart() }
      }
    }
    kept += try bench.commit().outputs
    for key in Self.keys {
      let numbers = hops(kept, Handed.topic, to: key)
      #expect(numbers.count > 50)
      #expect(numbers == Array(1...Int64(numbers.count)))
    }
    let numbers = hops(kept, Said.topic, to: Self.own)
    #expect(numbers == Array(1...Int64(numbers.count)))
    #expect(hops(kept, Said.topic, to: "0").isEmpty)
  }

  @Test func aRestartGoesOnFromTheStoredNumber() throws {
    try bench.tell(Self.own, .step(to: "2", []), .say("x"))
    try bench.commit()
    try bench.tell(Self.own, .step(to: "2", []), .step(to: "0", []))
    try bench.restart()
    try bench.tell(Self.own, .step(to: "2", []), .step(to: "0", []), .say("y"))
    let outputs = try bench.commit().outputs
    #expect(outputs.map { "\($0.key) \($0.envelope.hop?.number ?? 0)" } == ["2 2", "0 1", "1 2"])
  }

  /// Internal messages carry the number in their text, notices in a header.
  @Test func aReaderKeepsTheLastNumberOfEachWriter() throws {
    let reader = try Bench([AnyStage(Script()), AnyStage(Echo())], place: Self.place(0))
    let other = try Bench(place: Self.place(2))
    try bench.tell(Self.own, .step(to: "0", [.say("one")]), .step(to: "3", []), .step(to: "2", []))
    try other.tell("2", .step(to: "0", [.say("two")]))
    try reader.tell("0", .say("three"))
    let records = try [bench, other, reader].flatMap { writer in
      let outbox = try writer.task.takeBatch().outbox
      return (0..<outbox.count).map { outbox[$0] }.filter { $0.partition == 0 }.map(copy)
    }
    for record in records { reader.take(record) }
    let batch = try reader.commit()
    #expect(batch.outputs.map(text) == ["three", "one", "two", "echo of three"])
    #expect(batch.deadLetters.isEmpty)
    let received: [String: [Int64]] = [Handed.topic.name: [0, 2, 1], Said.topic.name: [1]]
    #expect(try progress(reader).received == received)
    try reader.restart()
    try reader.tell("0")
    try reader.commit()
    #expect(try progress(reader).received == received)
  }

  /// An abort also drops the numbers of read messages.
  @Test func whatIsNotCommittedIsNotKept() throws {
    let handed = Handed(key: Self.own, at: Instant(milliseconds: 1), acts: [])
    let envelope = Envelope(id: "1", source: "/test", type: Handed.type, hop: Hop(partition: 0, number: 1))
    bench.take(record(envelope, handed.jsonBytes(), topic: Handed.topic, key: Self.own))
    bench.task.abort()
    try bench.tell(Self.own, .say("x"))
    try bench.commit()
    #expect(try progress(bench).received.isEmpty)
  }

  // MARK: Gaps and repeats

  /// Another task's message, as its reader gets it.
  private func handed(
    _ number: Int64, from partition: Int32 = 0, _ acts: [Act]? = nil, type: String = Handed.type, topic: Topic = Handed.topic,
    repairing: Topic? = nil
  ) -> InputRecord {
    let handed = Handed(key: Self.own, at: Instant(milliseconds: 1), acts: acts ?? [.say("\(number)")])
    let envelope = Envelope(
      id: "\(partition)/\(number)", source: "/test", type: type, hop: Hop(partition: partition, number: number))
    let record = record(envelope, handed.jsonBytes(), topic: topic, key: Self.own)
    guard let repairing else { return record }
    return InputRecord(
      topic: topic, key: record.key, value: record.value,
      headers: record.headers + [(RepairMark.header, Array(repairing.name.utf8))])
  }

  private func lost(_ number: Int64) -> InputRecord {
    InputRecord(
      topic: .repartitioned(.attribution), key: nil, value: nil,
      headers: [("ce_hop", Array("0/\(number)".utf8)), (RepairMark.header, Array(Handed.topic.name.utf8))])
  }

  private func said() throws -> [String] { try bench.commit().outputs.filter { $0.topic == Said.topic }.map(text) }

  @Test func aRepeatIsDroppedAndCounted() throws {
    for number: Int64 in [1, 2, 2, 1, 3] { bench.take(handed(number)) }
    #expect(try said() == ["1", "2", "3"])
    #expect(bench.task.counts.repeated == 2)
    try bench.restart()
    bench.take(handed(3))
    #expect(try said().isEmpty)
  }

  @Test func aGapIsSeenAndNothingIsRunAfterIt() throws {
    bench.take(handed(1))
    bench.take(handed(1, from: 2))
    let early = bench.task.admit(handed(4))
    #expect(bench.task.gap(before: early) == Gap(topic: Handed.topic.name, source: 0, missing: 2...3))
    bench.task.run(early)
    #expect(try said() == ["1", "1"])
    // Each writer has its own numbers.
    #expect(bench.task.gap(before: bench.task.admit(handed(2, from: 2))) == nil)
    #expect(bench.task.gap(before: bench.task.admit(handed(2, from: 1)))?.missing == 1...1)
  }

  @Test func theFirstMessageOfAllMayBeMissingToo() throws {
    #expect(bench.task.gap(before: bench.task.admit(handed(2)))?.missing == 1...1)
    bench.task.trimmed = [Handed.topic.name]
    #expect(bench.task.gap(before: bench.task.admit(handed(2))) == nil)
    bench.take(handed(2))
    #expect(bench.task.gap(before: bench.task.admit(handed(4)))?.missing == 3...3)
  }

  /// Messages that are for another service, unreadable or rejected count as sent too.
  @Test func everyMessageCounts() throws {
    bench.take(handed(1, type: PaymentSettled.type))
    bench.take(handed(2, [.say("x"), .reject]))
    var broken = handed(3).value ?? []
    broken.replace(Array("\"acts\"".utf8), with: Array("\"axis\"".utf8))
    bench.take(InputRecord(topic: Handed.topic, key: nil, value: broken, headers: handed(3).headers))
    bench.take(handed(4))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["4"])
    #expect(batch.deadLetters.count == 2)
  }

  @Test func aRepairedMessageFillsItsGapOnce() throws {
    let own = Topic.repartitioned(.attribution)
    bench.take(handed(1))
    let waiting = bench.task.admit(handed(4))
    // One too early, one repeated, and one that is lost for good.
    for record in [handed(3, topic: own, repairing: Handed.topic), handed(2, topic: own, repairing: Handed.topic)] {
      bench.take(record)
    }
    bench.take(handed(2, topic: own, repairing: Handed.topic))
    #expect(bench.task.gap(before: waiting)?.missing == 3...3)
    bench.take(lost(3))
    #expect(bench.task.gap(before: waiting) == nil)
    bench.task.run(waiting)
    #expect(try said() == ["1", "2", "4"])
  }

  /// A dead letter that an operator replays keeps its old number.
  @Test func aReplayIsNotARepeat() throws {
    bench.take(handed(1))
    bench.take(handed(1, topic: .repartitioned(.attribution)))
    #expect(try said() == ["1", "1"])
  }

  /// A header may claim any partition, and the row must not grow with it.
  @Test func aHopFromNowhereIsNotKept() throws {
    for partition in [10_000, Int32.max] {
      let handed = Handed(key: Self.own, at: Instant(milliseconds: 1), acts: [.say("x")])
      let envelope = Envelope(id: "\(partition)", source: "/test", type: Handed.type, hop: Hop(partition: partition, number: 7))
      bench.take(record(envelope, handed.jsonBytes(), topic: Handed.topic, key: Self.own))
    }
    #expect(try bench.commit().outputs.map(text) == ["x", "x"])
    #expect(try progress(bench).received.isEmpty)
  }

  // MARK: Messages handed over

  private func reader() throws -> Bench { try Bench([AnyStage(Script()), AnyStage(Echo())], place: Self.place(0)) }

  /// Hands over what the reader takes of the writer's open batch, and returns how many messages that are.
  private func handOver(to reader: Bench) -> Int {
    var count = 0
    while let message = bench.task.nextInternalMessage() {
      guard message.partition == 0, let event = reader.task.admit(handedOver: message) else { continue }
      reader.task.run(event)
      message.handedOver()
      count += 1
    }
    return count
  }

  /// The writer's open messages that a partition of their topic will hold.
  private func written(to partition: Int32 = 0) throws -> [InputRecord] {
    var records: [InputRecord] = []
    try bench.task.takeBatch().outbox.forEachToWrite {
      if $0.topic == Handed.topic, $0.partition == partition { records.append(copy($0)) }
    }
    return records
  }

  @Test func aMessageHandedOverIsNotWrittenAndHasNoEffectIfItsTopicHoldsIt() throws {
    let reader = try reader()
    try bench.tell(Self.own, .step(to: "0", [.say("one")]), .step(to: "2", []), .step(to: "3", [.say("two")]))
    // As an earlier release wrote them.
    let records = try written()
    #expect(records.count == 2)
    #expect(handOver(to: reader) == 2)
    #expect(handOver(to: reader) == 0)
    #expect(try written().isEmpty && written(to: 2).count == 1)
    try bench.commit()
    #expect(try reader.commit().outputs.filter { $0.topic == Said.topic }.map(text) == ["one", "two"])
    try reader.restart()
    for record in records {
      let event = reader.task.admit(record)
      #expect(reader.task.gap(before: event) == nil)
      reader.task.run(event)
    }
    #expect(reader.task.counts.repeated == 2)
    #expect(try reader.commit().outputs.isEmpty)
    // The numbers go on after both ways.
    try bench.tell(Self.own, .step(to: "0", [.say("three")]))
    #expect(handOver(to: reader) == 1)
    #expect(try progress(reader).received == [Handed.topic.name: [0, 2]])
    try reader.commit()
    #expect(try progress(reader).received == [Handed.topic.name: [0, 3]])
  }

  @Test func earlierMessagesOnTheTopicGoFirst() throws {
    let reader = try reader()
    try bench.tell(Self.own, .step(to: "0", [.say("one")]))
    let first = try #require(written().first)
    try bench.commit()
    try bench.tell(Self.own, .step(to: "0", [.say("two")]))
    let second = try #require(written().first)
    #expect(handOver(to: reader) == 0)
    try bench.commit()
    for record in [first, second] { reader.take(record) }
    try bench.tell(Self.own, .step(to: "0", [.say("three")]))
    #expect(handOver(to: reader) == 1)
    #expect(try reader.commit().outputs.filter { $0.topic == Said.topic }.map(text) == ["one", "two", "three"])
  }

  @Test func anAbortTakesHandedMessagesBack() throws {
    let reader = try reader()
    for _ in 1...2 {
      bench.task.abort()
      reader.task.abort()
      try bench.tell(Self.own, .step(to: "0", [.say("one")]))
      #expect(handOver(to: reader) == 1)
    }
    #expect(try reader.commit().outputs.filter { $0.topic == Said.topic }.map(text) == ["one"])
    #expect(try progress(reader).received == [Handed.topic.name: [0, 1]])
  }

  /// Its topic shows it again, and there it becomes a dead letter with its place.
  @Test func aMessageThatCannotBeReadIsNotHandedOver() throws {
    let reader = try Bench([AnyStage(Echo())], place: Self.place(0))
    try bench.tell(Self.own, .step(to: "0", []))
    #expect(handOver(to: reader) == 0)
  }
}
