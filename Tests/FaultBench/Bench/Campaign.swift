import BusCommands
import Contracts
import Deployment
import Foundation
import Kafka
import Terms
import TestSupport

/// Publishes a history at full speed into real Kafka, injects the same fault in every round, and collects the result.
package final class Campaign {
  package let installation: Installation
  package let course: Course
  package let programs: Programs
  /// For the fault's own choices. The history has its own generator.
  package var random: SplitMix64
  private let publisher: BenchPublisher
  private let watch: BusWatch
  private(set) var recoveries: [Duration] = []
  /// Longer than any fault plus its recovery.
  private static let recoverySeconds = 180
  /// After this time without progress, check for a stopped partition.
  private static let stallSeconds = 20
  private var mayHideRecords = false
  /// How many messages `laurel repair` has written again.
  package private(set) var repairs = 0

  /// - Parameter installation: its topics exist. Its services are started, or start by themselves later.
  package init(_ installation: Installation, course: Course, programs: Programs, seed: UInt64) throws {
    self.installation = installation
    self.course = course
    self.programs = programs
    random = SplitMix64(seed: seed &+ 0x5EED)
    publisher = try BenchPublisher(installation)
    watch = try BusWatch(installation.bus, services: Deployment.services(programs), stallSeconds: Self.stallSeconds)
  }

  /// Publishes the whole history with the fault in every round. The audit reads the output later.
  package func run(_ fault: any Fault) throws {
    trace("begin")
    mayHideRecords = fault.mayHideRecords
    // First of all, so that the system's clock fires no timer.
    try tick(course.prologue.first?.tick ?? BenchHistory.start)
    for part in course.prologue {
      trace("part")
      try tick(part.tick)
      trace("ticked")
      try publish(part.events.map(BenchRecord.init))
      try waitUntilQuiet()
      try answer(part, under: fault)
    }
    trace("prologue over")
    for (cycle, part) in course.rounds.enumerated() {
      try installation.waitReady()
      // Every third fault happens while the clock moves, when timers fire and a monthly run takes place.
      if cycle % 3 == 2 {
        try send { try publisher.tick(part.tick) }
        try strike(fault, cycle)
        try waitUntilQuiet()
        try publish(fault.disturbed(part.events, cycle: cycle, self))
      } else {
        try tick(part.tick)
        let events = try fault.disturbed(part.events, cycle: cycle, self)
        let half = events.count / 2
        let first = try publish(events[..<half])
        try workOff(first.prefix(1 + random.upTo(max(first.count - 1, 0))))
        rest = Array(events[half...])
        try strike(fault, cycle)
      }
      try waitUntilQuiet()
      try answer(part, under: fault)
    }
    trace("rounds over")
    try tick(course.end)
    trace("end")
    try installation.waitReady()
    try watch.readNotices()
    try installation.stopAll()
    trace("stopped")
  }

  /// Injects the fault, publishes the rest, and measures the time until the affected services work again on every partition.
  private func strike(_ fault: any Fault, _ cycle: Int) throws {
    trace("cycle \(cycle): the blow")
    let blow = try fault.fall(on: self, cycle: cycle)
    trace(blow.what)
    let marks = try send {
      for record in rest { try publisher.send(record) }
      // Gives every partition something to process.
      try publisher.repeatTick()
    }
    rest = []
    try waitProcessed(marks, by: blow.services, after: blow.what)
    recoveries.append(ContinuousClock.now - blow.since)
    trace("works again")
    try fault.lift(from: self, cycle: cycle)
  }

  /// Ends everything that was open when the services worked again, even on a bus that shows half of a transaction early: afterwards each
  /// service has completed another transaction.
  package func settle() throws {
    try waitProcessed(send { try publisher.repeatTick() }, by: ServiceName.allCases, after: "it worked again")
  }

  private func waitProcessed(_ marks: [BenchPublisher.Mark], by services: [ServiceName], after what: String) throws {
    let end = ContinuousClock.now + .seconds(Self.recoverySeconds)
    var struck = services
    var nextLook = ContinuousClock.now + .seconds(2)
    while true {
      struck.removeAll { service in
        (0..<installation.partitions).allSatisfy { partition in
          guard let first = marks.first(where: { $0.partition == partition && reads(service, $0.topic) }) else { return true }
          return watch.hasProcessed(service, first.topic, partition: partition, offset: first.offset)
        }
      }
      if struck.isEmpty { break }
      try watch.read(for: .milliseconds(10)) { false }
      if let ended = installation.services.values.first(where: { !$0.isRunning }) {
        throw BrokerFailure("\(ended.name) ended by itself after \(what)")
      }
      if nextLook < .now {
        try repairWhatIsReported()
        nextLook = .now + .seconds(2)
      }
      guard ContinuousClock.now < end else {
        throw BrokerFailure("\(struck.map(\.rawValue)) did not work again within \(Self.recoverySeconds) s after \(what)")
      }
    }
  }

  /// Waits until everything is processed. Runs the repair for reported problems that delay it.
  private func waitUntilQuiet() throws {
    let end = ContinuousClock.now + .seconds(Self.recoverySeconds)
    while true {
      do { return try watch.waitUntilQuiet() } catch let stalled as BusWatch.Stalled {
        trace("\(stalled)")
        try repairWhatIsReported()
        guard ContinuousClock.now < end else { throw stalled }
      }
    }
  }

  private func repairWhatIsReported() throws {
    guard mayHideRecords else { return }
    let stopped = installation.services.values.filter { $0.page("/readyz")?.body.contains("is stopped") ?? false }
    guard !stopped.isEmpty else { return }
    trace("stopped: \(stopped.map(\.name).sorted())")
    try repair()
  }

  /// Runs `laurel repair` until it skips nothing because of an open transaction. What it skips, it finds again.
  ///
  /// - Returns: how many messages were missing.
  @discardableResult
  package func repair() throws -> Int {
    var (missing, text) = (0, "")
    let isDone = try waitUntil(.seconds(60)) {
      let found = try installation.laurel("repair")
      text = found.text
      trace(text)
      missing = max(missing, Int(text.firstMatch(of: /(\d+) messages? missing/)?.output.1 ?? "") ?? 0)
      repairs += Int(text.firstMatch(of: /(\d+) repaired/)?.output.1 ?? "") ?? 0
      return found.status == 0
    }
    guard isDone else { throw BrokerFailure("laurel repair: \(text)") }
    return missing
  }

  /// For messages found missing at the end: restarts every instance under its name and processes the repaired messages.
  package func restartAndRepair() throws {
    try startAll()
    try installation.waitReady()
    try repair()
    try tick(course.end)
    try settle()
    try waitUntilQuiet()
    try installation.stopAll()
  }

  /// Waits for a limited time until all readers have processed these.
  private func workOff(_ marks: ArraySlice<BenchPublisher.Mark>) throws {
    try watch.read(for: .seconds(5)) {
      marks.allSatisfy { mark in
        ServiceName.allCases.allSatisfy { watch.hasProcessed($0, mark.topic, partition: mark.partition, offset: mark.offset) }
      }
    }
  }

  private func reads(_ service: ServiceName, _ topic: Topic) -> Bool {
    Deployment.services(Programs([])).contains { $0.name == service && ($0.inputs + [.clock]).contains(topic) }
  }

  /// With FAULTS_TRACE: logs the steps on standard error.
  package func trace(_ text: @autoclosure () -> String) { Self.trace(text()) }

  package static func trace(_ text: @autoclosure () -> String) {
    guard traces else { return }
    let seconds = (ContinuousClock.now - started).asSeconds
    FileHandle.standardError.write(Data("\(String(format: "%7.2f", seconds))  \(text())\n".utf8))
  }

  private static let traces = ProcessInfo.processInfo.environment["FAULTS_TRACE"] != nil
  private static let started = ContinuousClock.now

  /// Lets time pass while the services work: publishes the rest of the round bit by bit, then repeats the last tick.
  package func keepBusy(until limit: Duration, _ done: () -> Bool) throws {
    let end = ContinuousClock.now + limit
    let portion = max(1, rest.count / 20)
    while !done(), ContinuousClock.now < end {
      try send {
        for record in rest.prefix(portion) { try publisher.send(record) }
        rest.removeFirst(min(portion, rest.count))
        try publisher.repeatTick()
      }
      try watch.read(for: .milliseconds(100), until: done)
    }
  }

  /// Waits until everything on the bus is processed and no transaction is open.
  package func comeToRest() throws { try waitUntilQuiet() }

  /// Publishes the rest of the round at once, so that the fault happens while the services are busy with it.
  package func pour(upTo milliseconds: Int) throws {
    try send {
      for record in rest { try publisher.send(record) }
      try publisher.repeatTick()
    }
    rest = []
    try watch.read(for: .milliseconds(random.upTo(milliseconds))) { false }
  }

  /// The unpublished records of the round.
  private var rest: [BenchRecord] = []

  // MARK: Publishing

  private func tick(_ instant: Instant) throws {
    try send { try publisher.tick(instant) }
    try waitUntilQuiet()
  }

  private func answer(_ part: Course.Part, under fault: any Fault) throws {
    guard !part.answers.isEmpty else { return }
    try publish(fault.answers(part.answers, self))
    try waitUntilQuiet()
  }

  @discardableResult
  func publish(_ records: some Collection<BenchRecord>) throws -> [BenchPublisher.Mark] {
    try send { for record in records { try publisher.send(record) } }
  }

  /// Publishes, and waits for its processing before it considers the bus quiet.
  @discardableResult
  private func send(_ body: () throws -> Void) throws -> [BenchPublisher.Mark] {
    try body()
    let marks = try publisher.flush()
    for mark in marks { watch.expect(mark.topic, partition: mark.partition, offset: mark.offset) }
    return marks
  }
}

