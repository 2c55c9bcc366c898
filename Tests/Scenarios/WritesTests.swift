import Contracts
import Deployment
import Foundation
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import TestSupport
import Testing

/// Each stage writes the types that it declares and no other, over the worked examples and the cases of the programs' rows.
@Suite struct WritesTests {
  @Test func `A stage writes what it declares, and all of that`() throws {
    let terms = try TermsFiles.load(directory: Examples.terms.path)
    var written: [String: Set<String>] = [:]
    for name in Examples.names {
      var stages = try StagesAlone(terms)
      for line in try Examples.events(name) { try stages.take(InputRecord(line: line, number: 0)) }
      if let until = try Examples.until(name) { try stages.advance(to: until) }
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
        #expect(Set(declared).count == declared.count, "\(StagesAlone.name(service, stage)) declares a type twice")
        let found = written[StagesAlone.name(service, stage)] ?? []
        #expect(found.subtracting(declared).isEmpty, "\(StagesAlone.name(service, stage)) writes a type that it does not declare")
        #expect(
          Set(declared).subtracting(found).isEmpty, "\(StagesAlone.name(service, stage)) declares a type that no example shows")
        for type in stage.writes {
          #expect(type.topic.writtenBy == service.name.rawValue, "\(type.type) is on a topic of \(type.topic.writtenBy)")
        }
      }
    }
  }
}
