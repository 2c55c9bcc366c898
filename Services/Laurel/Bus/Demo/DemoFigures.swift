import Contracts

/// A result that the examples must have.
struct DemoFigure: Sendable {
  let program: String
  let text: String
  let holds: @Sendable ([DemoNotice]) -> Bool

  static let all: [DemoFigure] = [
    DemoFigure("bonus", "a payment of 405,000.00 KZT earns acme 40,500.00 KZT", RewardAccrued.self) { found in
      found.map { [$0.base, $0.amount, $0.rate?.value] } == [[40_500_000, 4_050_000, 1000]]
    },
    DemoFigure("bonus", "credited on 24 Jan 2026 09:00 UTC, 14 days after the payment", RewardCredited.self) { found in
      found.map { [$0.amount, $0.creditedAt.milliseconds] } == [[4_050_000, instant("2026-01-24T09:00:00Z")]]
    },
    DemoFigure("bonus", "beta's welcome offer of 10 % lasts 21 days", OfferOpened.self) { found in
      found.map { [Int64($0.percent), $0.expiresAt.milliseconds] } == [[10, instant("2026-01-26T09:00:00Z")]]
    },
    DemoFigure("bonus", "30,000.00 KZT set aside for the invoice", BonusReserved.self) { found in
      found.map { [$0.amount, $0.balance.reserved, $0.balance.available] } == [[3_000_000, 3_000_000, 1_050_000]]
    },
    DemoFigure("bonus", "30,000.00 KZT spent; 10,500.00 KZT stay available", BonusCaptured.self) { found in
      found.map { [$0.balance.spent, $0.balance.reserved, $0.balance.available] } == [[3_000_000, 0, 1_050_000]]
    },
    DemoFigure("cash", "payments of 60, 40 and 10 USD earn 6.00, 4.00 and 0.10 USD", RewardAccrued.self) { found in
      found.map { [$0.base, $0.amount] } == [[6000, 600], [4000, 400], [1000, 10]]
    },
    DemoFigure("cash", "each can be withdrawn 30 days after its payment", RewardUnlocked.self) { found in
      found.map(\.at.milliseconds) == ["2026-03-12T09:00:00Z", "2026-03-13T09:00:00Z", "2026-03-14T09:00:00Z"].map(instant)
    },
    DemoFigure("cash", "10.10 USD set aside for the withdrawal", WithdrawalReserved.self) { found in
      found.map { [$0.amount, $0.balance.reserved, $0.balance.available] } == [[1010, 1010, 0]]
    },
    DemoFigure("cash", "one payout instructed: w1#1, 10.10 USD", PayoutInstructed.self) { found in
      found.map(\.payout.value) == ["w1#1"] && found.map(\.amount) == [1010]
    },
    DemoFigure("cash", "the withdrawal is paid", WithdrawalPaid.self) { found in found.map(\.amount) == [1010] },
    DemoFigure("cash", "and booked: 10.10 USD paid out, 0.00 USD left", WithdrawalBooked.self) { found in
      found.map { [$0.balance.paid, $0.balance.reserved, $0.balance.available] } == [[1010, 0, 0]]
    },
    DemoFigure("tiers", "25 referrals active", ReferralActivated.self) { found in
      Set(found.map(\.referee)).count == 25 && found.count == 25
    },
    DemoFigure(
      "tiers", "on the 28th 40 % for the first company (20 slots) and 5 % for the second (5 slots)", DiscountAssigned.self
    ) { found in
      Set(found.map { "\($0.company) \($0.percent) \($0.slots) of \($0.activeReferrals)" }) == [
        "south 40 20 of 25", "north 5 5 of 25",
      ]
        && found.allSatisfy { $0.asOf.milliseconds == instant("2026-04-28T00:00:00Z") && $0.period == "2026-04" }
        && found.count == 2
    },
    DemoFigure("tiers", "each discount applied once, to the company's next invoice", DiscountApplied.self) { found in
      found.map { "\($0.invoice) \($0.percent)" } == ["south-2026-05 40", "north-2026-05 5"]
    },
    DemoFigure(program: "all", text: "every notice arrived once, and no sequence has a gap") { notices in
      let ids = Set(notices.map(\.envelope.id))
      let places = Dictionary(grouping: notices) { [$0.program, $0.topic.name, $0.message.key] }
      let contiguous = places.values.allSatisfy { of in
        of.compactMap(\.envelope.sequence).sorted() == (1...Int64(of.count)).map { $0 }
      }
      return !notices.isEmpty && ids.count == notices.count && contiguous
    },
  ]

  private init(program: String, text: String, holds: @escaping @Sendable ([DemoNotice]) -> Bool) {
    self.program = program
    self.text = text
    self.holds = holds
  }

  /// A figure of the program's notices of one type, in order of time.
  private init<M: Message>(_ program: String, _ text: String, _ type: M.Type, _ holds: @escaping @Sendable ([M]) -> Bool) {
    self.init(program: program, text: text) { notices in
      holds(notices.filter { $0.program == program }.compactMap { $0.message as? M }.sorted { $0.instant < $1.instant })
    }
  }

  private static func instant(_ text: String) -> Int64 { Instant(rfc3339: text)?.milliseconds ?? -1 }
}

/// Explains a kind of notice to someone who sees it for the first time.
enum DemoMeaning {
  static func of(_ notice: DemoNotice) -> String? {
    switch notice.message {
    case is CodeIssued: "A referrer requests a code once and can share the link any number of times."
    case is ReferralAttributed:
      "The registration named the code, so the referee is attributed to its referrer. Only an operator can change that."
    case is OfferOpened: "The new client's own discount, valid for 21 days. If it expires, the referral stays."
    case is OfferUsed: "The client's first payment for one of the offer's plans came in time."
    case let accrued as RewardAccrued where accrued.rate?.value == 100:
      "The referee's earlier payments add up to more than 75.00, so the rate is now 1 %."
    case is RewardAccrued: "The rate times the amount received, rounded half up once. The terms set when it can be used."
    case is RewardCredited where notice.program == "bonus":
      "A timer in the service's state fired, 14 days after the payment to the millisecond."
    case is RewardCredited: "It is on the balance at once, but held until it can be withdrawn."
    case is RewardUnlocked: "Each reward can be withdrawn 30 days after its own payment."
    case is BonusReserved: "The bonus is set aside first, so that it cannot pay two invoices."
    case is BonusCaptured: "The bonus set aside has paid the invoice. The rest stays available."
    case is WithdrawalOpened: "The payouts service asks the ledger for the money."
    case is WithdrawalReserved: "The ledger, which alone changes balances, has set the money aside."
    case is PayoutInstructed: "The provider gets an instruction whose id was fixed in advance, so it can never pay twice."
    case is WithdrawalPaid: "The provider reports that the money has arrived."
    case is WithdrawalBooked: "The ledger books the payout. Nothing is left on the balance."
    case is ReferralActivated:
      "The trial has ended. The referee has paid since then, and its subscription is active: the referral is active."
    case is DiscountAssigned:
      "The run at 00:00 on the 28th shares out 25 active referrals: up to 20 to the first company in order, 5 to the next."
    case is DiscountApplied: "The first invoice after the run uses up the discount."
    default: nil
    }
  }
}
