import Contracts
import TestSupport
import Testing

@testable import Portal

/// Figures that depend on how many rows there are, or on what came before.
@Suite struct FiguresTests {
  private let notices: Notices
  private let account = Notices.account
  private let now = Notices.start

  init() throws { notices = try Notices() }

  // MARK: Codes

  /// Of many codes the newest is shared, and the clicks of all count.
  @Test func theNewestCodeIsShared() throws {
    for number in 1...25 {
      let code: Code = try id("CODE\(number)")
      try notices.put(
        CodeIssued(
          request: id("r\(number)"), account: account, code: code, link: "https://x.example/\(number)",
          at: now + .minutes(Int64(number)), terms: "cash@1", because: []))
      try notices.put(ClickCounted(code: code, at: now, terms: "cash@1", because: []))
    }
    try notices.put(ClickRejected(code: "CODE1", at: now, reasons: [], terms: "cash@1", because: []))
    let summary = try notices.summary()
    #expect(summary.codes.map(\.code) == (6...25).map { "CODE\($0)" })
    #expect(summary.shared?.link == "https://x.example/25")
    #expect(summary.clicks == Clicks(counted: 25, rejected: 1))
  }

  // MARK: Rewards on hold

  private func accrue(_ amount: Int64 = 500) throws {
    try notices.put(
      RewardAccrued(
        reward: "p1", referrer: account, referee: "r1", payment: "p1", amount: amount, currency: "USD", base: 5000,
        accruedAt: now,
        availableAt: now + .days(14), balance: balance, terms: "cash@1", because: []), sequence: 1)
  }

  private let balance = Balance(currency: "USD", pending: 500)

  private func freeze(_ cause: FreezeCause, _ causes: [FreezeCause], sequence: Int64) throws {
    try notices.put(
      RewardFrozen(
        reward: "p1", referrer: account, at: now, cause: cause, balance: balance, terms: "cash@1", because: held(causes)),
      sequence: sequence)
  }

  private func unfreeze(_ cause: FreezeCause, _ causes: [FreezeCause], sequence: Int64) throws {
    try notices.put(
      RewardUnfrozen(
        reward: "p1", referrer: account, at: now, cause: cause, balance: balance, terms: "cash@1", because: held(causes)),
      sequence: sequence)
  }

  private func held(_ causes: [FreezeCause]) -> [Because] {
    [Because("held", ["amount": 500, "causes": .list(causes.map(\.rawValue))])]
  }

  private func maturing() throws -> [Int64] { try notices.summary().balances.flatMap(\.maturities).map(\.amount) }

  @Test func aRewardIsHeldUntilItsLastCauseEnds() throws {
    try accrue()
    #expect(try maturing() == [500])
    try freeze(.refundRequested, [.refundRequested], sequence: 2)
    try freeze(.dispute, [.refundRequested, .dispute], sequence: 3)
    #expect(try maturing() == [])
    try unfreeze(.refundRequested, [.dispute], sequence: 4)
    #expect(try maturing() == [])
    try unfreeze(.dispute, [], sequence: 5)
    #expect(try maturing() == [500])
  }

  /// `laurel repair` writes a hidden notice again, after later ones.
  @Test func aNoticeThatComesLateHoldsNothing() throws {
    try accrue()
    try unfreeze(.dispute, [], sequence: 3)
    try freeze(.dispute, [.dispute], sequence: 2)
    #expect(try maturing() == [500])
  }

  /// A held reward that refunds took to 0 is released without a notice. When it comes back, it matures again.
  @Test(arguments: [false, true])
  func aRestoredRewardMatures(isHeldAgain: Bool) throws {
    try accrue()
    try freeze(.dispute, [.dispute], sequence: 2)
    try notices.put(
      RewardAdjusted(
        reward: "p1", referrer: account, refund: "f1", delta: -500, amount: 0, currency: "USD", at: now, balance: balance,
        terms: "cash@1", because: []), sequence: 3)
    #expect(try maturing() == [])
    try notices.put(
      RewardRestored(
        reward: "p1", referrer: account, delta: 500, amount: 500, currency: "USD", at: now, refund: "f1", balance: balance,
        terms: "cash@1", because: []), sequence: 4)
    if isHeldAgain { try freeze(.dispute, [.dispute], sequence: 5) }
    #expect(try maturing() == (isHeldAgain ? [] : [500]))
  }

  // MARK: Withdrawals

