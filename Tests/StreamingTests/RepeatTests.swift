import Contracts
import Testing

@testable import Streaming

/// A second delivery: an equal body has no effect, a different body is a conflicting duplicate (DECISIONS R3).
@Suite struct RepeatTests {
  private let bench: Bench

  init() throws { bench = try Bench([AnyStage(Script()), AnyStage(Payments())], programs: ["bonus", "cash"]) }

  private func payment(_ id: PaymentID, by account: AccountID = "acct", _ amount: Int64) -> PaymentSettled {
    PaymentSettled(
      payment: id, account: account, paidAt: Instant(milliseconds: 1000), currency: "USD",
      lines: [PaymentLine(sku: "s", kind: .plan, amount: amount)])
  }

  enum Between: CaseIterable { case nothing, commit, restart }

  private func pass(_ between: Between) throws -> [String] {
    switch between {
    case .nothing: return []
    case .commit: return try bench.commit().outputs.map(text)
    case .restart:
      let said = try bench.commit().outputs.map(text)
      try bench.restart()
      return said
    }
  }

  @Test(arguments: Between.allCases)
  func anEqualBodyUnderAnyEnvelopeIsNothing(_ between: Between) throws {
    bench.take(try record(payment("p1", 100), id: "1"))
    var said = try pass(between)
    bench.take(try record(payment("p1", 100), id: "1"))
    bench.take(try record(payment("p1", 100), id: "2", source: "/other", time: Instant(milliseconds: 99)))
    let batch = try bench.commit()
    said += batch.outputs.map(text)
    #expect(said == ["paid 100"])
    #expect(batch.deadLetters.isEmpty)
    #expect(bench.task.counts.repeated == 2)
  }

