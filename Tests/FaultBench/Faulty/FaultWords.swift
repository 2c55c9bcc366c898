import Contracts
import Foundation
import Kafka
import Streaming
import Synchronization
import Worker

/// Parses the names of faults.
enum FaultWords {
  /// - Returns: nil if a name is unknown.
  static func hooks(_ text: String) -> FaultHooks? {
    var hooks = FaultHooks.none
    // The smallest batch already runs on all threads, so that what depends on their order would show.
    hooks.recordsForThreads = 1
    for word in text.split(separator: ",") {
      let parts = word.split(separator: ":").map(String.init)
      switch parts.first {
      case "none": break
      case "topics": hooks.handsMessagesOver = false
      case "crash", "stop":
        guard parts.count == 3, let point = Checkpoint(rawValue: parts[1]), let passing = Int(parts[2]) else { return nil }
        hooks.reached = signal(parts[0] == "crash" ? SIGKILL : SIGSTOP, at: point, passing: passing)
      case "hide":
        guard parts.count == 2, let every = Int(parts[1]) else { return nil }
        hooks.copies = hiding(every: every)
      case "bug":
        guard parts.count == 2, let bug = PlantedBug(rawValue: parts[1]) else { return nil }
        bug.plant(in: &hooks)
      default: return nil
      }
    }
    return hooks
  }

  /// Writes every Nth message in a separate, aborted transaction, while the state says that it was sent, as after a marker that Kafka
  /// skipped.
  private static func hiding(every: Int) -> @Sendable (OutputRecord) -> Int {
    let count = Atomic(0)
    func value(of option: String) -> String {
      CommandLine.arguments.firstIndex(of: option).map { CommandLine.arguments[$0 + 1] } ?? ""
    }
    let configuration = Kafka.Configuration(bootstrap: value(of: "--bootstrap"))
    let prefix = value(of: "--topic-prefix")
    return { record in
      guard record.topic.isOwn, count.add(1, ordering: .relaxed).newValue.isMultiple(of: every) else { return 1 }
      let copy = InputRecord(topic: record.topic, partition: record.partition, offset: 0, memory: record)
      let name = prefix + record.topic.name
      do {
        let producer = try TransactionalProducer(configuration, transactionalID: "\(prefix)hide-\(UUID())", topics: [name])
        try producer.initialise(timeoutMilliseconds: 10_000)
        try producer.begin()
        try producer.produce(
          topic: name, partition: record.partition, key: copy.key, value: copy.value,
          headers: copy.headers.map { Header(name: $0.name, value: $0.value) })
        try producer.flush(timeoutMilliseconds: 10_000)
        try producer.abort(timeoutMilliseconds: 10_000)
      } catch {
        return 1
      }
      FileHandle.standardError.write(Data("hidden: \(name)/\(record.partition)\n".utf8))
      return 0
    }
  }

  /// Sends the process a signal that cannot be caught, when it passes the point for the `passing`th time.
  private static func signal(_ number: Int32, at point: Checkpoint, passing: Int) -> @Sendable (Checkpoint) -> Void {
    let left = Atomic(passing)
    return { reached in
      guard reached == point, left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
      kill(getpid(), number)
    }
  }
}

/// Bugs that a worker could have, one for each property that the bench checks.
enum PlantedBug: String, CaseIterable {
  /// Every 20th notice is not written.
  case lostNotice
  /// Every 20th notice is written twice.
  case doubledNotice
  /// Every 20th notice with a balance has a wrong balance.
  case wrongBalance
  /// Every 20th change of the state is missing in the changelog.
  case lostChange
  /// Transactions do not check who owns the partition.
  case noFence
  /// A producer keeps its old epoch after a request was lost with its connection.
  case noGuard

  func plant(in hooks: inout FaultHooks) {
    let count = Atomic(0)
    /// True every 20th time.
    @Sendable func falls() -> Bool { count.add(1, ordering: .relaxed).newValue.isMultiple(of: 20) }
    switch self {
    case .noFence: hooks.fencesFormerOwners = false
    case .noGuard: hooks.endsEpochOnUnknownOutcome = false
    case .lostNotice: hooks.copies = { $0.topic.kind == .notices && falls() ? 0 : 1 }
    case .doubledNotice: hooks.copies = { $0.topic.kind == .notices && falls() ? 2 : 1 }
    case .wrongBalance: hooks.text = { $0.topic == .rewards && falls() ? $0.textWithAnotherBalance : nil }
    case .lostChange: hooks.keepsChange = { $0.first != UInt8(ascii: "s") || !falls() }
    }
  }
}

extension OutputRecord {
  /// Its text with one minor unit more pending; nil if it has no balance.
  fileprivate var textWithAnotherBalance: [UInt8]? {
    let text = String(decoding: valueBytes ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
    guard let place = text.range(of: #""pending":"#) else { return nil }
    return Array(text.replacingCharacters(in: place, with: #""pending":1"#).utf8)
  }
}
