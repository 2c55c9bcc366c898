/// Why a record went to the dead-letter topic.
public enum DeadLetterReason: String, CaseIterable, Codable, Hashable, Sendable {
  /// Not a CloudEvent, not JSON, a missing field, a wrong type, an unknown word, an instant outside ``Instant/range``.
  case malformed
  /// A body over ``Envelope/maximumBodyBytes``.
  case oversized
  /// A JSON object names one member twice.
  case duplicateKey = "duplicate-key"
  /// A number beyond Int64.
  case outOfRange = "out-of-range"
  case notUTF8 = "not-utf8"
  /// The business key was seen before, with other content (DECISIONS R3).
  case conflictingDuplicate = "conflicting-duplicate"
  /// The `program` is none of the deployment's.
  case unknownProgram = "unknown-program"
  /// No `program`, and the deployment has several.
  case missingProgram = "missing-program"
  /// The type belongs on another topic (DECISIONS R3b).
  case wrongTopic = "wrong-topic"
  /// Dated further in the future than a deployment allows.
  case futureTime = "future-time"
  /// An amount would leave Int64.
  case overflow
  /// A refund, a request or a dispute of a payment whose refund window has closed (terms: `reward.refundWindow`).
  case refundWindowClosed = "refund-window-closed"
  /// A result of a payout that an earlier one, or the end of its withdrawal, rules out (DECISIONS C10c).
  case contradictsResult = "contradicts-result"
  /// A spend is given back that was not captured, or of which nothing is left (DECISIONS A9d).
  case nothingToReturn = "nothing-to-return"
  /// A correction in a program that keeps no balances (DECISIONS, "corrected").
  case noBalance = "no-balance"
  /// An operator ends the referral of an account that has none (DECISIONS A1e).
  case noReferral = "no-referral"
  /// The type is none of the contract's, and looks like one: misspelt, or of a later release.
  case unknownType = "unknown-type"
}

/// A record that is not processed: the reason, and a sentence for the person who looks at it.
public struct Rejection: Error, Equatable, Sendable, CustomStringConvertible {
  public let reason: DeadLetterReason
  public let detail: String

  /// A detail can quote what it rejects and be as long. It is cut, because it becomes a header and a line of the log.
  public init(_ reason: DeadLetterReason, _ detail: String) {
    self.reason = reason
    self.detail = detail.utf8.count > 1000 ? String(String.UnicodeScalarView(detail.unicodeScalars.prefix(250))) + "…" : detail
  }

  public var description: String { "\(reason.rawValue): \(detail)" }
}
