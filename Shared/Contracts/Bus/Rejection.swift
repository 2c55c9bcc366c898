/// Why a record was rejected and sent to the dead-letter topic.
public enum DeadLetterReason: String, CaseIterable, Codable, Hashable, Sendable {
  /// Not a CloudEvent, not JSON, a missing field, a wrong type, an unknown word, an instant outside ``Instant/range``.
  case malformed
  /// A body over ``Envelope/maximumBodyBytes``.
  case oversized
  /// A JSON object has one member twice.
  case duplicateKey = "duplicate-key"
  /// A number beyond Int64.
  case outOfRange = "out-of-range"
  case notUTF8 = "not-utf8"
  /// The business key was received before with different content (DECISIONS R3).
  case conflictingDuplicate = "conflicting-duplicate"
  /// The deployment does not have this `program`.
  case unknownProgram = "unknown-program"
  /// `program` is absent, and the deployment has several.
  case missingProgram = "missing-program"
  /// The type belongs on another topic (DECISIONS R3b).
  case wrongTopic = "wrong-topic"
  /// The event is dated further in the future than the deployment allows.
  case futureTime = "future-time"
  /// An amount would exceed `Int64`.
  case overflow
  /// A refund, a request or a dispute came after the refund window of its payment (terms: `reward.refundWindow`).
  case refundWindowClosed = "refund-window-closed"
  /// A payout result contradicts an earlier one or the end of its withdrawal (DECISIONS C10c).
  case contradictsResult = "contradicts-result"
  /// A spend to be returned was not captured, or was already returned in full (DECISIONS A9d).
  case nothingToReturn = "nothing-to-return"
  /// A correction for a program that keeps no balances (DECISIONS, "corrected").
  case noBalance = "no-balance"
  /// A referral to be ended by an operator does not exist (DECISIONS A1e).
  case noReferral = "no-referral"
  /// The type is not part of the contract but looks like it: misspelled, or from a later release.
  case unknownType = "unknown-type"
}

/// Why a record is not processed: the reason, and a sentence for people.
public struct Rejection: Error, Equatable, Sendable, CustomStringConvertible {
  public let reason: DeadLetterReason
  public let detail: String

  /// The detail may quote the rejected text. It is cut because it becomes a header and a log line, and control characters are escaped, so
  /// that it cannot forge a line or move a terminal's cursor.
  public init(_ reason: DeadLetterReason, _ detail: String) {
    self.reason = reason
    let cut = detail.utf8.count > 1000 ? String(String.UnicodeScalarView(detail.unicodeScalars.prefix(250))) + "…" : detail
    self.detail = cut.unicodeScalars.contains(where: Self.isControl) ? Self.escaped(cut) : cut
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { isControl($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
  }

  /// Control characters, and those that change the direction of text.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  public var description: String { "\(reason.rawValue): \(detail)" }
}
