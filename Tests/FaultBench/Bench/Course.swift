import Contracts
import Deployment
import JSON
import Streaming
import Terms
import TestSupport

/// The records to publish, part by part, and all expected notices: a history run through the simulation.
package struct Course: Sendable {
  /// A part is finished when everything that it has caused is processed.
  package struct Part: Sendable {
    /// The clock moves here first.
    package let tick: Instant
    package let events: [BenchEvent]
    /// The payment provider's answers to the instructions that the events caused.
    package let answers: [BenchEvent]
    /// The number of notices when this part begins.
    package let noticesBefore: Int
    /// The number of notices after the tick, before the events.
    package let noticesAtTick: Int
    /// The number of notices after the events.
    let noticesBeforeAnswers: Int
  }

  package private(set) var prologue: [Part] = []
  package private(set) var rounds: [Part] = []
  /// The last tick. Everything is finished by then.
  package private(set) var end: Instant
  /// Every notice.
  package private(set) var notices: [KeptOutput] = []

  /// The number of notices at the start of each part and each move of the clock.
  private var starts: [Int] = []
  /// The number of notices at the start of each part's answers.
  private var answerStarts: [Int] = []
  /// The key of each event.
  private let keys: [String: String]

  /// The last of these that began before the notice.
  /// - Parameter answersApart: answers come after everything that their part's events have caused.
  package func part(ofNotice number: Int, answersApart: Bool) -> Int {
    (answersApart ? starts + answerStarts : starts).count { $0 <= number }
  }

  /// The key of the event that caused the notice.
  package func causingKey(ofNotice number: Int) -> String { notices[number].envelope.causationID.flatMap { keys[$0] } ?? "" }

  package var eventCount: Int { (prologue + rounds).reduce(0) { $0 + $1.events.count + $1.answers.count } }

  /// - Parameters:
  ///   - rounds: the number of rounds after the prologue.
  ///   - programs: the terms of the services.
  package init(seed: UInt64, rounds count: Int, size: BenchHistory.Size, programs: Programs) throws {
    var history = BenchHistory(seed: seed, size: size)
    let run = try Run(programs)
    for part in try history.prologue() { prologue.append(try run.part(part.tick, part.events, &history)) }
    for round in 0..<count {
      rounds.append(try run.part(BenchHistory.start(ofRound: round) - .hours(1), history.round(round), &history))
    }
    end = BenchHistory.start(ofRound: count) + .days(40)
    let noticesBeforeEnd = run.said.notices.count
    try run.simulation.advance(to: end)
    if let failure = run.said.failure { throw failure }
    notices = run.said.notices
    let parts = prologue + rounds
    starts = parts.flatMap { [$0.noticesBefore, $0.noticesAtTick] } + [noticesBeforeEnd]
    answerStarts = parts.map(\.noticesBeforeAnswers)
    keys = Dictionary(uniqueKeysWithValues: parts.flatMap { $0.events + $0.answers }.map { ($0.envelope.id, $0.key) })
  }

  private struct Run {
    final class Said {
      var notices: [KeptOutput] = []
      var instructions: [PayoutInstructed] = []
      var rejected: [DeadLetter] = []
      /// The error of a notice that could not be read.
      var failure: (any Error)?

      func take(_ record: OutputRecord) {
        do {
          let notice = try KeptOutput(record)
          notices.append(notice)
          guard notice.envelope.type == PayoutInstructed.type else { return }
          instructions.append(try JSONParser().decode(PayoutInstructed.self, from: notice.data))
        } catch {
          failure = error
        }
      }
    }

    let simulation: Simulation
    let said = Said()

    init(_ programs: Programs) throws {
      let said = said
      simulation = try Simulation(
        services: Deployment.services(programs), programs: programs.ids, notice: { said.take($0) },
        rejected: { said.rejected.append($0) })
    }

    func part(_ tick: Instant, _ events: [BenchEvent], _ history: inout BenchHistory) throws -> Part {
      let noticesBefore = said.notices.count
      try simulation.advance(to: tick)
      let noticesAtTick = said.notices.count
      try take(events)
      let answers = try history.decisions() + said.instructions.flatMap { try history.answers(to: $0) }
      // Payouts that the decisions instruct are answered in the next round.
      said.instructions = []
      let noticesBeforeAnswers = said.notices.count
      try take(answers)
      // A history has only good events, so a rejection is a bug in the generator.
      if let first = said.rejected.first { throw first.rejection }
      if let failure = said.failure { throw failure }
      return Part(
        tick: tick, events: events, answers: answers, noticesBefore: noticesBefore, noticesAtTick: noticesAtTick,
        noticesBeforeAnswers: noticesBeforeAnswers)
    }

    private func take(_ events: [BenchEvent]) throws {
      for event in events { try simulation.take(InputRecord(event.envelope, topic: event.topic, data: event.data)) }
    }
  }
}
