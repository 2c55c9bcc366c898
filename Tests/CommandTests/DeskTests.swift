import CommandKit
import Contracts
import Kafka
import Payouts
import TestSupport
import Testing
import Words
import Worker

@testable import BusCommands

/// What the operator's desk publishes, which notices it accepts as an answer, and the files of payouts. Without a broker.
@Suite struct DeskTests {
  private static let noon = Instant(milliseconds: 1_774_180_800_000)  // 2026-03-22T12:00:00Z
  private static let decision = Decision(name: "maria", at: noon, note: "ticket 481")
  private static let balance = Balance(currency: "USD", available: 2000, reserved: 60_000)

  // MARK: Withdrawals

  private static func row(_ state: WithdrawalStatus, request: RequestID = "w1", account: AccountID = "olena")
    -> WithdrawalBook.Row
  {
    var book = WithdrawalBook()
    for notice in notices(state, request: request, account: account) { book.add(notice, of: "cash") }
    return book.rows[0]
  }

  private static func notices(
    _ state: WithdrawalStatus, request: RequestID = "w1", account: AccountID = "olena"
  ) -> [any Notice] {
    func at(_ hours: Int64) -> Instant { noon + .hours(hours) }
    let (asked, due) = (noon - .days(2), noon + .days(8))
    let opened = WithdrawalOpened(
      request: request, referrer: account, amount: 60_000, currency: "USD", requestedAt: asked, dueAt: due, at: asked,
      terms: "cash@1", because: [])
    let awaiting = WithdrawalAwaitingApproval(
      request: request, referrer: account, amount: 60_000, currency: "USD", requestedAt: asked, dueAt: due, at: asked,
      terms: "cash@1", because: [])
    let instructed = PayoutInstructed(
      payout: "w1#1", request: request, referrer: account, amount: 60_000, currency: "USD", destination: "acct-7", attempt: 1,
      idempotencyKey: "key", at: at(1), terms: "cash@1", because: [])
    let paid = WithdrawalPaid(
      request: request, payout: "w1#1", referrer: account, amount: 60_000, currency: "USD", requestedAt: asked, dueAt: due,
      at: at(2),
      terms: "cash@1", because: [])
    let failed = WithdrawalFailed(
      request: request, payout: "w1#1", referrer: account, amount: 60_000, currency: "USD", requestedAt: asked, dueAt: due,
      at: at(2),
      terms: "cash@1", because: [])
    let returned = WithdrawalReturned(
      request: request, payout: "w1#1", referrer: account, amount: 60_000, currency: "USD", requestedAt: asked, dueAt: due,
      at: at(3),
      terms: "cash@1", because: [])
    let declined = WithdrawalDeclined(
      request: request, referrer: account, requestedAt: asked, at: at(1), reasons: [.declinedByOperator], terms: "cash@1",
      because: [])
    return switch state {
    case .opened: [opened]
    case .awaitingApproval: [opened, awaiting]
    case .instructed: [opened, awaiting, instructed]
    case .paid: [opened, instructed, paid]
    case .failed: [opened, instructed, failed]
    case .returned: [opened, instructed, paid, returned]
    case .declined: [opened, awaiting, declined]
    }
  }

  @Test func aWithdrawalIsWhereItsLastNoticeSays() {
    for state in WithdrawalStatus.allCases {
      let row = Self.row(state)
      #expect(row.state == state && row.money == "600.00 USD")
      #expect((row.payout == nil) == [.opened, .awaitingApproval, .declined].contains(state))
      #expect(row.isOverdue(at: row.dueAt) == state.isOpen && !row.isOverdue(at: row.dueAt - .milliseconds(1)))
    }
    // Paid before it was instructed: it can still be returned.
    var paid = WithdrawalBook()
    for notice in [Self.notices(.paid)[0], Self.notices(.paid)[2]] { paid.add(notice, of: "cash") }
    #expect(paid.rows.map(\.payout) == ["w1#1"] && paid.rows.map(\.state) == [.paid])
    // A withdrawal that is declined while it is queued behind another was never opened.
    var book = WithdrawalBook()
    book.add(Self.notices(.declined)[2], of: "cash")
    #expect(book.rows.isEmpty)
  }

