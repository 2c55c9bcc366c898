import BusCommands
import Contracts
import Deployment
import Foundation
import Kafka
import Terms
import TermsFiles
import TestSupport

/// A campaign in which services follow the system's time. The time jumps past everything that is due between two rounds, month ends
/// included, and back, while instances are killed and instances' clocks differ.
///
/// Events after a timer's due instant must not be published before the timer fires, or the simulation could not be compared. So a round
/// is published only while the time is near its events. Before the time jumps, the bus is quiet and all due notices are out.
final class ClockCampaign {
  static let row = FaultRow(
    "clock", "the system's time jumps forwards and back and differs between instances; kill -9", smokeCycles: 2
  ) { plan in
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    // The services' time may be ahead of the broker's. By default a broker rejects records from more than an hour in its future.
    let broker = try KafkaBroker.start(home: home, settings: ["log.message.timestamp.after.max.ms": "\(Int64.max)"])
    defer { broker.stop() }
    return try ClockCampaign.result(of: plan, on: Installation(bootstrap: broker.bootstrap))
  }

  private let installation: Installation
  private let course: Course
  private let publisher: BenchPublisher
  private let watch: BusWatch
  private let clocks: FakeClocks
  private let said = Said()
  private var random: SplitMix64
  private(set) var recoveries: [Duration] = []
  private var cycles = 0
  /// The time on all clocks, apart from their differences.
  private var now: Instant
  private var staleClocks = 0

  /// Notices, as they are read.
  private final class Said {
    var count = 0
  }

  private static func result(of plan: FaultPlan, on installation: Installation) throws -> FaultResult {
    defer { installation.remove() }
    let programs = try TermsFiles.load(directory: Installation.terms.path)
    let course = try Course(seed: plan.seed, rounds: plan.cycles, size: plan.size, programs: programs)
    var result = FaultResult(cycles: 0, events: course.eventCount, notices: course.notices.count)
    let started = ContinuousClock.now
    try installation.createTopics()
    let campaign = try ClockCampaign(installation, course, programs, plan)
    do { try campaign.run() } catch {
      result.violations.append("the campaign ended early: \(error)")
      if ProcessInfo.processInfo.environment["FAULTS_TRACE"] != nil { installation.printLogs() }
    }
    result.cycles = campaign.cycles
    result.recoveries = campaign.recoveries
    result.seconds = (ContinuousClock.now - started).asSeconds
    result.violations += try FaultPlan.judge(installation, course) + campaign.whatDidNotHappen(plan.cycles)
    return result
  }

  private init(_ installation: Installation, _ course: Course, _ programs: Programs, _ plan: FaultPlan) throws {
    self.installation = installation
    self.course = course
    random = SplitMix64(seed: plan.seed &+ 0xC10C)
    clocks = try FakeClocks(in: installation.folder)
    publisher = try BenchPublisher(installation)
    let said = said
    watch = try BusWatch(installation.bus, services: Deployment.services(programs), stallSeconds: 120) { _, _ in said.count += 1 }
    now = course.prologue.first.map(Self.time) ?? BenchHistory.start
    installation.extra = ["--clock", "system"]
  }

  /// When a part is published: just before its events, so that no event is further in the future than a clock error allows.
  private static func time(of part: Course.Part) -> Instant {
    max(part.tick, (part.events.first?.envelope.time ?? part.tick) - .minutes(1))
  }

  private func run() throws {
    try setAll(now)
    for service in ServiceName.allCases { for number in 1...2 { try start(service, number) } }
    try installation.waitReady()
    for part in course.prologue {
      try setAll(Self.time(of: part))
      try waitUntilSaid(part.noticesAtTick)
      try publish(part.events)
      try publish(part.answers)
    }
    for (cycle, part) in course.rounds.enumerated() {
      try installation.waitReady()
      try jump(cycle, to: Self.time(of: part))
      try waitUntilSaid(part.noticesAtTick)
      try publishDisturbed(part, cycle)
      try publish(part.answers)
      cycles += 1
    }
    try setAll(course.end)
    try waitUntilSaid(course.notices.count)
    try installation.waitReady()
    try watch.readNotices()
    try installation.stopAll()
  }

  // MARK: The jumps

  /// Makes everything due up to this instant due now.
  private func jump(_ cycle: Int, to instant: Instant) throws {
    let (service, number) = Campaign.victim(cycle)
    Campaign.trace("cycle \(cycle): the jump to \(instant), and \(service)-\(number)")
    let halfway = now + .milliseconds((instant - now).milliseconds / 2)
    switch cycle % 5 {
    case 0:
      // The instance dies while timers fire.
      try setAll(instant)
      try watch.read(for: .milliseconds(random.upTo(300))) { false }
      try kill(service, number)
    case 1:
      // A month ends while the instance is down.
      let since = try end(service, number)
      try setAll(instant)
      try watch.read(for: .milliseconds(random.upTo(1500))) { false }
      try start(service, number)
      try waitUntilWorks(service, since)
    case 2:
      // Half of the jump, back by a day, then the rest.
      try setAll(halfway)
      try watch.read(for: .milliseconds(random.upTo(500))) { false }
      try setAll(halfway - .days(1))
      try kill(service, number)
      try setAll(instant)
    case 3:
      // The other instances follow later.
      try setAll(instant, only: 2)
      try kill(service, number)
      try setAll(instant)
    default:
      try returnWithStaleClock(service, number, to: instant)
    }
    now = instant
  }