/// A record to publish.
package struct BenchRecord: Sendable {
  package var topic: Topic
  /// nil for the partition of its key.
  package var partition: Int32?
  package var key: String?
  package var value: [UInt8]?
  package var headers: [Header]

  package init(topic: Topic, partition: Int32? = nil, key: String?, value: [UInt8]?, headers: [Header]) {
    self.topic = topic
    self.partition = partition
    self.key = key
    self.value = value
    self.headers = headers
  }

  package init(_ event: BenchEvent) {
    self.init(topic: event.topic, key: event.key, value: event.data, headers: event.headers)
  }
}

/// Publishes records and keeps their places.
final class BenchPublisher {
  typealias Mark = (topic: Topic, partition: Int32, offset: Int64)

  private let installation: Installation
  private let producer: Producer
  private let topics = Topic.catalogue.filter { [.input, .clock].contains($0.kind) }
  private var lastTick = BenchHistory.start

  init(_ installation: Installation) throws {
    self.installation = installation
    producer = try Producer(installation.configuration, topics: topics.map(installation.name))
  }

  func send(_ record: BenchRecord) throws {
    // Tokens start at 1, because 0 requests no delivery report.
    try producer.produce(
      topic: installation.name(record.topic), partition: record.partition, key: record.key.map { Array($0.utf8) },
      value: record.value, headers: record.headers, token: 1 + (topics.firstIndex(of: record.topic) ?? -1))
  }

  /// Moves the virtual clock on every partition.
  func tick(_ instant: Instant) throws {
    lastTick = instant
    try repeatTick()
  }

  func repeatTick() throws {
    for partition in 0..<installation.partitions {
      let event = try BenchEvent(
        ClockMoved(at: lastTick, partition: Int(partition)), program: "bonus", id: "tick-\(lastTick)-\(partition)")
      var record = BenchRecord(event)
      record.partition = partition
      try send(record)
    }
  }

  /// The places of the records since the last flush.
  func flush() throws -> [Mark] {
    // Longer than a broker stays down.
    try producer.flush(timeoutMilliseconds: 180_000)
    return producer.takeDeliveries().map { (topics[$0.token - 1], $0.partition, $0.offset) }
  }
}
