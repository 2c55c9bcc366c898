/// Differences in sentences: the first ones, and the number of others. A state that is wrong in one way is often wrong in a million
/// places.
struct Findings {
  private static let reportedMax = 20

  private(set) var reported: [String] = []
  private var more = 0

  var isEmpty: Bool { reported.isEmpty }

  mutating func add(_ text: @autoclosure () -> String) {
    if reported.count < Self.reportedMax { reported.append(text()) } else { more += 1 }
  }

  /// One line for each finding.
  /// - Parameter place: the place of all findings.
  func lines(_ place: String) -> [String] {
    reported.map { "\(place): \($0)" } + (more > 0 ? ["\(place): \(more) more like these"] : [])
  }
}
