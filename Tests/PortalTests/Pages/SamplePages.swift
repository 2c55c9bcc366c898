import Contracts
import Foundation
import PortalAccess
import QR
import Terms
import TermsFiles

@testable import Portal

/// Every page in every state, of the three programs that are shipped: with nothing, with something, and with as much as a page holds.
struct SamplePages {
  struct Sample: Sendable {
    let name: String
    let bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  private let programs: Programs
  private let language: Language
  private let now: Instant

  /// All pages in one language.
  static func all(_ code: Language.Code) throws -> [Sample] { try SamplePages(code).samples() }

  init(_ code: Language.Code) throws {
    programs = try TermsFiles.load(directory: CatalogueTests.root.appending(path: "ops/terms").path)
    language = Language.of(code)
    now = try Self.instant("2026-02-10T10:42:07Z")
  }

  static func instant(_ text: String) throws -> Instant {
    guard let instant = Instant(rfc3339: text) else { throw CocoaError(.formatting) }
    return instant
  }

  private static func id<Kind>(_ text: String) throws -> Identifier<Kind> {
    guard let id = Identifier<Kind>(text) else { throw CocoaError(.formatting) }
    return id
  }

  func context(_ program: String, path: String = "", rights: Set<Right> = [.read, .code, .order, .withdraw]) throws -> PageContext
  {
    let id: ProgramID = try Self.id(program)
    guard let terms = programs[id]?.version(at: now) else { throw CocoaError(.coderValueNotFound) }
    let session = Session(
      id: "s1", account: try Self.id("ooo-romashka"), programs: programs.all.map(\.id), rights: rights,
      companies: (1...3).map { Named(id: "co-\($0)", name: "Company \($0)") },
      recipients: [
        Named(id: "iban-1", name: "UA 21 3223 1300 0002 6007 2335 6600 1"), Named(id: "card-2", name: "Visa •• 4411"),
      ], startedAt: now, expiresAt: now + .hours(8))
    return PageContext(
      session: session, programs: session.programs, terms: terms, localized: language, basePath: "/referrals",
      path: "/referrals/\(program)\(path)", query: "",
      freshness: Freshness(asOf: now), now: now, request: "req-0001", formToken: "token")
  }

  private func samples() throws -> [Sample] {
    try overviews() + lists() + whys() + discounts() + withdrawals() + requests() + others() + errors()
  }

  private func sample(_ name: String, _ bytes: [UInt8]) -> Sample {
    Sample(name: "\(name).\(language.code.rawValue)", bytes: bytes)
  }

  // MARK: Overview

  private func summary(_ currency: Currency, offer: Offer? = nil) -> Summary {
    var summary = Summary()
    summary.codes = [
      IssuedCode(code: "ROMASHKA", link: "https://doc.example/?ref=ROMASHKA", at: now - .days(90)),
      IssuedCode(code: "K7QF2M", link: "https://doc.example/?ref=K7QF2M", at: now - .days(20)),
    ]
    summary.clicks = Clicks(counted: 1284, rejected: 21)
    summary.referees = RefereeCounts([.registered: 31, .earning: 12, .active: 17, .ended: 2, .rejected: 3])
    var balance = Balance(
      currency: currency, pending: 4_050_000, available: 12_345_678, locked: 250_000, reserved: 1_000_000, spent: 35_000_000,
      paid: 0,
      reversed: 405_000)
    balance.corrected = 50_000
    summary.balances = [
      CurrencyFigures(balance: balance, maturities: [Maturity(at: now + .days(9), amount: 4_050_000)])
    ]
    summary.offer = offer
    return summary
  }

