import Contracts
import JSON
import Testing

@Suite("Messages")
struct MessageTests {
  /// The order of members matters: a replay must give the same bytes.
  @Test("Old JSON decodes forever, and is written again as it was", arguments: GoldenMessage.all)
  func golden(_ message: GoldenMessage) throws {
    func roundTrip<M: Message>(_ type: M.Type) throws -> String {
      let parser = JSONParser()
      let first = try parser.decode(type, from: Array(message.json.utf8))
      let bytes = first.jsonBytes()
      #expect(try parser.decode(type, from: bytes) == first)
      return String(decoding: bytes, as: UTF8.self)
    }
    #expect(try roundTrip(message.type) == message.json)
  }

  @Test("Every registered type has golden JSON, and every golden type is registered")
  func complete() {
    let registered = MessageRegistry.all.map { $0.type }
    #expect(Set(registered).count == registered.count)
    #expect(Set(registered) == Set(GoldenMessage.all.map { $0.type.type }))
    for type in MessageRegistry.all {
      #expect(MessageRegistry.type(named: type.type) == type)
      #expect(Topic.catalogue.contains(type.topic))
      #expect(type.topic.kind == (type is any Notice.Type ? .notices : type.topic == .clock ? .clock : .input))
    }
    #expect(MessageRegistry.type(named: "payment.settled.v2") == nil)
  }

  @Test("Unknown members are ignored and counted")
  func unknownMembers() throws {
    let text = #"{"account":"a","closedAt":"2026-01-06T09:00:00Z","colour":"red","size":{"a":1}}"#
    let parser = JSONParser()
    let message = try parser.decode(AccountClosed.self, from: Array(text.utf8))
    #expect(message == AccountClosed(account: "a", closedAt: Instant(milliseconds: 1_767_690_000_000)))
    #expect(parser.unknownFields == ["colour", "size"])
  }

  struct Place: Sendable, CustomTestStringConvertible {
    let type: any Message.Type
    let topic: Topic
    let key: String
    let businessID: String?
    init(_ type: any Message.Type, _ topic: Topic, _ key: String, _ businessID: String? = nil) {
      (self.type, self.topic, self.key, self.businessID) = (type, topic, key, businessID)
    }
    var testDescription: String { type.type }
  }

