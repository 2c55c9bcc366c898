import Contracts
import ServiceKit

extension Option.Kind {
  /// An instant in UTC. A day means its midnight.
  package static let instant = Option.Kind.checked(
    expected: "an instant in UTC such as 2026-01-28T00:00:00Z, or a day such as 2026-01-28"
  ) {
    Instant(written: $0) != nil
  }
}

extension Instant {
  /// Parses an instant of the command line: RFC 3339, or a day for its midnight in UTC. It must be between 1970 and 2199.
  package init?(written text: String) {
    guard let instant = Instant(rfc3339: text) ?? Instant(rfc3339: text + "T00:00:00Z"), Instant.range.contains(instant) else {
      return nil
    }
    self = instant
  }
}

extension Invocation {
  /// The error for options or operands that do not fit together.
  package func misuse(_ problems: [String]) -> UsageError {
    UsageError(command: (["laurel"] + path).joined(separator: " "), problems: problems)
  }

  package func misuse(_ problem: String) -> UsageError { misuse([problem]) }

  package func instant(_ name: String) -> Instant? { optionalText(name).flatMap(Instant.init(written:)) }
}
