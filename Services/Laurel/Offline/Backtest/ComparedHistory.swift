import CommandKit
import Contracts
import Deployment
import JSON
import Streaming
import Terms
import Words

/// Runs a history through the services twice, event by event: under the current terms and under the proposed ones.
final class ComparedHistory {
  private(set) var troubles: FileTroubles
  private(set) var comparison: HistoryComparison
  private var history: BacktestReport.History
  /// The programs of both sides. Events of programs that are not compared are skipped.
  private let known: Set<ProgramID>
  private let compared: Set<ProgramID>
  /// The program of events that name none: the only one of the current terms, under which the history happened. `nil` if there are
  /// several.
  private let onlyProgram: ProgramID?
  private var simulations: [Simulation] = []
  private let parser = JSONParser()
  private var failure: (any Error)?
  private var line = 0
  private var reported: Set<String> = []

  /// - Parameters:
  ///   - folders: their names in the report.
  ///   - file: the name of the history in messages.
  /// - Throws: `CommandFailure` if no program is in both.
  init(_ terms: Sides<Programs>, folders: Sides<String>, file: String, made: Instant) throws {
    compared = terms.current.ids.intersection(terms.proposed.ids)
    known = terms.current.ids.union(terms.proposed.ids)
    onlyProgram = terms.current.all.count == 1 ? terms.current.all.first?.id : nil
    guard !compared.isEmpty else {
      let names = terms.map { $0.all.map(\.id.value).joined(separator: ", ") }
      throw CommandFailure(
        "no program is in both folders: \(folders.current) has \(names.current), \(folders.proposed) has \(names.proposed)")
    }
    troubles = FileTroubles(file: file)
    comparison = HistoryComparison(programs: Array(compared))
    history = BacktestReport.History(terms: folders, file: file, made: made)
    history.changes = terms.current.all.compactMap { current in
      terms.proposed[current.id].map {
        BacktestReport.Change(program: current.id, sentences: TermsChanges.sentences(from: current, to: $0))
      }
    }
    history.onlyIn = terms.map { side in side.all.map(\.id).filter { !compared.contains($0) }.map(\.value) }
    simulations = try Side.allCases.map { side in
      let programs = Programs(terms[side].all.filter { compared.contains($0.id) })
      return try Simulation(
        services: Deployment.services(programs), programs: known, notice: { [unowned self] in take($0, side) },
        rejected: { [unowned self] in rejected($0) })
    }
  }

  /// - Parameter read: called after each line.
  func run(_ file: EventFile, until: Instant?, read: () -> Void) throws {
    while let entry = try file.next() {
      if case .event(let event) = entry { line = event.line }
      if let time = entry.time { try advance(to: time) }
      if case .event(let event) = entry { try take(event) } else { troubles.add(entry) }
      read()
    }
    if let until { try advance(to: until) }
    history.end = simulations.map(\.clock).max()
  }

  func report(top: Int) throws -> BacktestReport { try comparison.report(history, top: top) }

  private func take(_ event: FileEvent) throws {
    guard event.topic.kind == .input else { return }
    if let program = event.envelope.program ?? onlyProgram, known.contains(program), !compared.contains(program) {
      history.eventsLeftOut += 1
      return
    }
    history.events += 1
    history.first = min(history.first ?? event.time, event.time)
    history.last = max(history.last ?? event.time, event.time)
    let record = try event.record(onlyProgram)
    for simulation in simulations { try simulation.take(record) }
    if let failure { throw failure }
  }

  private func advance(to instant: Instant) throws {
    for simulation in simulations { try simulation.advance(to: instant) }
    if let failure { throw failure }
  }

  private func take(_ record: OutputRecord, _ side: Side) {
    guard failure == nil else { return }
    do {
      let (envelope, data) = try record.event()
      guard let program = envelope.program, let type = MessageRegistry.type(named: envelope.type) as? any Notice.Type else {
        return
      }
      try comparison.take(try parser.decode(type, from: data), data: data, program: program, side)
    } catch {
      failure = error
    }
  }

  /// An event that both sides reject is reported once.
  private func rejected(_ letter: DeadLetter) {
    let place = letter.line(or: line)
    if reported.insert("\(place): \(letter.rejection)").inserted { troubles.deadLetter(place, letter.rejection) }
  }
}