  private func overviews() throws -> [Sample] {
    let bonus = try context("bonus")
    var stale = bonus
    stale.freshness = Freshness(asOf: nil, behind: 1234, sandbox: now, isStale: true)
    var overdrawn = summary("KZT")
    overdrawn.balances = [
      CurrencyFigures(balance: Balance(currency: "KZT", available: -20_000, spent: 60_000, reversed: 40_000)),
      CurrencyFigures(balance: Balance(currency: "USD", pending: 1, available: 0)),
    ]
    var cash = summary("USD")
    cash.openWithdrawals = [try withdrawal(.awaitingApproval)]
    let offer = Offer(percent: 10, plans: ["Business", "Start+"], expiresAt: now + .days(12) + .hours(3), state: .open)
    var lastDay = offer
    lastDay.expiresAt = now + .hours(5)
    var used = offer
    used.state = .used
    var expired = offer
    expired.state = .expired
    var fresh = Summary()
    fresh.codes = [summary("KZT").codes[1]]
    return [
      sample("overview-bonus", bonus.overview(summary("KZT", offer: offer))),
      sample("overview-cash", try context("cash").overview(cash)),
      sample("overview-tiers", try context("tiers").overview(summary("USD"))),
      sample("overview-nothing", bonus.overview(Summary())),
      sample("overview-no-right", try context("cash", rights: [.read]).overview(Summary())),
      sample("overview-no-referrals", bonus.overview(fresh)),
      sample("overview-stale", stale.overview(summary("KZT", offer: lastDay))),
      sample("overview-overdrawn", bonus.overview(overdrawn)),
      sample("overview-offer-used", bonus.overview(summary("KZT", offer: used))),
      sample("overview-offer-expired", bonus.overview(summary("KZT", offer: expired))),
    ]
  }

  // MARK: Lists

  private func referees(_ count: Int) throws -> [Referee] {
    let names = ["ТОО «Алтын Дән»", "Oʻzbekiston Agro Servis MChJ", "Northwind Traders", nil, "ФОП Шевченко Тарас Григорович"]
    return try (0..<count).map { index in
      let status = RefereeStatus.allCases[index % 5]
      return Referee(
        account: try Self.id("company-\(100_000 + index)"), label: names[index % names.count],
        registeredAt: now - .days(Int64(index)),
        status: status, reasons: status == .rejected ? ["prior-account"] : [], payments: Int64(index),
        earned: status == .earning ? ["KZT": 4_050_000 + Int64(index) * 1000] : [:])
    }
  }

  /// Notices of every type, as the ledger writes them.
  private func entries(_ count: Int, _ currency: Currency) throws -> [Entry] {
    let types = [
      "reward.accrued.v1", "reward.credited.v1", "bonus.captured.v1", "reward.declined.v1", "reward.reversed.v1",
      "bonus.reserved.v1",
      "withdrawal.booked.v1", "balance.corrected.v1", "reward.frozen.v1",
    ]
    return try (0..<count).map { index in
      let type = types[index % types.count]
      let isReward = type.hasPrefix("reward")
      return Entry(
        sequence: Int64(900_000 + count - index), type: type, at: now - .hours(Int64(index) * 7), currency: currency,
        amount: type == "reward.reversed.v1" ? -405_000 : 4_050_000,
        availableAt: type == "reward.accrued.v1" ? now + .days(14) : nil,
        balance: Balance(currency: currency, pending: 4_050_000, available: 12_345_678 - Int64(index) * 1000),
        referee: isReward ? try Self.id("company-\(100_000 + index)") : nil,
        label: index % 2 == 0 && isReward ? "ТОО «Алтын Дән»" : nil,
        payment: isReward ? "pay-\(70_000 + index)" : nil, invoice: type.hasPrefix("bonus") ? "inv-2026-\(index)" : nil,
        reasons: type == "reward.declined.v1" ? ["no-plan-line"] : type == "reward.frozen.v1" ? ["dispute"] : [],
        terms: "bonus@1",
        because: [
          Because(
            "base", ["plan": 30_000_000, "service": 10_500_000, "lines": 40_500_000, "paidWithBonus": 0, "base": 40_500_000]),
          Because("rate", ["rate": 1000, "base": 40_500_000, "amount": 4_050_000]),
          Because(
            "hold", ["creditAfter": "14d", "creditAt": .text("\(now)"), "availableAfter": "14d", "availableAt": .text("\(now)")]),
        ])
    }
  }