  private func decline(_ request: RequestID, at instant: Instant, _ reasons: [WithdrawalReason]) throws {
    try notices.put(
      WithdrawalDeclined(
        request: request, referrer: account, requestedAt: instant, at: instant, reasons: reasons, terms: "cash@1", because: []))
  }

  /// An open withdrawal stays on the pages, however many requests are declined after it.
  @Test func anOpenWithdrawalStaysVisible() throws {
    try notices.put(
      WithdrawalOpened(
        request: "w1", referrer: account, amount: 100, currency: "USD", requestedAt: now, dueAt: now + .days(10), at: now,
        terms: "cash@1", because: []))
    for number in 1...30 {
      let (request, at): (RequestID, Instant) = (try id("d\(number)"), now + .minutes(Int64(number)))
      try notices.put(
        WithdrawalRequested(
          request: request, account: account, requestedAt: at, amount: 1, currency: "USD", destination: "iban-1"))
      try decline(request, at: at, [.alreadyOpen])
    }
    #expect(try notices.summary().openWithdrawals.map(\.request) == ["w1"])
    let newest = try #require(try notices.model().withdrawals(account, Notices.program, limit: 20))
    #expect(newest.items.count == 20 && newest.items.allSatisfy { $0.state == .declined })
  }

  /// A cancellation is accepted only if the withdrawal was declined because of it.
  @Test(arguments: [([WithdrawalReason.canceled], true), ([.declinedByOperator], false)])
  func aCancellation(_ reasons: [WithdrawalReason], isAccepted: Bool) throws {
    try notices.put(
      WithdrawalRequested(request: "w1", account: account, requestedAt: now, amount: 1, currency: "USD", destination: "iban-1"))
    try notices.put(WithdrawalCanceled(request: "w1", account: account, canceledAt: now))
    try decline("w1", at: now, reasons)
    let found = try notices.model().request(account, Notices.program, "w1", type: WithdrawalCanceled.type)
    let status = try #require(found).status
    #expect(status.state == .answered && status.isAccepted == isAccepted)
    #expect(status.reasons == reasons.map(\.rawValue))
  }

  /// A withdrawal whose first notice was hidden keeps the instant of its request, whatever is read first.
  @Test(arguments: [false, true])
  func aWithdrawalKeepsTheInstantOfItsRequest(isRepaired: Bool) throws {
    try notices.put(
      PayoutInstructed(
        payout: "w1", request: "w1", referrer: account, amount: 100, currency: "USD", destination: "iban-1", attempt: 1,
        at: now + .days(3), terms: "cash@1", because: []), sequence: 2)
    if isRepaired {
      try notices.put(
        WithdrawalOpened(
          request: "w1", referrer: account, amount: 100, currency: "USD", requestedAt: now, dueAt: now + .days(10), at: now,
          terms: "cash@1", because: []), sequence: 1)
    } else {
      try notices.put(
        WithdrawalRequested(
          request: "w1", account: account, requestedAt: now, amount: 100, currency: "USD", destination: "iban-1"))
    }
    #expect(try notices.summary().openWithdrawals.map(\.requestedAt) == [now])
  }

  // MARK: Missing notices

  /// However many notices of a key are missing, all of them count when `laurel repair` writes them again.
  @Test func aLongGapIsFilled() throws {
    let count: Int64 = 3_000
    try notices.line(1, sequence: 1)
    try notices.line(count, sequence: count)
    var random = SplitMix64(seed: 5)
    for number in (2..<count).shuffled(using: &random) { try notices.line(number, sequence: number) }
    // Reading one twice has one effect.
    try notices.line(7, sequence: 7)
    let page = try notices.model().entries(account, Notices.program, currency: nil, limit: 5_000)
    #expect(page?.items.map(\.sequence) == (1...count).reversed())
  }

  // MARK: The file of the account book

  /// The file has every line, also when it is read in several parts.
  @Test(arguments: [0, 1, 1_000, 2_345])
  func theFileHasEveryLine(count: Int) throws {
    for number in 0..<count { try notices.line(Int64(number)) }
    _ = try notices.model()
    let file = BookFile(ModelPool(notices.path, state: FeedState()), account, Notices.program, currency: nil)
    var text = ""
    while let part = try file.next() { text += String(decoding: part, as: UTF8.self) }
    #expect(
      text.split(separator: "\r\n").map { $0.prefix { $0 != "," } } == (0..<count).map { Substring(String(count - $0)) })
  }
}
