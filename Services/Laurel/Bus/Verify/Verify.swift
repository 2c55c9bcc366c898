import CommandKit
import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming
import Worker

/// `laurel verify`: checks whether changelogs, state folders, notices and positions agree.
package enum Verify {
  package static let command = Command(
    "verify", summary: "Check that changelogs, state folders, notices and positions agree",
    discussion: """
      Rebuilds every service's state from its changelog in a temporary folder, and prints a hash of it (the same for the same \
      state, in any process). Then it checks that the state agrees with itself, such as balances with the rewards, spends and \
      withdrawals behind them; that notices are numbered 1, 2, 3 … with unique ids, and the last of them agree with the state; \
      that the group's offsets are the state's positions; that every message from one service to another has arrived; and that \
      each state folder is the same, row for row, after the records that it has not followed yet.

      Services can keep running: the command only reads, and joins no group. It compares a partition while nothing moves there. If \
      a partition never rests, it is reported as moving. Exit 0: all agree; 1: something differs (a line for each) or could not be \
      read; 3: nothing differs, but something was moving.
      """,
    example: """
      laurel verify --bootstrap localhost:9092
      laurel verify --bootstrap localhost:9092 --service accrual --state /var/lib/laurel
      """,
    options: Settings.connection + [
      Option(
        "state", placeholder: "DIR", help: "A folder that an instance has as --state; once for each if there are several",
        repeatable: true),
      Option(
        "service", placeholder: "NAME", kind: .choice(ServiceName.allCases.map(\.rawValue)), help: "Only this service",
        repeatable: true),
      Option(
        "group", placeholder: "NAME",
        help: "The service's consumer group, with one --service (default the topic prefix and laurel.SERVICE)"),
      Option(
        "patience", placeholder: "SECONDS", kind: .integer(3...3600), help: "How long to wait for a quiet moment",
        defaultValue: "10"),
      Option("json", help: "One JSON object instead of a table"),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let bus = Bus(invocation)
    let named = invocation.list("service").compactMap(ServiceName.init(rawValue:))
    let services = ServiceName.allCases.filter { named.isEmpty || named.contains($0) }
    var groups: [ServiceName: String] = [:]
    if let group = invocation.optionalText("group") {
      guard services.count == 1 else {
        throw invocation.misuse("--group goes with one --service: each service has a group of its own")
      }
      groups[services[0]] = group
    }
    let report = try check(
      bus: bus, states: invocation.list("state"), services: services, groups: groups,
      patience: .seconds(invocation.integer("patience")), onProgress: { notify("laurel: \($0)") })
    try ResultOutput().print(invocation.flag("json") ? [JSONLine.encode(report)] : report.lines)
    return report.exitCode
  }

  /// Checks the messages between services that were sent before the call and have not arrived.
  /// - Returns: the messages that are lost, because their reader has passed their place in the topic, or that nobody reads, because their
  ///   reader has not moved within `patience`. And the readers that move, but have not come to them within `patience`.
  private static func messagesUnderWay(
    _ bench: BusRebuild, patience: Duration
  ) throws -> (differences: [String], moving: Set<ServicePartition>) {
    let deadline = ContinuousClock.now + patience
    let sent = try bench.progress()
    var ends: [TopicPartition: Int64] = [:]
    var received = sent
    while true {
      let unreceived = MessageFlow(sent: sent, received: received).unreceived
      let late = try unreceived.filter { message in
        let place = TopicPartition(topic: bench.bus.prefix + message.gap.topic, partition: message.reader.number)
        let end = try ends[place] ?? bench.end(of: place)
        ends[place] = end
        return received.position(of: message) < end
      }
      if late.isEmpty || ContinuousClock.now >= deadline {
        let moving = Set(late.filter { received.position(of: $0) > sent.position(of: $0) })
        let differences = unreceived.filter { !moving.contains($0) }.map {
          "\($0.reader): \($0.gap), sent and not received; see 'laurel repair --dry-run'"
        }
        return (differences, Set(moving.map(\.reader)))
      }
      guard !Shutdown.wait(upTo: .milliseconds(100)) else { throw CommandFailure("interrupted") }
      try bench.readToEnds()
      received = try bench.progress()
    }
  }

  /// - Parameters:
  ///   - states: state folders of instances, with the structure `<folder>/<prefix><service>/<partition>`.
  ///   - groups: consumer groups with another name than the topic prefix and `laurel.<service>`.
  ///   - patience: how long to wait for a moment in which a partition does not move.
  ///   - onProgress: called about every two seconds with how much has been read.
  /// - Throws: if the bus or a folder cannot be read, or has another release's state (`StateForm`).
  package static func check(
    bus: Bus, states: [String] = [], services: [ServiceName] = ServiceName.allCases, groups: [ServiceName: String] = [:],
    patience: Duration = .seconds(10), onProgress: @escaping (String) -> Void = { _ in }
  ) throws -> VerifyReport {
    let started = ContinuousClock.now
    let bench = try BusRebuild(bus, services: services, onProgress: onProgress)
    defer { bench.close() }
    var positions = try PositionCheck(bench, groups: groups)
    var differences: [String] = []
    var moving: [ServicePartition] = []
    try bench.readToEnds()
    // This rejects the state of another release, which would otherwise give a difference for every row.
    _ = try bench.progress()
    for partition in bench.partitions {
      if let lines = try positions.settle(partition, patience: patience) {
        differences += lines
      } else {
        moving.append(partition.place)
      }
    }
    let underWay = try messagesUnderWay(bench, patience: patience)
    differences += underWay.differences
    moving = Set(moving).union(underWay.moving).sorted { $0.description < $1.description }
    var folders = try StateFolders(bench)
    for state in states { try folders.compare(state, services: services) }
    // Numbers and ids of notices can be checked even if the partition moves.
    differences += bench.partitions.flatMap { $0.notices.findings.lines($0.place.description) } + folders.differences
    return VerifyReport(
      services: services.map { bench.report($0) }, folders: folders.reported, differences: differences,
      moving: moving.map(\.description),
      notes: bench.notes + positions.notes + folders.notes, seconds: (ContinuousClock.now - started) / .seconds(1))
  }
}

extension [ServicePartition: Progress] {
  /// How far the message's reader has come in the message's topic.
  fileprivate func position(of message: MessageFlow.Unreceived) -> Int64 {
    self[message.reader]?.positions[message.gap.topic] ?? 0
  }
}
