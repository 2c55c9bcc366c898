import Contracts
import Terms

/// Rates, spans, instants and zones in terms.
extension TermsReader {
  /// An exact rate: `10%`, `0.5%`, or `1000bp`.
  func rate(_ field: Field) -> BasisPoints? {
    let wanted = "a percentage such as \"10%\" or \"0.5%\", or basis points such as \"1000bp\""
    guard let text = text(field, wanted: wanted) else { return nil }
    if text.hasSuffix("bp"), let points = wholeNumber(String(text.dropLast(2))) {
      return BasisPoints(points) ?? reject(field, "from 0bp to 10000bp")
    }
    guard text.hasSuffix("%") else { return reject(field, wanted) }
    let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard 1...2 ~= parts.count, let whole = wholeNumber(parts[0]), parts[0] != "-0" else { return reject(field, wanted) }
    // Read the digits instead of a Double, because 0.57 × 100 is 56.99… in binary.
    var fraction = parts.count == 2 ? Substring(parts[1]) : "0"
    guard !fraction.isEmpty, fraction.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return reject(field, wanted) }
    while fraction.hasSuffix("0") { fraction.removeLast() }
    if fraction.count > 2 {
      report(field, "must be whole basis points; \(text) is finer than one basis point (0.01%)")
      return nil
    }
    let hundredths = Int64(fraction + String(repeating: "0", count: 2 - fraction.count)) ?? 0
    guard 0...100 ~= whole, let rate = BasisPoints(whole * 100 + hundredths) else { return reject(field, "from 0% to 100%") }
    return rate
  }

  /// A span such as `14d`, `36h` or `0d`. At most a hundred years, so that an instant plus a span can still be written.
  func span(_ field: Field) -> TimeSpan? {
    let wanted = "a whole number with a unit (d, h, m or s) such as \"14d\""
    guard let text = text(field, wanted: wanted) else { return nil }
    guard let span = TimeSpan(text) else { return reject(field, wanted) }
    guard span <= .days(36_500) else { return reject(field, "at most 36500d") }
    return span
  }

  func instant(_ field: Field) -> Instant? {
    let wanted = "an instant in UTC such as 2026-01-01T00:00:00Z"
    guard let text = text(field, wanted: wanted) else { return nil }
    guard let instant = Instant(rfc3339: text) else { return reject(field, wanted) }
    guard Instant.range.contains(instant) else { return reject(field, "an instant from 1970 to 2199") }
    return instant
  }

  func zone(_ field: Field) -> Zone? {
    let wanted = "the IANA name of a time zone such as UTC or Europe/Kyiv"
    guard let name = text(field, wanted: wanted) else { return nil }
    if let zone = Zone(ianaName: name) { return zone }
    let meant = nearest(name, among: Zone.knownNames).map { "; did you mean \"\($0)\"?" } ?? ""
    return reject(field, wanted, hint: meant)
  }
}
