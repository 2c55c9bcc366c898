import Contracts
import Deployment
import Foundation
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import Testing

/// Each stage writes what it declares, and nothing else: over the worked examples and the cases of the programs' rows.
@Suite struct WritesTests {
  /// A stage by its service and name.
  private static func name(_ service: Service, _ stage: AnyStage) -> String { "\(service.name) \(stage.name)" }

  @Test func `A stage writes what it declares, and all of that`() throws {
    let terms = try TermsFiles.load(directory: Golden.terms.path)
    var written: [String: Set<String>] = [:]
    for name in Golden.names {
      var stages = try StagesAlone(terms)
      for line in try Golden.events(name) { try stages.take(InputRecord(line: line, number: 0)) }
      if let until = try Golden.until(name) { try stages.advance(to: until) }
      written.merge(stages.written) { $0.union($1) }
    }
    for scenario in try Scenario.all() {
      let program = try TermsFiles.parse(scenario.terms(as: scenario.program), file: "\(scenario.program).yaml")
      var stages = try StagesAlone(Programs([program]))
      for step in scenario.steps {
        if let event = step.event {
          try stages.take(InputRecord(line: event.line(program: scenario.program), number: 0))
        } else {
          try stages.advance(to: step.instant)
        }
      }
      written.merge(stages.written) { $0.union($1) }
    }
    for service in Deployment.services(terms) {
      for stage in service.stages {
        let declared = stage.writes.map { $0.type }
        #expect(Set(declared).count == declared.count, "\(Self.name(service, stage)) declares a type twice")
        let found = written[Self.name(service, stage)] ?? []
        #expect(found.subtracting(declared).isEmpty, "\(Self.name(service, stage)) writes what it does not declare")
        #expect(Set(declared).subtracting(found).isEmpty, "\(Self.name(service, stage)) declares what no example shows")
        for type in stage.writes {
          #expect(type.topic.writtenBy == service.name.rawValue, "\(type.type) is on a topic of \(type.topic.writtenBy)")
        }
      }
    }
  }

  /// Every stage in a task of its own, so that what it writes is known to be its own.
  private struct StagesAlone {
    private let tasks: [(name: String, reads: Set<Topic>, task: StageTask)]
    private(set) var written: [String: Set<String>] = [:]

    init(_ programs: Programs) throws {
      tasks = try Deployment.services(programs).flatMap { service in
        try service.stages.map { stage in
          let task = try StageTask(service: service.name, stages: [stage], programs: programs.ids, store: MemoryStore())
          return (WritesTests.name(service, stage), Set(stage.reads.map(\.topic)), task)
        }
      }
    }

    mutating func take(_ record: InputRecord) throws {
      let events = readers(of: record.topic).map { ($0.task, $0.task.admit(record)) }
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

    private func readers(of topic: Topic) -> [(name: String, reads: Set<Topic>, task: StageTask)] {
      tasks.filter { $0.reads.contains(topic) }
    }

    private mutating func deliver() throws {
      var queue: [OutputRecord] = []
      while true {
        for stage in tasks {
          if let failure = stage.task.failure { throw failure }
          let outbox = stage.task.takeRecords().outbox
          for index in 0..<outbox.count {
            written[stage.name, default: []].insert(try outbox[index].event().envelope.type)
            queue.append(outbox[index])
          }
        }
        guard !queue.isEmpty else { return }
        let output = queue.removeFirst()
        let record = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
        for reader in readers(of: output.topic) { reader.task.run(reader.task.admit(record)) }
      }
    }
  }
}