  @Test func onlyTheKnownFieldsAreTheBody() throws {
    let first = try record(payment("p1", 100), id: "1")
    let body =
      #" { "currency": "USD", "payment": "p1", "lines": [ {"amount":100,"kind":"plan","sku":"s","new":1} ],"#
      + #""paidAt":"1970-01-01T00:00:01Z","account":"acct","note":"x"}"#
    let second = InputRecord(topic: first.topic, key: first.key, value: Array(body.utf8), headers: first.headers)
    bench.take(first)
    bench.take(second)
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["paid 100"])
    #expect(batch.deadLetters.isEmpty)
  }

  @Test(arguments: Between.allCases)
  func anotherBodyIsAConflictAndTheFirstStays(_ between: Between) throws {
    bench.take(try record(payment("p1", 100), id: "1"))
    var said = try pass(between)
    bench.take(try record(payment("p1", 200), id: "2"))
    bench.take(try record(payment("p1", 100), id: "3"))
    bench.take(try record(payment("p1", 200), id: "1"))
    let batch = try bench.commit()
    said += batch.outputs.map(text)
    #expect(said == ["paid 100"])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.conflictingDuplicate, .conflictingDuplicate])
    #expect(bench.task.counts.deadLetters == [.conflictingDuplicate: 2])
  }

  @Test func theBusinessKeyHasProgramTypeAndAccount() throws {
    bench.take(try record(payment("p1", 100), id: "1"))
    bench.take(try record(payment("p1", 200), id: "1", program: "cash"))
    bench.take(try record(payment("p1", by: "another", 300), id: "1"))
    let reported = Reported(key: "acct", id: "p1", at: Instant(milliseconds: 1), acts: [.say("another type")])
    bench.take(try record(reported, id: "2"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["paid 100", "paid 200", "paid 300", "another type"])
    #expect(batch.deadLetters.isEmpty)
  }

  /// An event with its own id is identified by that alone, one without by source and id within its type (DECISIONS R3). Two of them in
  /// one envelope are two events.
  @Test(arguments: Between.allCases)
  func anIDOfItsOwnIsAllThatCounts(_ between: Between) throws {
    let update = AccountUpdated(account: "acct", updatedAt: Instant(milliseconds: 1), plan: "x")
    bench.take(try record(payment("p1", 100), id: "1"))
    bench.take(try record(update, id: "2"))
    var said = try pass(between)
    bench.take(try record(update, id: "1"))
    bench.take(try record(payment("p2", 200), id: "2"))
    bench.take(try record(payment("p1", 100), id: "3", source: "/other"))
    bench.take(try record(update, id: "1", source: "/other"))
    bench.take(try record(update, id: "2"))
    let batch = try bench.commit()
    said += batch.outputs.map(text)
    #expect(said == ["paid 100", "plan x", "plan x", "paid 200", "plan x"])
    #expect(batch.deadLetters.isEmpty)
  }

  /// A redelivery is compared by the fields that existed when the event was first received (CONTRACTS, "Evolution"). A field that the
  /// contract has gained since does not make it a different event. A difference in an older field does.
  @Test func aFieldOfALaterRevisionMakesNoConflict() throws {
    func disputed(_ amount: Int64?) -> PaymentDisputed {
      PaymentDisputed(payment: "p", account: "acct", disputedAt: Instant(milliseconds: 1), amount: amount)
    }
    #expect(disputed(5).fingerprint(revision: 1) == disputed(nil).fingerprint(revision: 1))
    #expect(disputed(5).fingerprint() != disputed(nil).fingerprint())

    let reported = Reported(key: "a", id: "1", at: Instant(milliseconds: 1), acts: [.say("x")])
    var row: [UInt8] = []
    let name = Array("script\u{1f}bonus\u{1f}a\u{1f}\(Reported.type)\u{1f}1".utf8)
    RowKey.appendMemory(name.withUnsafeBytes { StableHash.value128(of: $0) }, to: &row)
    let known = Memory(body: Int64(bitPattern: reported.fingerprint(revision: 1)), revision: 1)
    try bench.store.write([RowChange(key: row, value: known.jsonBytes())])
    bench.take(try record(reported, id: "1"))
    #expect(try bench.commit().outputs.isEmpty)
    #expect(bench.task.counts.repeated == 1)
  }

  @Test func typesWithoutAnIDOfTheirOwnAreKnownBySourceAndID() throws {
    func update(_ plan: String) -> AccountUpdated {
      AccountUpdated(account: "a", updatedAt: Instant(milliseconds: 1), plan: plan)
    }
    bench.take(try record(update("x"), id: "1"))
    bench.take(try record(update("x"), id: "1"))
    bench.take(try record(update("x"), id: "2"))
    bench.take(try record(update("y"), id: "2", source: "/other"))
    bench.take(try record(update("z"), id: "1"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["plan x", "plan x", "plan y"])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.conflictingDuplicate])
  }

  @Test func whatIsRememberedByBodyHasNoConflicts() throws {
    func registered(_ name: String) -> Registered { Registered(key: "a", at: Instant(milliseconds: 1), name: name) }
    bench.take(try record(registered("one"), id: "1"))
    bench.take(try record(registered("two"), id: "1"))
    bench.take(try record(registered("one"), id: "2"))
    bench.take(try record(registered("two"), id: "3"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["registered one", "registered two"])
    #expect(batch.deadLetters.isEmpty)
  }

  @Test func whatLaurelWroteIsNotAskedAbout() throws {
    let handed = Handed(key: "a", at: Instant(milliseconds: 1), acts: [.say("x")])
    bench.take(try record(handed, id: "1"))
    bench.take(try record(handed, id: "1"))
    #expect(try bench.said() == ["x", "x"])
  }

  /// A rejected event is not remembered, so it is accepted after it is corrected.
  @Test func aRejectedEventMayComeAgain() throws {
    try bench.tell("a", id: "1", .reject)
    try bench.tell("a", id: "1", .say("mended"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["mended"])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.overflow])
  }

  @Test func anAbortedEventMayComeAgain() throws {
    try bench.tell("a", id: "1", .say("x"))
    bench.task.abort()
    try bench.tell("a", id: "1", .say("x"))
    #expect(try bench.said() == ["x"])
  }

  /// Each stage remembers events itself. If both reject one for the same reason, there is one dead letter.
  @Test func twoStagesThatReadOneTypeRejectItOnce() throws {
    let bench = try Bench([AnyStage(Script()), AnyStage(Echo())])
    try bench.tell("a", id: "1", .say("x"))
    try bench.tell("a", id: "1", .say("y"))
    try bench.tell("a", id: "2", .reject)
    let batch = try bench.commit()
    #expect(batch.deadLetters.map(\.rejection.reason) == [.conflictingDuplicate, .overflow])
  }
}
