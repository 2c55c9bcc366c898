import Contracts
import Deployment
import JSON
import Streaming
import Terms
import TestSupport

/// What is published, part by part, and all that must be said about it: a history run through the simulation.
package struct Course: Sendable {
  /// A part is over when everything that it has caused has been processed.
  package struct Part: Sendable {
    /// The clock is moved here first.
    package let tick: Instant
    package let events: [BenchEvent]
    /// The payment provider's answers to what the events made Laurel instruct.
    package let answers: [BenchEvent]
    /// All notices that are there when this part begins.
    package let noticesBefore: Int
    /// How many notices there are in all when the clock has come to the tick, before the events.
    package let noticesAtTick: Int
    /// The same with what the events lead to.
    let noticesBeforeAnswers: Int
  }

  package private(set) var prologue: [Part] = []
  package private(set) var rounds: [Part] = []
  /// The clock's last place: all that was set in motion is over by then.
  package private(set) var end: Instant
  /// Every notice.
  package private(set) var notices: [KeptOutput] = []

  /// How many notices there are where a part or a move of the clock begins.
  private var starts: [Int] = []
  /// The same where a part's answers begin.
  private var answerStarts: [Int] = []
  /// Of every event.
  private let keys: [String: String]

  /// Which of these began last before the notice.
  /// - Parameter answersApart: answers come after all that the events of their part have caused.
  package func part(ofNotice number: Int, answersApart: Bool) -> Int {
    (answersApart ? starts + answerStarts : starts).count { $0 <= number }
  }

  /// The key of the event that caused the notice.
  package func causingKey(ofNotice number: Int) -> String { notices[number].envelope.causationID.flatMap { keys[$0] } ?? "" }

  package var eventCount: Int { (prologue + rounds).reduce(0) { $0 + $1.events.count + $1.answers.count } }

  /// - Parameters:
  ///   - rounds: of the history, after its prologue.
  ///   - programs: the terms that the services have.
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
      var refused: [DeadLetter] = []
      /// Why a notice could not be read.
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
        refused: { said.refused.append($0) })
    }

    func part(_ tick: Instant, _ events: [BenchEvent], _ history: inout BenchHistory) throws -> Part {
      let noticesBefore = said.notices.count
      try simulation.advance(to: tick)
      let noticesAtTick = said.notices.count
      try take(events)
      let answers = try history.decisions() + said.instructions.flatMap { try history.answers(to: $0) }
      // What the decisions lead to is answered in the next round.
      said.instructions = []
      let noticesBeforeAnswers = said.notices.count
      try take(answers)
      // A history of good events: what is refused would be a mistake of its maker.
      if let first = said.refused.first { throw first.rejection }
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
