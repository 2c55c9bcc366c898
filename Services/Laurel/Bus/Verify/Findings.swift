/// What does not agree, in sentences: the first of them, and how many more there are. A state that is wrong in one way is often wrong in a
/// million places.
struct Findings {
  private static let toldMax = 20

  private(set) var told: [String] = []
  private var more = 0

  var isEmpty: Bool { told.isEmpty }

  mutating func add(_ text: @autoclosure () -> String) {
    if told.count < Self.toldMax { told.append(text()) } else { more += 1 }
  }

  /// One line each.
  /// - Parameter place: where all of them were found.
  func lines(_ place: String) -> [String] {
    told.map { "\(place): \($0)" } + (more > 0 ? ["\(place): \(more) more like these"] : [])
  }
}