  @Test func aNameThatTwoHaveMustBeSaidWhose() throws {
    var book = WithdrawalBook()
    for account: AccountID in ["olena", "taras"] {
      for notice in Self.notices(.instructed, account: account) { book.add(notice, of: "cash") }
    }
    let bus = Bus(bootstrap: "broker:1")
    func failure(_ id: String, account: String? = nil) -> String? {
      #expect(throws: CommandFailure.self) { try book.row(.payout, id, WithdrawalBook.Filter(account: account), on: bus) }?
        .description
    }
    #expect(
      failure("w1#1") == "there is a payout 'w1#1' of olena (cash) and taras (cash): choose one with --account or --program")
    #expect(failure("w1", account: "olena") == "broker:1 knows no payout 'w1'; did you mean 'w1#1'?")
    #expect(try book.row(.payout, "w1#1", WithdrawalBook.Filter(account: "taras"), on: bus).account == "taras")
    #expect(try book.row(.withdrawal, "w1", WithdrawalBook.Filter(program: "cash", account: "olena"), on: bus).account == "olena")
  }

  @Test func listsReportAgeAndDueDay() {
    let row = Self.row(.instructed)
    #expect(
      WithdrawalBook.table([row], .payout, at: Self.noon) == [
        "PROGRAM  PAYOUT  ACCOUNT  AMOUNT      STATE       AGE     DUE                    RECIPIENT",
        "cash     w1#1    olena    600.00 USD  instructed  2 days  30 Mar 2026 12:00 UTC  acct-7",
      ])
    let late = [row, Self.row(.awaitingApproval), Self.row(.paid)]
    #expect(
      WithdrawalBook.summary(late, .withdrawal, at: row.dueAt)
        == "3 withdrawals: 1 awaiting approval, 1 instructed, 1 paid; 2 overdue")
    #expect(WithdrawalBook.age(.hours(49)) == "2 days" && WithdrawalBook.age(.minutes(61)) == "1 hour")
    #expect(WithdrawalBook.age(.seconds(1)) == "0 minutes" && WithdrawalBook.age(.days(-1)) == "0 minutes")
  }

  @Test func onlyWhatWaitsIsDecided() {
    for state in WithdrawalStatus.allCases {
      let row = Self.row(state)
      let log = AccountLog(of: [row.account])
      let waits = [.opened, .awaitingApproval].contains(state)
      for ask in [
        WithdrawalsDesk.approval(of: row, Self.decision, log), WithdrawalsDesk.rejection(of: row, Self.decision, log),
      ] { #expect((ask.obstacle == nil) == waits, "\(state)") }
    }
  }

  @Test func anApprovalShowsWhereTheMoneyGoes() {
    let row = Self.row(.awaitingApproval)
    var log = AccountLog(of: [row.account])
    log.take(
      WithdrawalRequested(
        request: "w1", account: "olena", requestedAt: row.requestedAt, amount: 60_000, currency: "USD", destination: "acct\u{1B}7"
      ))
    log.take(Self.reserved)
    #expect(
      WithdrawalsDesk.approval(of: row, Self.decision, log).preview
        == "approve w1: 600.00 USD of olena (cash) to acct?7, requested on 20 Mar 2026 12:00 UTC, due on 30 Mar 2026 12:00 UTC; "
        + "the balance is now 20.00 available, 600.00 set aside")
  }

  private static let reserved = WithdrawalReserved(
    request: "w1", referrer: "olena", amount: 60_000, currency: "USD", at: noon, balance: balance, terms: "cash@1", because: [])

  // MARK: Results

  /// Which results change nothing, and what the desk warns about (C10c).
  @Test func resultsAreShownForWhatTheyAre() {
    func ask(_ verb: PayoutVerb, _ state: WithdrawalStatus) -> Ask {
      verb.ask(Self.row(state), "w1#1", at: Self.noon, reference: "t1", reason: nil, AccountLog(of: ["olena"]))
    }
    let table: [(PayoutVerb, WithdrawalStatus, obstacle: String?, caution: String?)] = [
      (.settle, .instructed, nil, nil), (.settle, .paid, nil, "a second transfer is rejected"),
      (.settle, .failed, nil, "below zero if need be"), (.settle, .returned, "it was returned on", nil),
      (.fail, .instructed, nil, nil), (.fail, .paid, nil, "is rejected as contradicts-result"), (.fail, .failed, nil, nil),
      (.fail, .returned, "it was returned on", nil), (.return, .instructed, nil, nil), (.return, .paid, nil, nil),
      (.return, .failed, "the money is back already", nil), (.return, .returned, nil, nil),
    ]
    for (verb, state, obstacle, caution) in table {
      let ask = ask(verb, state)
      #expect((ask.obstacle == nil) == (obstacle == nil))
      #expect(obstacle.map { ask.obstacle?.contains($0) == true } ?? true, "\(verb) \(state)")
      #expect(ask.preview.contains(". It was") == (caution != nil) && caution.map(ask.preview.contains) ?? true, "\(ask.preview)")
    }
    #expect(
      ask(.settle, .instructed).preview
        == "settle w1#1: 600.00 USD of olena (cash) to acct-7, dated 22 Mar 2026 12:00 UTC, reference t1; it is instructed")
  }

  // MARK: Once

  @Test func theSameCommandIsTheSameEvent() throws {
    let log = AccountLog(of: ["olena"])
    let later = Decision(name: "petro", at: Self.noon + .days(1))
    func correct(_ amount: String, _ decision: Decision, reason: String = "fee") throws -> Ask {
      try CorrectionDesk.correction(of: "olena", by: amount, "USD", reason: reason, decision, log)
    }
    let first = try correct("-12.50", Self.decision)
    #expect(try correct("-12.50", later).request == first.request && correct("-12.50", later).envelope.id == first.envelope.id)
    for other in [try correct("-12.51", later), try correct("-12.50", later, reason: "goodwill")] {
      #expect(other.request != first.request)
    }
    #expect(try correct("-12.50", Decision(name: "maria", at: Self.noon, request: "r9")).request == "r9")
  }

  /// A decision after an end is a new decision. Otherwise nobody could be moved back.
  @Test func anAssignmentAfterAnEndIsAnotherOne() throws {
    var log = AccountLog(of: ["taras", "olena"])
    func assign() throws -> Ask { try ReferralsDesk.assignment(of: "taras", to: "olena", Self.decision, log) }
    func end() throws -> Ask { try ReferralsDesk.ending(of: "taras", Self.decision, log) }
    log.take(CodeIssued(request: "c", account: "olena", code: "OLENA", link: "", at: Self.noon, terms: "cash@1", because: []))
    let (first, none) = (try assign(), try end())
    #expect(first.program == "cash" && none.preview.contains("no referral of it is known"))
    log.take(Self.attributed(by: "olena", at: Self.noon, first.request))
    #expect(
      try assign().request == first.request && assign().preview.contains("it is referred by olena: end that referral first"))
    let ended = try end()
    #expect(ended.request != none.request && ended.preview.hasPrefix("end the referral of taras by olena (cash): payments from"))
    log.take(
      ReferralEnded(
        referral: "r", referrer: "olena", referee: "taras", request: ended.request, at: Self.noon, operator: "maria",
        terms: "cash@1", because: []))
    #expect(try end().request == ended.request)
    let second = try assign()
    #expect(second.request != first.request && !second.preview.contains("end that referral first"))
    // At the same instant, as with a virtual clock.
    log.take(Self.attributed(by: "olena", at: Self.noon, second.request))
    #expect(try end().request != ended.request && assign().request == second.request)
    #expect(try assign().preview.contains("it is referred by olena: end that referral first"))
  }

  private static func attributed(by referrer: AccountID, at instant: Instant, _ request: RequestID?) -> ReferralAttributed {
    ReferralAttributed(
      referral: "r", referrer: referrer, referee: "taras", registeredAt: instant, attributedAt: instant, request: request,
      operator: "maria", terms: "cash@1", because: [])
  }

  @Test func whoIsInTwoProgramsMustSayWhich() throws {
    var log = AccountLog(of: ["taras", "olena"])
    for program in ["cash", "bonus"] {
      log.take(Self.attributed(by: "olena", at: Self.noon, nil), program: program)
      log.take(
        CodeIssued(request: "c", account: "olena", code: "OLENA", link: "", at: Self.noon, terms: "t", because: []),
        program: program)
      log.take(Self.reserved, program: program)
    }
    let asks: [() throws -> Ask] = [
      { try ReferralsDesk.ending(of: "taras", Self.decision, log) },
      { try ReferralsDesk.assignment(of: "taras", to: "olena", Self.decision, log) },
      { try CorrectionDesk.correction(of: "olena", by: "1.00", nil, reason: "x", Self.decision, log) },
    ]
    for ask in asks { #expect(throws: CommandFailure.self) { try ask() } }
    let cash = Decision(name: "maria", at: Self.noon, program: "cash")
    #expect(try ReferralsDesk.ending(of: "taras", cash, log).program == "cash")
    #expect(try CorrectionDesk.correction(of: "olena", by: "1.00", nil, reason: "x", cash, log).program == "cash")
  }

  @Test func aCorrectionSaysWhatTheBalanceWillBe() throws {
    var log = AccountLog(of: ["olena"])
    #expect(throws: CommandFailure.self) {
      try CorrectionDesk.correction(of: "olena", by: "1.00", nil, reason: "x", Self.decision, log)
    }
    log.take(Self.reserved)
    func preview(_ amount: String) throws -> String {
      try CorrectionDesk.correction(of: "olena", by: amount, nil, reason: "fee", Self.decision, log).preview
    }
    #expect(
      try preview("-12.50")
        == "correct the balance of olena (cash) by -12.50 USD (fee): 20.00 available now, 7.50 USD after it")
    #expect(try preview("+1.00").hasSuffix("20.00 available now, 21.00 USD after it"))
    #expect(try preview("-25.00").hasSuffix("-5.00 USD after it: below zero"))
    for wrong in ["12.5", "12", "0.00", "1,000.00", "--1.00", "1.000", ".50", "", "1e2"] {
      #expect(throws: CommandFailure.self, "\(wrong)") { try preview(wrong) }
    }
  }

  /// A second transfer with another reference is not a repeat, so it must be published.
  @Test func whatWasPublishedBeforeIsKnown() throws {
    var log = AccountLog(of: ["olena"])
    let row = Self.row(.instructed)
    log.take(PayoutSettled(payout: "w1#1", referrer: "olena", at: Self.noon, reference: "t1"))
    log.take(WithdrawalApproved(request: "w1", account: "olena", operator: "petro", decidedAt: Self.noon - .days(1)))
    log.take(
      CorrectionRequested(
        request: "r1", account: "olena", amount: 100, currency: "USD", operator: "petro", decidedAt: Self.noon, reason: "x"))
    func isKnown(_ ask: Ask) -> Bool { log.entries.contains(where: ask.repeats) }
    func settle(_ reference: String?) -> Ask {
      PayoutVerb.settle.ask(row, "w1#1", at: Self.noon, reference: reference, reason: nil, log)
    }
    #expect(isKnown(settle("t1")) && isKnown(settle(nil)) && !isKnown(settle("t2")))
    #expect(settle("t1").envelope.id != settle("t2").envelope.id)
    #expect(!isKnown(PayoutVerb.fail.ask(row, "w1#1", at: Self.noon, reference: nil, reason: nil, log)))
    #expect(isKnown(WithdrawalsDesk.approval(of: row, Self.decision, log)))
    #expect(!isKnown(WithdrawalsDesk.rejection(of: row, Self.decision, log)))
    let decision = Decision(name: "maria", at: Self.noon, request: "r1")
    func correct(_ amount: String) throws -> Ask {
      try CorrectionDesk.correction(of: "olena", by: amount, "USD", reason: "x", decision, log)
    }
    #expect(try isKnown(correct("1.00")) && !isKnown(correct("2.00")))
  }

  // MARK: Answers

  @Test func whatAnswers() throws {
    var log = AccountLog(of: ["olena"])
    let row = Self.row(.instructed)
    let ask = PayoutVerb.settle.ask(row, "w1#1", at: Self.noon, reference: nil, reason: nil, log)
    let place = Letter.Place(topic: "payout-results", partition: 2, offset: 17)
    // From another request, from another program, and the first half of the answer.
    log.take(Self.booked("w2"))
    log.take(Self.booked("w1"), program: "other")
    log.take(try #require(Self.notices(.paid).last))
    #expect(ask.outcome(in: log, at: place, from: 0) == nil)
    log.letters[place] = Self.letter(at: place)
    guard case .rejected(let letter) = ask.outcome(in: log, at: place, from: 0) else {
      Issue.record("the dead letter is not accepted as an answer")
      return
    }
    #expect(letter.reason == "contradicts-result")
    // It has been replayed since.
    log.take(Self.booked("w1"))
    guard case .done(let notices) = ask.outcome(in: log, at: place, from: 0) else {
      Issue.record("the notices are not accepted as an answer")
      return
    }
    #expect(notices.map(\.envelope.type) == [WithdrawalPaid.type, WithdrawalBooked.type])
    // Earlier messages answer something else.
    guard case .rejected = ask.outcome(in: log, at: place, from: log.entries.count) else {
      Issue.record("an earlier notice is accepted as the answer")
      return
    }
  }

  @Test func aServiceMayDecideOtherwise() throws {
    var log = AccountLog(of: ["olena"])
    let ask = WithdrawalsDesk.approval(of: Self.row(.awaitingApproval), Self.decision, log)
    log.take(try #require(Self.notices(.declined).last))
    guard case .declined = ask.outcome(in: log, at: Letter.Place(topic: "decisions", partition: 0, offset: 0), from: 0) else {
      Issue.record("the outcome is not `declined`")
      return
    }
  }

  private static func booked(_ request: RequestID) -> WithdrawalBooked {
    WithdrawalBooked(
      request: request, referrer: "olena", amount: 60_000, currency: "USD", at: noon, balance: balance, terms: "cash@1",
      because: [])
  }

  private static func letter(at place: Letter.Place) -> Letter {
    Letter(
      id: Letter.ID(service: .payouts, partition: 2, offset: 5), time: noon, reason: "contradicts-result", detail: "why",
      origin: .record(place), key: "olena", type: PayoutSettled.type, replayOf: nil, wholeSize: nil, obstacle: nil)
  }

  // MARK: Files

  @Test func anExportComesBackAsItWent() throws {
    let text = [PayoutFile.header, PayoutFile.fields(Self.row(.instructed))].map(PayoutFile.text).joined(separator: "\r\n")
    #expect(
      text == "payout,program,referrer,recipient,amount,currency,idempotencyKey\r\nw1#1,cash,olena,acct-7,600.00,USD,key")
    let line = try #require(PayoutFile.lines(text, "f").first)
    #expect(line.payout == "w1#1" && line.program == "cash" && line.referrer == "olena")
    #expect(line.amount == "600.00" && line.currency == "USD" && line.reference == nil)
  }

  @Test(arguments: [#"a "b", c"#, "two\nlines", "semi;colon", " blanks ", "", "plain"])
  func everyTextIsOneField(_ text: String) throws {
    let file = "payout,reason,at\n" + PayoutFile.text(["p1", text, "2026-03-22"]) + "\n"
    let line = try #require(PayoutFile.lines(file, "f").first)
    #expect(line.reason ?? "" == text)
    #expect(line.at == Instant(written: "2026-03-22"))
  }

  @Test func spreadsheetsOfManyCountriesAreRead() throws {
    for file in ["PAYOUT;Reference;x\r\n\r\np1; t 1 ;y\r\np2;;\r\n", "Payout\tReference\np1\tt 1\np2"] {
      let lines = try PayoutFile.lines(file, "f")
      #expect(lines.map(\.payout) == ["p1", "p2"] && lines.map(\.reference) == ["t 1", nil])
    }
    #expect(try PayoutFile.lines("payout\np1\np2", "f").map(\.place) == ["f:2", "f:3"])
    #expect(try PayoutFile.lines("payout,reason\np1,\"a\nb\"\np2,\n", "f").map(\.place) == ["f:2", "f:4"])
  }

  @Test(arguments: [
    ("", "f: it is empty"), ("id,amount\n1,2", "f:1: no column is named payout; it has 'id' and 'amount'"),
    (
      "payout,at\np1,soon\n,2026-01-01",
      "f:2: at: 'soon' is not an instant such as 2026-01-28T09:00:00Z\nlaurel: f:3: payout is missing"
    ),
    ("payout,reason\np1,\"open\n", "f:2: a quotation mark is not closed"),
  ])
  func whatIsWrongWithAFileIsSaid(_ text: String, _ problem: String) {
    let failure = #expect(throws: CommandFailure.self) { try PayoutFile.lines(text, "f") }
    #expect(failure?.description.hasPrefix(problem) == true, "\(failure?.description ?? "")")
  }

  /// One wrong line stops the whole file.
  @Test func aFileThatDiffersFromThePayoutsPublishesNothing() throws {
    var book = WithdrawalBook()
    for notice in Self.notices(.instructed) { book.add(notice, of: "cash") }
    func reports(_ text: String) throws -> Int {
      try PayoutsDesk.reports(PayoutFile.lines(text, "f"), book, WithdrawalBook.Filter(), on: Bus(bootstrap: "broker:1")).count
    }
    #expect(try reports("payout,amount,currency\nw1#1,600.00,USD") == 1)
    for (text, problem) in [
      ("payout,amount\nw1#1,60.00", "f:2: w1#1: its amount is 600.00, not 60.00"),
      ("payout,amount\nw1#1,60000", "f:2: w1#1: its amount is 600.00, not 60000"),
      ("payout,currency\nw1#1,EUR", "f:2: w1#1: its currency is USD, not EUR"),
      ("payout\nw1#1\nw1#1", "f:3: w1#1 is named twice"), ("payout,referrer\nw1#1,taras", "f:2: broker:1 knows no payout 'w1#1'"),
    ] {
      let failure = #expect(throws: CommandFailure.self) { try reports(text) }
      #expect(failure?.description.hasPrefix(problem) == true && failure?.description.hasSuffix("nothing was published") == true)
    }
  }
}

extension AccountLog {
  /// Adds a message as if it had been read from the bus.
  fileprivate mutating func take(_ message: any Message, program: String = "cash") {
    let envelope = Envelope(id: "x", source: "/t", type: type(of: message).type, program: ProgramID(program))
    let place = Letter.Place(topic: type(of: message).topic.name, partition: 0, offset: Int64(entries.count))
    add(message, envelope, data: message.jsonBytes(), at: place)
  }
}
