import CommandKit
import Contracts
import Deployment
import Dispatch
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

      A line that is not an event, and an event that a service rejects, are reported on standard error as FILE:LINE: reason: detail, and \
      the rest continues. They do not make the command fail: exit 1 means that the terms or the file could not be read. What is still \
      pending at the end is reported there too.
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
    let runs = try programs.all.indices.map { try ProgramRun(number: $0, of: programs) }
    let length = output.flushesEachLine ? 1 : partLength
    var isOver = false
    while !isOver {
      let part = try file.next(length)
      isOver = part.count < length
      let until = isOver ? invocation.instant("until") : nil
      DispatchQueue.concurrentPerform(iterations: runs.count) { runs[$0].take(part, until: until) }
      for run in runs { if let failure = run.failure { throw failure } }
      var outcomes = runs.flatMap(\.outcomes).sorted { $0.precedes($1) }[...]
      for place in 0...part.count {
        while let outcome = outcomes.first, outcome.place == place {
          outcomes.removeFirst()
          switch outcome.what {
          case .notice(let text): try output.line(text)
          case .rejected(let line, let rejection): troubles.deadLetter(line, rejection)
          }
        }
        guard place < part.count else { break }
        switch part[place] {
        case .event: break
        case .unknownType(let line, let type, _): troubles.unknownType(line.number, type)
        case .rejected(let line, _, let reason, let detail): troubles.rejected(line.number, reason: reason, detail: detail)
        }
      }
    }
    try output.flush()
    if let summary = troubles.summary { notify(summary) }
    notifyOfPending(try runs.flatMap { try $0.waits() })
    // The process ends now. Freeing a large state row by row would take a tenth of the whole run.
    for run in runs { _ = Unmanaged.passRetained(run) }
    return 0
  }

  /// Lines that are taken before what came of them is told.
  private static let partLength = 1000

  private static let pendingReportedMax = 20

  /// What has been told of nowhere because something that it needs has not come.
  private static func notifyOfPending(_ waits: [String]) {
    for wait in waits.prefix(pendingReportedMax) { notify("laurel: at the end, in \(wait)") }
    if waits.count > pendingReportedMax { notify("laurel: … and \(waits.count - pendingReportedMax) more wait") }
  }
}

/// One program's events through the services. What happens in a program is no matter of another, so that each runs on a thread of its
/// own, and their outcomes are put into one order afterwards.
///
/// `@unchecked Sendable`: one thread has it at a time.
private final class ProgramRun: @unchecked Sendable {
  /// What came of a line, or was due before it.
  struct Outcome {
    enum What {
      case notice([UInt8])
      case rejected(line: Int, Rejection)
    }

    let what: What
    /// Of the line in its part; behind the last one for what is due at the end.
    let place: Int
    /// The line's own, which comes after what was due.
    let isOwn: Bool
    let at: Instant
    /// Of the run among all, and in the run.
    let run: Int, number: Int

    func precedes(_ other: Outcome) -> Bool {
      (place, isOwn ? 1 : 0, at, run, number) < (other.place, other.isOwn ? 1 : 0, other.at, other.run, other.number)
    }
  }

  private let number: Int
  private let programs: Programs
  private var simulation: Simulation!
  private var stores: [(service: ServiceName, store: MemoryStore)] = []
  private var line = 0
  private var place = 0
  private var isOwn = false
  /// Of the last part.
  private(set) var outcomes: [Outcome] = []
  private(set) var failure: (any Error)?

  init(number: Int, of programs: Programs) throws {
    self.number = number
    self.programs = programs
    simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      store: { service in
        let store = MemoryStore()
        stores.append((service, store))
        return store
      },
      notice: { [unowned self] record in add(.notice(record.structuredText())) },
      rejected: { [unowned self] letter in
        // An event that was kept, and turned out to be rejected only now, no longer knows its line.
        let isKnown = letter.record.topic.kind == .input && letter.record.offset > 0
        add(.rejected(line: isKnown ? Int(letter.record.offset) : line, letter.rejection))
      })
  }

  private func add(_ what: Outcome.What) {
    outcomes.append(
      Outcome(what: what, place: place, isOwn: isOwn, at: simulation.clock, run: number, number: outcomes.count))
  }

  /// - Parameter until: where the clock goes afterwards.
  func take(_ part: [FileEntry], until: Instant?) {
    outcomes.removeAll(keepingCapacity: true)
    do {
      for (place, entry) in part.enumerated() {
        self.place = place
        if case .event(let event) = entry { line = event.line }
        if let time = entry.time { try simulation.advance(to: time) }
        if case .event(let event) = entry, event.topic.kind == .input, isMine(event) {
          isOwn = true
          try simulation.take(event.record())
          isOwn = false
        }
      }
      place = part.count
      if let until { try simulation.advance(to: until) }
    } catch {
      failure = error
    }
  }

  /// Of this program; what names none that there is goes to the first, which rejects it.
  private func isMine(_ event: FileEvent) -> Bool {
    let program = programs.all.firstIndex { $0.id == event.envelope.program }
    return (program ?? 0) == number
  }

  /// What of its state waits, by program.
  func waits() throws -> [String] {
    try simulation.commit()
    var waits: [String] = []
    for (service, store) in stores {
      // The word stands in the key or the value of every row of that kind; to read all rows would take longer than the run.
      for row in try store.stageRows(naming: "wait") {
        guard let fact = try Deployment.describe(row, of: service), let text = BecauseText.waiting(fact) else { continue }
        waits.append("\(row.program): \(text)")
      }
    }
    return waits
  }
}