  /// The keys from CONTRACTS.md's table of topics, and the ids from DECISIONS R3.
  static let places: [Place] = [
    Place(AccountRegistered.self, .accounts, "acme"), Place(AccountUpdated.self, .accounts, "acme"),
    Place(AccountClosed.self, .accounts, "acme"), Place(AccountReopened.self, .accounts, "acme"),
    Place(AccountLabeled.self, .accounts, "acme"), Place(LinkVisited.self, .clicks, "ACME"),
    Place(SubscriptionChanged.self, .billing, "acme"), Place(CompanyClosed.self, .billing, "acme"),
    Place(InvoiceIssued.self, .billing, "acme"), Place(InvoiceSettled.self, .billing, "acme"),
    Place(InvoiceVoided.self, .billing, "acme"), Place(PaymentSettled.self, .billing, "acme", "p1"),
    Place(RefundRequested.self, .billing, "acme"), Place(RefundDeclined.self, .billing, "acme"),
    Place(PaymentRefunded.self, .billing, "acme", "r1"), Place(RefundFailed.self, .billing, "acme", "r1"),
    Place(PaymentDisputed.self, .billing, "acme"),
    Place(DisputeClosed.self, .billing, "acme"), Place(CodeRequested.self, .requests, "acme", "w2"),
    Place(CompanyOrderSet.self, .requests, "acme", "w2"), Place(SpendRequested.self, .requests, "acme", "w2"),
    Place(SpendCaptured.self, .requests, "acme", "w2"), Place(SpendReleased.self, .requests, "acme", "w2"),
    Place(SpendReturned.self, .requests, "acme", "t1"),
    Place(WithdrawalRequested.self, .requests, "acme", "w2"), Place(WithdrawalCanceled.self, .requests, "acme", "w2"),
    Place(WithdrawalApproved.self, .decisions, "acme", "w2"), Place(WithdrawalRejected.self, .decisions, "acme", "w2"),
    Place(ReferralAssignRequested.self, .decisions, "acme", "w2"), Place(ReferralEndRequested.self, .decisions, "acme", "w2"),
    Place(CorrectionRequested.self, .decisions, "acme", "w2"),
    Place(PayoutSettled.self, .payoutResults, "acme"), Place(PayoutFailed.self, .payoutResults, "acme"),
    Place(PayoutUnknown.self, .payoutResults, "acme"), Place(PayoutReturned.self, .payoutResults, "acme"),
    Place(ClockMoved.self, .clock, "7"),
    Place(CodeIssued.self, .referrals, "acme"), Place(CodeDeclined.self, .referrals, "acme"),
    Place(ClickCounted.self, .referrals, "ACME"), Place(ClickRejected.self, .referrals, "ACME"),
    Place(ReferralAttributed.self, .referrals, "beta"), Place(ReferralRejected.self, .referrals, "beta"),
    Place(ReferralEnded.self, .referrals, "beta"),
    Place(RewardAccrued.self, .rewards, "acme"), Place(RewardDeclined.self, .rewards, "acme"),
    Place(RewardCredited.self, .rewards, "acme"), Place(RewardUnlocked.self, .rewards, "acme"),
    Place(RewardFrozen.self, .rewards, "acme"), Place(RewardUnfrozen.self, .rewards, "acme"),
    Place(RewardAdjusted.self, .rewards, "acme"), Place(RewardReversed.self, .rewards, "acme"),
    Place(RewardRestored.self, .rewards, "acme"),
    Place(BonusReserved.self, .rewards, "acme"), Place(BonusCaptured.self, .rewards, "acme"),
    Place(BonusReleased.self, .rewards, "acme"), Place(BonusDeclined.self, .rewards, "acme"),
    Place(BonusReturned.self, .rewards, "acme"), Place(BalanceCorrected.self, .rewards, "acme"),
    Place(WithdrawalRestored.self, .rewards, "acme"),
    Place(WithdrawalReserved.self, .rewards, "acme"), Place(WithdrawalReleased.self, .rewards, "acme"),
    Place(WithdrawalBooked.self, .rewards, "acme"), Place(OfferOpened.self, .discounts, "acme"),
    Place(OfferUsed.self, .discounts, "acme"), Place(OfferExpired.self, .discounts, "acme"),
    Place(ReferralActivated.self, .discounts, "acme"), Place(ReferralDeactivated.self, .discounts, "acme"),
    Place(DiscountAssigned.self, .discounts, "acme"), Place(DiscountSkipped.self, .discounts, "acme"),
    Place(DiscountApplied.self, .discounts, "acme"), Place(DiscountVoided.self, .discounts, "acme"),
    Place(DiscountRestored.self, .discounts, "acme"), Place(CompanyOrderRecorded.self, .discounts, "acme"),
    Place(PayoutInstructed.self, .payouts, "acme"), Place(WithdrawalOpened.self, .payouts, "acme"),
    Place(WithdrawalAwaitingApproval.self, .payouts, "acme"), Place(WithdrawalPaid.self, .payouts, "acme"),
    Place(WithdrawalFailed.self, .payouts, "acme"), Place(WithdrawalReturned.self, .payouts, "acme"),
    Place(WithdrawalDeclined.self, .payouts, "acme"),
    Place(WithdrawalDueSoon.self, .payouts, "acme"), Place(WithdrawalOverdue.self, .payouts, "acme"),
  ]

  @Test("Topic, key and business id", arguments: places)
  func place(_ place: Place) throws {
    let golden = try #require(GoldenMessage.all.first { $0.type.type == place.type.type })
    let message = try JSONParser().decode(place.type, from: Array(golden.json.utf8)) as any Message
    #expect(place.type.topic == place.topic)
    #expect(message.key == place.key)
    #expect(message.businessID == place.businessID)
    // Every golden row's main instant is this one. Due and expiry instants differ.
    #expect(message.instant.description == "2026-01-06T09:00:00.000Z")
  }

  @Test("The table of places names every type")
  func placesComplete() {
    #expect(Set(Self.places.map { $0.type.type }) == Set(MessageRegistry.all.map { $0.type }))
  }
}