  private func lists() throws -> [Sample] {
    let (invited, book) = (try context("bonus", path: "/invited"), try context("bonus", path: "/book"))
    let counts = summary("KZT").referees
    let filtered = InvitedQuery(status: .earning, on: "2026-02-01", find: "алтын & \"дән\"", isContinued: true)
    return [
      sample(
        "invited", invited.invited(.init(items: try referees(50), next: "c50"), counts: counts, query: .init())),
      sample(
        "invited-tiers",
        try context("tiers", path: "/invited").invited(.init(items: try referees(7)), counts: counts, query: .init())),
      sample(
        "invited-filtered", invited.invited(.init(items: try referees(3), next: "c3"), counts: counts, query: filtered)),
      sample("invited-none", invited.invited(.init(items: []), counts: counts, query: filtered)),
      sample("invited-empty", invited.invited(.init(items: []), counts: .init(), query: .init())),
      sample(
        "book",
        book.book(
          .init(items: try entries(50, "KZT"), next: "c50"), currency: "KZT", currencies: ["KZT", "USD"], isContinued: true)
      ),
      sample(
        "book-short",
        book.book(.init(items: try entries(9, "USD")), currency: "USD", currencies: ["USD"], isContinued: false)),
      sample("book-empty", book.book(.init(items: []), currency: nil, currencies: [], isContinued: false)),
    ]
  }

  private func whys() throws -> [Sample] {
    let book = try context("bonus", path: "/book/1")
    let entries = try entries(9, "KZT")
    let bare = Entry(sequence: 1, type: "reward.invented.v9", at: now)
    return [
      sample("why-accrued", book.why(entries[0])), sample("why-declined", book.why(entries[3])),
      sample("why-frozen", book.why(entries[8])), sample("why-bare", book.why(bare)),
    ]
  }

  // MARK: Discounts

  private func discounts() throws -> [Sample] {
    let tiers = try context("tiers", path: "/discounts")
    let (first, second): (CompanyID, CompanyID) = (try Self.id("co-1"), try Self.id("co-2"))
    let companies = [
      Discounts.Company(company: first, name: "Romashka Logistics", percent: 20, slots: 17), Discounts.Company(company: second),
      Discounts.Company(company: try Self.id("co-3"), name: "Ромашка Сервис"),
    ]
    func assignment(_ state: Discounts.Assignment.State, invoice: String? = nil, reason: String? = nil) -> Discounts.Assignment {
      .init(
        company: first, percent: 20, activeReferrals: 17, slots: 17, state: state, at: now,
        invoice: invoice,
        reason: reason)
    }
    let runs = [
      Discounts.Run(period: "2026-01", asOf: now, assignments: [assignment(.open)]),
      Discounts.Run(period: "2025-12", asOf: now, assignments: [assignment(.applied, invoice: "inv-77")]),
      Discounts.Run(period: "2025-11", asOf: now, assignments: [assignment(.voided, reason: "company-canceled")]),
      Discounts.Run(period: "2025-10", asOf: now, skipped: ["pending-payments"]),
    ]
    return [
      sample("discounts", tiers.discounts(Discounts(active: 17, companies: companies, orderedAt: now, runs: runs))),
      sample("discounts-top", tiers.discounts(Discounts(active: 25, companies: [companies[0]], runs: runs))),
      sample("discounts-few", tiers.discounts(Discounts(active: 1, companies: companies))),
      sample("discounts-nothing", tiers.discounts(Discounts())),
    ]
  }

  // MARK: Withdrawals and requests

