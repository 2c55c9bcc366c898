import Contracts
import Deployment
import Foundation
import JSON
import Streaming
import TermsFiles
import TestSupport
import Testing

@testable import LaurelCommand

/// The examples of `make demo`.
@Suite struct DemoTests {
  /// The files give the figures that the demo promises, and no figure holds by itself.
  @Test func figuresOfTheExamples() throws {
    let notices = try simulated()
    for figure in DemoFigure.all {
      #expect(figure.holds(notices), "\(figure.program): \(figure.text)")
      #expect(!figure.holds([]), "\(figure.program): \(figure.text)")
    }
  }

  @Test func aNoticeTwiceIsSeen() throws {
    let notices = try simulated()
    let once = try #require(DemoFigure.all.last)
    #expect(!once.holds(notices + [try #require(notices.last)]))
    #expect(!once.holds(Array(notices.dropFirst())))
  }

  private func simulated() throws -> [DemoNotice] {
    let programs = try TermsFiles.load(directory: Example.terms)
    let parser = JSONParser()
    var notices: [DemoNotice] = []
    var refused = 0
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      notice: { record in
        guard let type = MessageRegistry.type(named: record.envelope.type),
          let message = try? Example.decode(type, record.data, parser)
        else { return }
        notices.append(
          DemoNotice(
            program: record.envelope.program?.value ?? "", envelope: record.envelope, topic: record.topic, message: message))
      }, refused: { _ in refused += 1 })
    for name in ["bonus", "cash", "tiers"] {
      let file = try EventFile(path: "\(Example.demo)/\(name).jsonl")
      while let entry = try file.next() {
        guard case .event(let event) = entry else {
          Issue.record("\(name): a line is no event")
          continue
        }
        try simulation.advance(to: event.time)
        try simulation.take(event.envelope, topic: event.topic, data: event.data, number: Int64(event.line))
      }
    }
    #expect(refused == 0)
    return notices
  }
}
