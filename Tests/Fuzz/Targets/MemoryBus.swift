import Contracts
import Deployment
import Streaming
import Terms

/// All services over stores in memory, fed with records as a broker would hand them over: `Simulation` takes envelopes that are
/// well-formed already.
final class MemoryBus {
  private let services: [Service]
  private let programs: Programs
  private let stores: [MemoryStore]
  private var tasks: [StageTask] = []
  private(set) var clock = Instant(milliseconds: 0)
  private(set) var outputs: [OutputRecord] = []
  private(set) var deadLetters: [DeadLetter] = []
  private(set) var timersFired = 0

  init(_ programs: Programs) throws {
    self.programs = programs
    services = Deployment.services(programs)
    stores = services.map { _ in MemoryStore() }
    try restart()
  }

  /// New tasks over the same stores: what they know is what the rows say.
  func restart() throws {
    timersFired += tasks.reduce(0) { $0 + $1.counts.timersFired }
    tasks = try zip(services, stores).map {
      try StageTask(service: $0.name, stages: $0.stages, programs: programs.ids, store: $1)
    }
    for task in tasks { task.advance(to: clock) }
  }

  func take(_ record: InputRecord) throws {
    var admitted: [(StageTask, AdmittedEvent)] = []
    for (task, service) in zip(tasks, services) where reads(service, record.topic) {
      if let event = task.admit(record, latest: nil) { admitted.append((task, event)) }
    }
    try deliver()
    if let time = admitted.first?.1.time { try moveClock(to: time) }
    for (task, event) in admitted {
      task.run(event)
      try deliver()
    }
    try settle()
  }

  func advance(by span: TimeSpan) throws { try moveClock(to: clock + span) }

  private func reads(_ service: Service, _ topic: Topic) -> Bool {
    topic == .rekeyed(service.name) || service.inputs.contains(topic)
  }

  private func moveClock(to instant: Instant) throws {
    while let due = tasks.compactMap(\.nextDue).min(), due <= instant {
      for task in tasks { task.advance(to: due) }
      try deliver()
    }
    clock = max(clock, instant)
    for task in tasks { task.advance(to: clock) }
    try settle()
  }

  private func deliver() throws {
    var queue: [OutputRecord] = []
    var next = 0
    while true {
      for task in tasks {
        if let failure = task.failure { throw Broken("a task has failed: \(failure)") }
        let records = task.takeRecords()
        deadLetters += records.deadLetters
        outputs += records.outputs
        queue += records.outputs
      }
      guard next < queue.count else { return }
      let output = queue[next]
      next += 1
      try hold(next < 10_000, "outputs without end")
      let record = InputRecord(
        topic: output.topic, partition: 0, offset: 0, key: Array(output.key.utf8), value: output.data,
        headers: output.envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
      for (task, service) in zip(tasks, services) where service.inputs.contains(output.topic) {
        if let event = task.admit(record, latest: nil) { task.run(event) }
      }
    }
  }

  private func settle() throws {
    for task in tasks { try task.commit(try task.takeBatch()) }
  }
}
