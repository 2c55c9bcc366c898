import CommandKit
import Contracts
import Deployment
import ServiceKit
import Streaming
import Terms
import TermsFiles
import Words

/// `laurel simulate`: the services' stages without a bus.
package enum Simulate {
  package static let command = Command(
    "simulate", summary: "Run a file of events through the services without a bus",
    discussion: """
      Reads structured CloudEvents, one a line, and writes every notice that the services give, as structured CloudEvents, to standard \
      output: in a deterministic order and nothing else. The clock is the latest event time seen; at the end it is moved to --until.

      A line that is no event, and an event that a service rejects, is reported on standard error as FILE:LINE: reason: detail, and the \
      rest goes on. They do not make the command fail: exit 1 means that the terms or the file could not be read. What still waits at the \
      end for something that has not come is told there too.
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
    var stores: [(service: ServiceName, store: MemoryStore)] = []
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      store: { service in
        let store = MemoryStore()
        stores.append((service, store))
        return store
      },
      notice: { record in
        guard failure == nil else { return }
        do { try output.line(record.structuredText()) } catch { failure = error }
      },
      rejected: { letter in
        // An event that was kept, and turned out to be rejected only now, no longer knows its line.
        let place = letter.record.topic.kind == .input && letter.record.offset > 0 ? Int(letter.record.offset) : line
        troubles.deadLetter(place, letter.rejection)
      })
    while let entry = try file.next() {
      if case .event(let event) = entry { line = event.line }
      if let time = entry.time { try simulation.advance(to: time) }
      switch entry {
      case .event(let event):
        if event.topic.kind == .input { try simulation.take(event.record()) }
      case .unknownType(let line, let type, _):
        troubles.unknownType(line.number, type)
      case .rejected(let line, _, let reason, let detail):
        troubles.rejected(line.number, reason: reason, detail: detail)
      }
      if let failure { throw failure }
    }
    if let until = invocation.instant("until") { try simulation.advance(to: until) }
    if let failure { throw failure }
    try output.flush()
    if let summary = troubles.summary { notify(summary) }
    try simulation.commit()
    try notifyOfPending(stores)
    // The process ends now. Freeing a large state row by row would take a tenth of the whole run.
    _ = Unmanaged.passRetained(simulation)
    return 0
  }

  private static let pendingReportedMax = 20

  /// What has been told of nowhere because something that it needs has not come.
  private static func notifyOfPending(_ stores: [(service: ServiceName, store: MemoryStore)]) throws {
    var waits: [String] = []
    for (service, store) in stores {
      // The word stands in the key or the value of every row of that kind; to read all rows would take longer than the run.
      for row in try store.stageRows(naming: "wait") {
        guard let fact = try Deployment.describe(row, of: service), let text = BecauseText.waiting(fact) else { continue }
        waits.append("\(row.program): \(text)")
      }
    }
    for wait in waits.prefix(pendingReportedMax) { notify("laurel: at the end, in \(wait)") }
    if waits.count > pendingReportedMax { notify("laurel: … and \(waits.count - pendingReportedMax) more wait") }
  }
}