  private func withdrawal(_ state: Withdrawal.State, isOverdue: Bool = false) throws -> Withdrawal {
    let steps: [Withdrawal.Step.Kind] =
      switch state {
      case .opened: [.asked, .opened]
      case .awaitingApproval: [.asked, .opened, .awaitingApproval]
      case .instructed:
        isOverdue ? [.asked, .opened, .approved, .instructed, .dueSoon, .overdue] : [.asked, .opened, .instructed]
      case .paid: [.asked, .opened, .instructed, .paid]
      case .failed: [.asked, .opened, .instructed, .failed]
      case .returned: [.asked, .opened, .instructed, .paid, .returned]
      case .declined: [.asked, .canceled, .declined]
      }
    return Withdrawal(
      request: "w-77", amount: 101_000, currency: "USD", requestedAt: now - .days(11), dueAt: now - .days(1), state: state,
      isOverdue: isOverdue, isCancelable: state == .awaitingApproval || state == .opened,
      reasons: state == .declined ? ["below-minimum"] : [],
      steps: steps.enumerated().map { .init(kind: $0.element, at: now - .days(11) + .hours(Int64($0.offset) * 5)) })
  }

  private func withdrawals() throws -> [Sample] {
    let cash = try context("cash", path: "/withdraw")
    var stale = cash
    stale.freshness = Freshness(asOf: nil, behind: 3, isStale: true)
    var alone = cash
    alone.session.recipients = []
    let usd = CurrencyFigures(
      balance: Balance(currency: "USD", available: 12_550, locked: 3000, reserved: 0, paid: 90_000),
      maturities: [Maturity(at: now + .days(3), amount: 1000)])
    let kzt = CurrencyFigures(balance: Balance(currency: "KZT", available: 5_000_000))
    let none = CurrencyFigures(
      balance: Balance(currency: "USD", locked: 600), maturities: [Maturity(at: now + .days(3), amount: 600)])
    let past = try [Withdrawal.State.paid, .failed, .returned, .declined].map { try withdrawal($0) }
    let wrong = WithdrawalForm(amount: "1 000 000", currency: "USD", recipient: "nobody", faults: [.most(12_550), .recipient])
    return [
      sample("withdraw", cash.withdraw([usd], withdrawals: past)),
      sample("withdraw-two", cash.withdraw([kzt, usd], withdrawals: [])),
      sample("withdraw-wrong", cash.withdraw([usd], withdrawals: past, form: wrong)),
      sample("withdraw-amount", cash.withdraw([usd], withdrawals: [], form: .init(amount: "x", faults: [.amount]))),
      sample("withdraw-least", stale.withdraw([usd], withdrawals: [], form: .init(amount: "1", faults: [.least(1000)]))),
      sample("withdraw-open", cash.withdraw([usd], withdrawals: [try withdrawal(.awaitingApproval)] + past)),
      sample("withdraw-overdue", cash.withdraw([usd], withdrawals: [try withdrawal(.instructed, isOverdue: true)])),
      sample("withdraw-nothing", cash.withdraw([none], withdrawals: [])),
      sample("withdraw-no-account", cash.withdraw([], withdrawals: [])),
      sample("withdraw-no-right", try context("cash", rights: [.read]).withdraw([usd], withdrawals: [])),
      sample("withdraw-no-recipient", alone.withdraw([usd], withdrawals: [])),
    ]
  }

