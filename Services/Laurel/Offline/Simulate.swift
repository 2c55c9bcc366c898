import CommandKit
import Contracts
import Deployment
import ServiceKit
import Streaming
import Terms
import TermsFiles

/// `laurel simulate`: the services' stages without a bus.
package enum Simulate {
  package static let command = Command(
    "simulate", summary: "Run a file of events through the services without a bus",
    discussion: """
      Reads structured CloudEvents, one a line, and writes every notice that the services give, as structured CloudEvents, to standard \
      output: in a deterministic order and nothing else. The clock is the latest event time seen; at the end it is moved to --until.

      A line that is no event, and an event that a service refuses, is reported on standard error as FILE:LINE: reason: detail, and the \
      rest goes on. They do not make the command fail: exit 1 means that the terms or the file could not be read.
      """,
    example: """
      laurel simulate --terms ops/terms --events ops/demo/bonus.jsonl
      # what else happens by the end of March?
      laurel simulate --terms ops/terms --events ops/demo/cash.jsonl --until 2026-04-01
      """,
    options: [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", required: true),
      Option("events", placeholder: "FILE", help: "Events, one a line; - is standard input", required: true),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Where the clock goes at the end"),
    ])

  package static func run(_ invocation: Invocation) throws -> Int32 {
    let programs = try TermsFiles.load(directory: invocation.text("terms"))
    let file = try EventFile(path: invocation.text("events"))
    let output = ResultOutput()
    var troubles = FileTroubles(file: file.name)
    var line = 0
    var failure: (any Error)?
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      notice: { record in
        guard failure == nil else { return }
        do { try output.line(record.structuredText()) } catch { failure = error }
      },
      refused: { letter in
        // An event that was kept, and turned out to be refused only now, no longer knows its line.
        let place = letter.record.topic.kind == .input && letter.record.offset > 0 ? Int(letter.record.offset) : line
        troubles.deadLetter(place, letter.rejection)
      })
    while let entry = try file.next() {
      if case .event(let event) = entry { line = event.line }
      if let time = entry.time { try simulation.advance(to: time) }
      switch entry {
      case .event(let event):
        if event.topic.kind == .input { try simulation.take(event.record()) }
      case .unknownType:
        troubles.unknownType()
      case .refused(let line, _, let reason, let detail):
        troubles.refused(line.number, reason: reason, detail: detail)
      }
      if let failure { throw failure }
    }
    if let until = invocation.instant("until") { try simulation.advance(to: until) }
    if let failure { throw failure }
    try output.flush()
    if let summary = troubles.summary { tell(summary) }
    // The process ends now. Freeing a large state row by row would take a tenth of the whole run.
    _ = Unmanaged.passRetained(simulation)
    return 0
  }
}