  /// Stops an instance until the other one has taken over and written with the new time. Then restarts it with the time at which it
  /// stopped, so that its state seems young.
  private func returnWithStaleClock(_ service: ServiceName, _ number: Int, to instant: Instant) throws {
    let name = "\(service.rawValue)-\(number)"
    // Write its store once more with the time of its return, because a round may end while the clock is hours behind.
    try send { try publisher.repeatTick() }
    try watch.waitUntilQuiet()
    let since = try end(service, number)
    let stale = now
    try setAll(instant, but: name)
    try waitUntilWorks(service, since)
    try clocks.set(name, to: stale)
    let before = rebuilt(name, Self.staleReason)
    let process = try start(service, number)
    let isBack = waitUntil(.seconds(60)) {
      process.isReady && process.metric("laurel_assigned_partitions") == Double(installation.partitions / 2)
    }
    guard isBack else { throw BrokerFailure("\(name) did not become ready with its stale clock") }
    if rebuilt(name, Self.staleReason) > before { staleClocks += 1 }
    try clocks.set(name, to: instant)
  }

  private static let staleReason = "it has missed the changelog for more than"
  private static let tooOldReason = "is too old for the changelog"

  private func rebuilt(_ name: String, _ reason: String) -> Int {
    (installation.services[name]?.log ?? "").components(separatedBy: reason).count - 1
  }

  private func whatDidNotHappen(_ cycles: Int) -> [String] {
    var found: [String] = []
    let tooOld = installation.services.keys.reduce(0) { $0 + rebuilt($1, Self.tooOldReason) }
    if cycles > 1, tooOld == 0 { found.append("the fault did not happen: no store was too old after a jump") }
    if staleClocks < cycles / 5 {
      found.append("a store that had missed days was accepted as young; detected \(staleClocks) of \(cycles / 5) times")
    }
    if installation.services.values.contains(where: { $0.log.contains("virtual clock") }) {
      found.append("the fault did not happen: a service followed the bus's clock")
    }
    return found
  }

  // MARK: A round

  /// Publishes the round while the time moves back and forth, too little to put its events in the future, and an instance dies.
  private func publishDisturbed(_ part: Course.Part, _ cycle: Int) throws {
    let half = part.events.count / 2
    Campaign.trace("the round")
    try send { for event in part.events[..<half] { try publisher.send(BenchRecord(event)) } }
    try setAll(now - .hours(Int64(random.pick([1, 5, 20]))), only: random.pick([nil, 1, 2]))
    let (service, number) = Campaign.victim(cycle + 2)
    let since = try end(service, number)
    try send { for event in part.events[half...] { try publisher.send(BenchRecord(event)) } }
    try start(service, number)
    try waitUntilWorks(service, since)
    try setAll(now)
    try watch.waitUntilQuiet()
  }

  /// Kills the instance and restarts it at once.
  private func kill(_ service: ServiceName, _ number: Int) throws {
    let since = try end(service, number)
    try start(service, number)
    try waitUntilWorks(service, since)
  }

  private func end(_ service: ServiceName, _ number: Int) throws -> ContinuousClock.Instant {
    try installation.end(service, number, gracefully: false)
    return .now
  }

  @discardableResult
  private func start(_ service: ServiceName, _ number: Int) throws -> ServiceProcess {
    try installation.start(service, number, environment: clocks.environment(of: "\(service.rawValue)-\(number)"))
  }

  /// - Parameter number: set only the instances with this number. The clocks of those differ from the others by some minutes anyway.
  private func setAll(_ instant: Instant, only number: Int? = nil, but exception: String? = nil) throws {
    for service in ServiceName.allCases {
      for own in 1...2 where number == nil || own == number {
        let name = "\(service.rawValue)-\(own)"
        guard name != exception else { continue }
        try clocks.set(name, to: instant + .minutes(own == 1 ? 0 : Int64(random.upTo(20))))
      }
    }
  }

  // MARK: Waiting

  /// Waits until `count` notices are out.
  private func waitUntilSaid(_ count: Int) throws {
    Campaign.trace("waiting for \(count) notices: \(said.count) are said")
    try watch.read(for: .seconds(60)) { said.count >= count }
    guard said.count >= count else {
      throw BrokerFailure("a minute after they were due, \(said.count) of \(count) notices are out")
    }
    // A tick has no effect on these services, but they read it, so their earlier work is finished afterwards.
    try send { try publisher.repeatTick() }
    try watch.waitUntilQuiet()
  }

  private func waitUntilWorks(_ service: ServiceName, _ since: ContinuousClock.Instant) throws {
    let marks = try send { try publisher.repeatTick() }
    func works() -> Bool {
      marks.allSatisfy { watch.hasProcessed(service, $0.topic, partition: $0.partition, offset: $0.offset) }
    }
    try watch.read(for: .seconds(120), until: works)
    guard works() else { throw BrokerFailure("\(service) did not work again within two minutes") }
    recoveries.append(ContinuousClock.now - since)
    Campaign.trace("\(service) works again")
  }

  private func publish(_ events: [BenchEvent]) throws {
    try send { for event in events { try publisher.send(BenchRecord(event)) } }
    try watch.waitUntilQuiet()
  }

  @discardableResult
  private func send(_ body: () throws -> Void) throws -> [BenchPublisher.Mark] {
    try body()
    let marks = try publisher.flush()
    for mark in marks { watch.expect(mark.topic, partition: mark.partition, offset: mark.offset) }
    return marks
  }
}