  private func requests() throws -> [Sample] {
    let cash = try context("cash", path: "/requests/r1")
    func status(
      _ type: String, _ state: RequestStatus.State, age: Int64 = 1, accepted: Bool = false, answer: String? = nil,
      reasons: [String] = []
    ) -> RequestStatus {
      RequestStatus(
        request: "0b7e-41", type: type, at: now - .seconds(age), state: state, answer: answer, isAccepted: accepted,
        reasons: reasons)
    }
    return [
      sample("request-stored", cash.progress(of: status(CodeRequested.type, .stored))),
      sample("request-sent", cash.progress(of: status(CompanyOrderSet.type, .sent))),
      sample("request-recorded", cash.progress(of: status(WithdrawalRequested.type, .recorded))),
      sample("request-slow", cash.progress(of: status(WithdrawalRequested.type, .recorded, age: 61))),
      sample("request-code", cash.progress(of: status(CodeRequested.type, .answered, accepted: true))),
      sample("request-order", cash.progress(of: status(CompanyOrderSet.type, .answered, accepted: true))),
      sample("request-withdrawal", cash.progress(of: status(WithdrawalRequested.type, .answered, accepted: true))),
      sample("request-cancel", cash.progress(of: status(WithdrawalCanceled.type, .answered, accepted: true))),
      sample(
        "request-taken", cash.progress(of: status(CodeRequested.type, .answered, answer: CodeDeclined.type, reasons: ["taken"]))
      ),
      sample(
        "request-declined",
        cash.progress(of: status(WithdrawalRequested.type, .answered, reasons: ["already-open", "new-reason"]))),
      sample(
        "request-spend-only",
        cash.progress(of: status(WithdrawalRequested.type, .answered, answer: BonusDeclined.type, reasons: ["not-withdrawable"]))),
      sample("request-other", cash.progress(of: status(SpendRequested.type, .answered, accepted: true))),
    ]
  }

  // MARK: The rest

  private func others() throws -> [Sample] {
    let code = summary("KZT").codes[0]
    guard let qr = QRCode(code.link) else { throw CocoaError(.coderInvalidValue) }
    let bonus = try context("bonus", path: "/help")
    var next = bonus.terms
    next.version = 2
    next.effectiveFrom = now + .days(30)
    var rich = bonus
    rich.terms.reward?.pay = .rates([
      .init(plan: "Business", rate: rate(2000)), .init(kind: .service, rate: rate(500)),
      .init(category: "setup", rate: rate(250)),
      .init(rate: rate(100)),
    ])
    rich.terms.reward?.maxPayments = 12
    rich.terms.reward?.earnsFor = .days(365)
    rich.terms.reward?.refundWindow = .days(180)
    rich.terms.reward?.maxPerReferee = ["USD": 10_000, "KZT": 5_000_000]
    rich.terms.reward?.creditAfter = .days(7)
    rich.terms.attribution.referrer = Eligibility(kinds: [.individual, .soleTrader], countries: [])
    rich.terms.withdrawal = WithdrawalTerms(
      approvalAbove: .above([:]), minimum: ["USD": 1000], dueSoonAfter: .days(2), dueAfter: .hours(36))
    var fixed = rich
    fixed.terms.reward?.pay = .amount(["USD": 500, "KZT": 200_000])
    fixed.terms.reward?.maxPayments = 1
    fixed.terms.reward?.availableAfter = .zero
    fixed.terms.withdrawal?.approvalAbove = .never
    var bare = bonus
    bare.terms.reward = nil
    bare.terms.spending = nil
    bare.terms.welcomeOffer = nil
    return [
      sample("poster", bonus.poster(code, svg: qr.svg)), sample("help-bonus", bonus.help(next: next)),
      sample("help-cash", try context("cash", path: "/help").help(next: nil)),
      sample("help-tiers", try context("tiers", path: "/help").help(next: nil)),
      sample("help-rich", rich.help(next: nil)),
      sample("help-fixed", fixed.help(next: nil)), sample("help-bare", bare.help(next: nil)),
    ]
  }

  private func rate(_ value: Int64) -> BasisPoints { BasisPoints(value) ?? .zero }

  private func errors() throws -> [Sample] {
    let failures: [PageFailure] = [
      .signedOut, .forbidden, .notFound, .staleForm, .tooMany, .rebuilding(.init(percent: 63, secondsLeft: 40)), .failed,
    ]
    return failures.enumerated().map { index, failure in
      sample(
        "error-\(index)-\(failure.status)", failure.page(language, basePath: "/referrals", hasSession: true))
    }
  }
}
