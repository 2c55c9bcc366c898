import Contracts
import Foundation
import JSON
import Kafka
import TestSupport

/// Payouts and accrual are killed while a payment provider's adapter misbehaves. The provider pays and then times out. The adapter
/// reports `unknown` and asks again, repeats a result under the same and under another event id, contradicts it later, answers in any
/// order, and dies before and after each step. It stores nothing: after each restart it reads `payouts` from the beginning and asks about
/// every instruction again, with the id that Laurel gave it.
///
/// A contradiction is `failed` after `settled`. It is never true, so it is rejected. A `settled` after `failed` would be accepted
/// (DECISIONS C10c).
package final class FaultyProvider: Fault {
  /// Where the adapter dies.
  private enum Death: CaseIterable { case beforeCall, afterCall, afterUnknown, afterAnswer }

  private let provider: PayoutProvider
  private let parser = JSONParser()
  /// The provider's result of each payout.
  private var outcomes: [PayoutID: Outcome] = [:]
  private var deaths: [Death: Int] = [:]
  /// The contradictions.
  package private(set) var deadLetters: [BenchLetter] = []
  private var repetitions = 0
  private var count = 0
  private var unknown: Set<PayoutID> = []

  private struct Outcome {
    var events: [BenchEvent] = []
    var referrer: AccountID
    var at: Instant
    var succeeds = false
  }

  /// - Parameter knowsIDs: false if the provider pays at every call. The bench must detect that.
  package init(knowsIDs: Bool = true) { provider = PayoutProvider(knowsIDs: knowsIDs) }

  package let answersEarly = true

  package func prepare(_ campaign: Campaign) throws {
    for event in campaign.course.rounds.flatMap(\.answers) {
      switch event.envelope.type {
      case PayoutSettled.type:
        let result = try parser.decode(PayoutSettled.self, from: event.data)
        note(event, of: result.payout, result.referrer, result.at, succeeds: true)
      case PayoutFailed.type:
        let result = try parser.decode(PayoutFailed.self, from: event.data)
        note(event, of: result.payout, result.referrer, result.at, succeeds: false)
      case PayoutUnknown.type:
        let result = try parser.decode(PayoutUnknown.self, from: event.data)
        note(event, of: result.payout, result.referrer, result.at, succeeds: false)
      default: break  // an operator's decision
      }
    }
    try campaign.startAll()
  }

  private func note(_ event: BenchEvent, of payout: PayoutID, _ referrer: AccountID, _ at: Instant, succeeds: Bool) {
    var outcome = outcomes[payout] ?? Outcome(referrer: referrer, at: at)
    outcome.events.append(event)
    outcome.at = at
    outcome.succeeds = succeeds
    outcomes[payout] = outcome
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let service: ServiceName = cycle.isMultiple(of: 2) ? .payouts : .accrual
    let number = 1 + cycle / 2 % 2
    try campaign.installation.service(service, number).kill()
    let since = ContinuousClock.now
    try hear(campaign.course.rounds[cycle].answers)
    // It answers all instructions so far while a service is down.
    let death = campaign.random.pick(Death.allCases)
    try live(on: campaign, until: death)
    try campaign.installation.start(service, number)
    return Blow("kill -9 of \(service)-\(number); the adapter's end: \(death)", [service], since: since)
  }

  /// Restarts the adapter until everything is answered.
  package func answers(_ events: [BenchEvent], _ campaign: Campaign) throws -> [BenchRecord] {
    try hear(events)
    for _ in 0..<campaign.random.upTo(3) { try live(on: campaign, until: campaign.random.pick(Death.allCases)) }
    try live(on: campaign, until: nil)
    return events.filter { $0.topic != .payoutResults }.map(BenchRecord.init)
  }

  /// Payouts that an operator's decision instructs are answered in the next round, because an answer must not arrive before its date.
  private func hear(_ answers: [BenchEvent]) throws {
    for event in answers where event.topic == .payoutResults {
      let payouts = outcomes.filter { $0.value.events.contains { $0.envelope.id == event.envelope.id } }.keys
      answerable.formUnion(payouts)
    }
  }

  private var answerable: Set<PayoutID> = []

  // MARK: The adapter

  /// One run of the adapter. It may die during any of the instructions.
  private func live(on campaign: Campaign, until death: Death?) throws {
    var instructions = try campaign.installation.records([.payouts])
      .filter { $0.header("ce_type") == PayoutInstructed.type }
      .map { try parser.decode(PayoutInstructed.self, from: $0.value ?? []) }
    instructions.shuffle(using: &campaign.random)
    guard !instructions.isEmpty else { return }
    let last = death == nil ? Int.max : campaign.random.upTo(instructions.count - 1)
    for (index, instruction) in instructions.enumerated() {
      if try !pay(instruction, on: campaign, until: index == last ? death : nil) { return }
    }
  }

  /// Asks the provider and publishes its answer. Returns false if the adapter has died.
  private func pay(_ instruction: PayoutInstructed, on campaign: Campaign, until death: Death?) throws -> Bool {
    guard let outcome = outcomes[instruction.payout] else {
      unknown.insert(instruction.payout)
      return true
    }
    guard answerable.contains(instruction.payout) else { return true }
    func dies(_ point: Death) -> Bool {
      guard point == death else { return false }
      deaths[point, default: 0] += 1
      return true
    }
    if dies(.beforeCall) { return false }
    // A death after `unknown` needs a timeout.
    var timesOut = death == .afterUnknown || campaign.random.chance(25)
    while true {
      do {
        _ = try provider.pay(instruction, succeeds: outcome.succeeds, timesOut: timesOut)
        break
      } catch {
        try say(
          PayoutUnknown(payout: instruction.payout, referrer: outcome.referrer, at: outcome.at), on: campaign)
        if dies(.afterUnknown) { return false }
        timesOut = campaign.random.chance(25)
      }
    }
    if dies(.afterCall) { return false }
    // The first result is the one that the simulation got.
    try campaign.publish(outcome.events.map(BenchRecord.init))
    if campaign.random.chance(20) {
      repetitions += 1
      try campaign.publish(outcome.events.map(BenchRecord.init))
    }
    if campaign.random.chance(20) {
      repetitions += 1
      try sayResult(outcome.succeeds, of: instruction, outcome, on: campaign)
    }
    if outcome.succeeds, campaign.random.chance(20) {
      let contradiction = try sayResult(false, of: instruction, outcome, on: campaign)
      deadLetters.append(
        BenchLetter(
          service: .payouts, topic: Topic.payoutResults.name, reason: DeadLetterReason.contradictsResult.rawValue,
          id: "adapter-\(count)", key: contradiction.key.map { Array($0.utf8) }, value: contradiction.value))
    }
    return !dies(.afterAnswer)
  }

  /// Without a reference, so that it equals the first result.
  @discardableResult private func sayResult(
    _ succeeds: Bool, of instruction: PayoutInstructed, _ outcome: Outcome, on campaign: Campaign
  ) throws -> BenchRecord {
    if succeeds {
      return try say(
        PayoutSettled(payout: instruction.payout, referrer: outcome.referrer, at: outcome.at, reason: "again"), on: campaign)
    } else {
      return try say(
        PayoutFailed(payout: instruction.payout, referrer: outcome.referrer, at: outcome.at, reason: "again"), on: campaign)
    }
  }

  @discardableResult private func say(_ message: some Message, on campaign: Campaign) throws -> BenchRecord {
    count += 1
    let record = BenchRecord(try BenchEvent(message, program: "cash", id: "adapter-\(count)"))
    try campaign.publish([record])
    return record
  }

  // MARK: The end

  /// Compares the provider's ledger with Laurel's.
  package func violations(on installation: Installation) throws -> [String] {
    var found: [String] = []
    let notices = try installation.records([.payouts, .rewards])
    func read<N: Notice>(_ type: N.Type) throws -> [N] {
      try notices.filter { $0.header("ce_type") == N.type }.map { try parser.decode(N.self, from: $0.value ?? []) }
    }
    let instructed = Set(try read(PayoutInstructed.self).map(\.payout))
    let paid = try read(WithdrawalPaid.self)
    let times = Dictionary(grouping: provider.transfers, by: \.payout).mapValues(\.count)
    for (payout, count) in times where count > 1 { found.append("\(payout) was paid \(count) times") }
    let booked = Set(paid.compactMap(\.payout))
    for payout in booked.subtracting(times.keys) {
      found.append("\(payout) is paid in Laurel's ledger but not in the provider's")
    }
    for payout in Set(times.keys).subtracting(booked) {
      found.append("\(payout) is paid in the provider's ledger but not in Laurel's")
    }
    for payout in Set(times.keys).subtracting(instructed) { found.append("\(payout) was paid but never instructed") }
    for payout in unknown { found.append("\(payout) was instructed, but not in the simulation") }

    let sums = provider.transfers.reduce(into: [:]) { $0[$1.referrer, default: 0] += $1.amount }
    let bookings = try read(WithdrawalBooked.self).reduce(into: [:]) { $0[$1.referrer, default: 0] += $1.amount }
    for referrer in Set(sums.keys).union(bookings.keys) where sums[referrer] != bookings[referrer] {
      found.append("\(referrer): the provider has paid \(sums[referrer] ?? 0), the ledger has booked \(bookings[referrer] ?? 0)")
    }
    let happened = [
      "a timeout after a payment": provider.timeouts, "a repeated answer": repetitions, "a contradiction": deadLetters.count,
      "a death of the adapter": deaths.values.reduce(0, +), "a payment": provider.transfers.count,
    ]
    found += happened.filter { $0.value == 0 }.map { "the fault did not happen: there was no \($0.key.dropFirst(2))" }
    return found.sorted()
  }
}
