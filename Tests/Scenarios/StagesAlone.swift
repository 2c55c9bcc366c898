import Contracts
import Deployment
import Streaming
import Terms

/// Runs every stage in its own task, so that its output is known to be its own.
struct StagesAlone {
  private let tasks: [(name: String, reads: Set<Topic>, task: StageTask, store: MemoryStore)]
  private(set) var written: [String: Set<String>] = [:]
  /// The first internal message of each type, as on the bus.
  private(set) var internalMessages: [String: [UInt8]] = [:]

  /// The name of a stage: its service and its own name.
  static func name(_ service: Service, _ stage: AnyStage) -> String { "\(service.name) \(stage.name)" }

  init(_ programs: Programs) throws {
    // Two stages of one service would use the same message numbers, so each writes as another partition.
    var partition: Int32 = -1
    tasks = try Deployment.services(programs).flatMap { service in
      try service.stages.map { stage in
        partition += 1
        let (store, own) = (MemoryStore(), partition)
        let task = try StageTask(
          service: service.name, stages: [stage], programs: programs.ids, store: store,
          place: StageTask.Place(partition: own, partitionOf: { _ in own }))
        return (Self.name(service, stage), Set(stage.reads.map(\.topic)), task, store)
      }
    }
  }

  mutating func take(_ record: InputRecord) throws {
    let events = readers(of: record.topic).map { ($0, $0.admit(record)) }
    if let time = events.lazy.compactMap(\.1.time).first { try advance(to: time) }
    for (task, event) in events {
      task.run(event)
      try deliver()
    }
  }

  mutating func advance(to instant: Instant) throws {
    while let due = tasks.compactMap(\.task.nextDue).min(), due <= instant {
      for stage in tasks { stage.task.advance(to: due) }
      try deliver()
    }
    for stage in tasks { stage.task.advance(to: instant) }
  }

  /// The stages' stored rows so far, sorted by key.
  func rows() throws -> [(stage: String, row: Row)] {
    try tasks.flatMap { stage in
      _ = try stage.task.takeBatch()
      try stage.task.commit()
      return try stage.store.rows(prefix: [], after: nil, limit: .max).map { (stage.name, $0) }
    }
  }

  private func readers(of topic: Topic) -> [StageTask] { tasks.filter { $0.reads.contains(topic) }.map(\.task) }

  private mutating func deliver() throws {
    var queue: [OutputRecord] = []
    while true {
      for stage in tasks {
        if let failure = stage.task.failure { throw failure }
        guard let outbox = stage.task.takeRecords()?.outbox else { continue }
        for index in 0..<outbox.count {
          let type = try outbox[index].event().envelope.type
          written[stage.name, default: []].insert(type)
          if outbox[index].topic.kind == .internal, internalMessages[type] == nil {
            internalMessages[type] = outbox[index].valueBytes.map { [UInt8]($0) }
          }
          queue.append(outbox[index])
        }
      }
      guard !queue.isEmpty else { return }
      let output = queue.removeFirst()
      let record = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
      for reader in readers(of: output.topic) { reader.run(reader.admit(record)) }
    }
  }
}
