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
  /// The message is part of the contract, but this release has no rule for it yet.
  case notYet = "not-yet"
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
