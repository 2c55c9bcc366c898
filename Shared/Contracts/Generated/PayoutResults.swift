// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// The provider paid. The money is booked, whatever was reported before (C10c).
public struct PayoutSettled: Message, Codable, HasPayout {
  public static let type = "payout.settled.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The payout, as in `payout.instructed.v1`.
  public var payout: PayoutID
  /// Who is paid, as in `payout.instructed.v1`.
  public var referrer: AccountID
  /// When the provider says that it happened.
  public var at: Instant
  /// The provider's own number of the transfer.
  public var reference: String?
  /// The provider's words.
  public var reason: String?

  public init(
    payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil
  ) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payout = try object.required("payout")
    referrer = try object.required("referrer")
    at = try object.required("at")
    reference = try object.optional("reference")
    reason = try object.optional("reason")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("reference", reference)
    json.member("reason", reason)
    json.endObject()
  }
}

/// The provider did not pay and never will. The money is available again.
public struct PayoutFailed: Message, Codable, HasPayout {
  public static let type = "payout.failed.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The payout, as in `payout.instructed.v1`.
  public var payout: PayoutID
  /// Who is paid, as in `payout.instructed.v1`.
  public var referrer: AccountID
  /// When the provider says that it happened.
  public var at: Instant
  /// The provider's own number of the transfer.
  public var reference: String?
  /// The provider's words.
  public var reason: String?

  public init(
    payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil
  ) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payout = try object.required("payout")
    referrer = try object.required("referrer")
    at = try object.required("at")
    reference = try object.optional("reference")
    reason = try object.optional("reason")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("reference", reference)
    json.member("reason", reason)
    json.endObject()
  }
}

/// Nobody knows yet whether the provider paid. The withdrawal stays open and is never instructed again.
public struct PayoutUnknown: Message, Codable, HasPayout {
  public static let type = "payout.unknown.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The payout, as in `payout.instructed.v1`.
  public var payout: PayoutID
  /// Who is paid, as in `payout.instructed.v1`.
  public var referrer: AccountID
  /// When the provider says that it happened.
  public var at: Instant
  /// The provider's own number of the transfer.
  public var reference: String?
  /// The provider's words.
  public var reason: String?

  public init(
    payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil
  ) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payout = try object.required("payout")
    referrer = try object.required("referrer")
    at = try object.required("at")
    reference = try object.optional("reference")
    reason = try object.optional("reason")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("reference", reference)
    json.member("reason", reason)
    json.endObject()
  }
}

/// The full amount of a payout came back. The money is available again (C10c).
public struct PayoutReturned: Message, Codable, HasPayout {
  public static let type = "payout.returned.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The payout, as in `payout.instructed.v1`.
  public var payout: PayoutID
  /// Who is paid, as in `payout.instructed.v1`.
  public var referrer: AccountID
  /// When the provider says that it happened.
  public var at: Instant
  /// The provider's own number of the transfer.
  public var reference: String?
  /// The provider's words.
  public var reason: String?

  public init(
    payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil
  ) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payout = try object.required("payout")
    referrer = try object.required("referrer")
    at = try object.required("at")
    reference = try object.optional("reference")
    reason = try object.optional("reason")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("reference", reference)
    json.member("reason", reason)
    json.endObject()
  }
}
