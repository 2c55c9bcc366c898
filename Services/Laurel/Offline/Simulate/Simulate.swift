import CommandKit
import Contracts
import Deployment
import Dispatch
import ServiceKit
import Streaming
import Synchronization
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
      Option("events", placeholder: "FILE", help: "Events, one per line; - is standard input", required: true),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Move the clock to this instant after the last event"),
    ], run: run)

  package static func run(_ invocation: Invocation) throws -> Int32 {
    let programs = try TermsFiles.load(directory: invocation.text("terms"))
    let file = try EventFile(path: invocation.text("events"))
    let output = ResultOutput()
    var troubles = FileTroubles(file: file.name)
    let runs = try programs.all.indices.map { try ProgramRun(number: $0, of: programs) }
    let length = output.flushesEachLine ? 1 : partLength
    let partsAhead = output.flushesEachLine ? 1 : partsAheadMax
    var parts: [Part] = []
    var isRead = false
    while true {
      while !isRead, parts.count < partsAhead {
        let entries = try file.next(length)
        isRead = entries.count < length
        let part = Part(entries, of: programs, isLast: isRead, until: isRead ? invocation.instant("until") : nil)
        for run in runs { run.start(part) }
        parts.append(part)
      }
      guard !parts.isEmpty else { break }
      try report(parts.removeFirst(), to: output, &troubles)
    }
    try output.flush()
    if let summary = troubles.summary { notify(summary) }
    notifyOfPending(runs.flatMap(\.pending))
    // The process ends now. Freeing a large state row by row would take a tenth of the whole run.
    for run in runs { _ = Unmanaged.passRetained(run) }
    return 0
  }

  /// Lines in a part.
  private static let partLength = 1000
  /// Parts being read, run or waiting to be reported. A fast program can run that far ahead of a slow one.
  private static let partsAheadMax = 8

  /// Waits until every program has finished the part, and prints the outcomes line by line.
  private static func report(_ part: Part, to output: ResultOutput, _ troubles: inout FileTroubles) throws {
    var outcomes = try part.finish()[...]
    for place in 0...part.entries.count {
      while let outcome = outcomes.first, outcome.place == place {
        outcomes.removeFirst()
        switch outcome.what {
        case .notice(let text): try output.line(text)
        case .rejected(let line, let rejection): troubles.deadLetter(line, rejection)
        }
      }
      if place < part.entries.count { troubles.add(part.entries[place]) }
    }
  }

  private static let pendingReportedMax = 20

  /// Reports what is still pending at the end. No notice has reported it.
  private static func notifyOfPending(_ pending: [String]) {
    for text in pending.prefix(pendingReportedMax) { notify("laurel: at the end, in \(text)") }
    if pending.count > pendingReportedMax { notify("laurel: … and \(pending.count - pendingReportedMax) more pending") }
  }
}

/// Consecutive lines of the file, and their outcomes in all programs.
private final class Part: Sendable {
  /// A notice or a rejection.
  struct Outcome {
    enum What {
      case notice([UInt8])
      case rejected(line: Int, Rejection)
    }

    let what: What
    /// Index of the line in its part. After the last line: of what is due at the end.
    let place: Int
    /// Whether the line's event caused it. If not, it was due before the line.
    let isOwn: Bool
    let at: Instant
    /// Number of the program.
    let run: Int
    /// Order within the program.
    let number: Int

    func precedes(_ other: Outcome) -> Bool {
      (place, isOwn ? 1 : 0, at, run, number) < (other.place, other.isOwn ? 1 : 0, other.at, other.run, other.number)
    }
  }

  /// What a program needs to know of every line. Copying an entry for each program would cost more than this.
  struct Step {
    /// Absent if the line is no event.
    let line: Int?
    let time: Instant?
    /// Number of the program that processes the line, or `nil` if none does.
    let program: Int?
  }

  let entries: [FileEntry]
  let steps: [Step]
  let isLast: Bool
  /// Where the clock goes after the last line.
  let until: Instant?
  /// Entered by each program until it has finished the part.
  let programs = DispatchGroup()
  private let result = Mutex<Result<[Outcome], any Error>>(.success([]))

  init(_ entries: [FileEntry], of programs: Programs, isLast: Bool, until: Instant?) {
    self.entries = entries
    self.isLast = isLast
    self.until = until
    steps = entries.map { entry in
      guard case .event(let event) = entry else { return Step(line: nil, time: entry.time, program: nil) }
      // An event that names no known program goes to the first one, which rejects it.
      let program = programs.all.firstIndex { $0.id == event.envelope.program } ?? 0
      return Step(line: event.line, time: entry.time, program: event.topic.kind == .input ? program : nil)
    }
  }

  func add(_ outcomes: [Outcome]) {
    result.withLock { $0 = $0.map { $0 + outcomes } }
  }

  func fail(_ error: any Error) {
    result.withLock { $0 = .failure(error) }
  }

  /// Waits for all programs, and returns their outcomes in order.
  func finish() throws -> [Outcome] {
    programs.wait()
    return try result.withLock { try $0.get() }.sorted { $0.precedes($1) }
  }
}

/// Runs one program's events through the services. Programs do not affect each other, so each has a queue of its own.
///
/// `@unchecked Sendable`: its queue runs one part at a time, and `pending` is read after the last one.
private final class ProgramRun: @unchecked Sendable {
  private let number: Int
  private let queue: DispatchQueue
  private var simulation: Simulation!
  /// The current line: its number in the file, and its index in the part.
  private var line = 0
  private var place = 0
  private var isOwn = false
  private var outcomes: [Part.Outcome] = []
  /// What is still pending after the last part.
  private(set) var pending: [String] = []

  init(number: Int, of programs: Programs) throws {
    self.number = number
    queue = DispatchQueue(label: "laurel.simulate.\(number)")
    simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      notice: { [unowned self] record in add(.notice(record.structuredText())) },
      rejected: { [unowned self] letter in
        add(.rejected(line: letter.line(or: line), letter.rejection))
      })
  }

  private func add(_ what: Part.Outcome.What) {
    outcomes.append(
      Part.Outcome(what: what, place: place, isOwn: isOwn, at: simulation.clock, run: number, number: outcomes.count))
  }

  func start(_ part: Part) {
    queue.async(group: part.programs) { [self] in
      do { part.add(try outcomes(of: part)) } catch { part.fail(error) }
    }
  }

  private func outcomes(of part: Part) throws -> [Part.Outcome] {
    outcomes.removeAll(keepingCapacity: true)
    for (place, step) in part.steps.enumerated() {
      self.place = place
      if let line = step.line { self.line = line }
      if let time = step.time { try simulation.advance(to: time) }
      if step.program == number, case .event(let event) = part.entries[place] {
        isOwn = true
        try simulation.take(event.record())
        isOwn = false
      }
    }
    place = part.entries.count
    if let until = part.until { try simulation.advance(to: until) }
    if part.isLast { pending = try stillPending() }
    return outcomes
  }

  /// What is still pending in its state, with the program's name.
  private func stillPending() throws -> [String] {
    try simulation.compactMapRows { service, row in
      try Deployment.waiting(row, of: service).map { "\(row.program): \($0)" }
    }
  }
}
