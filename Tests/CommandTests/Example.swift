import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import Streaming
import TermsFiles
import TestSupport
import Testing

@testable import BusCommands

/// The worked examples of the contract and of the demo.
enum Example {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let terms = repository.appending(path: "ops/terms").path
  static let demo = repository.appending(path: "ops/demo").path
  static let examples = repository.appending(path: "Tests/Scenarios/Examples")

  static func exampleFiles() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: examples.path)
    return names.filter { $0.hasSuffix(".jsonl") && !$0.hasSuffix(".expected.jsonl") }.sorted().map {
      examples.appending(path: $0).path
    }
  }

  /// The notices of a simulation of the file, in order.
  static func simulated(_ path: String) throws -> [DemoNotice] {
    let programs = try TermsFiles.load(directory: terms)
    let parser = JSONParser()
    var notices: [DemoNotice] = []
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      notice: { record in
        guard let (envelope, data) = try? record.event(), let type = MessageRegistry.type(named: envelope.type),
          let message = try? decode(type, data, parser)
        else {
          Issue.record("unreadable: \(String(decoding: record.structuredText(), as: UTF8.self))")
          return
        }
        notices.append(
          DemoNotice(program: envelope.program?.value ?? "", envelope: envelope, topic: record.topic, message: message))
      }, rejected: { _ in })
    let file = try EventFile(path: path)
    while let entry = try file.next() {
      guard case .event(let event) = entry else { continue }
      try simulation.advance(to: event.time)
      try simulation.take(InputRecord(event.envelope, topic: event.topic, data: event.data, number: Int64(event.line)))
    }
    return notices
  }

  private static func decode<M: Message>(_ type: M.Type, _ data: [UInt8], _ parser: JSONParser) throws -> any Message {
    try parser.decode(type, from: data)
  }
}
