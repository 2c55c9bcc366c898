/// Limits repeated log lines. The first of a kind is written at once. Then one line is written per interval: the latest one, with
/// the number of lines that it replaces.
struct LineLimit {
  struct Line {
    let level: LogLevel
    var message: String
    let fields: LogFields
  }

  private struct Kind {
    let latest: Line
    let held: Int
    /// When the next line of this kind may be written.
    let opens: ContinuousClock.Instant
  }

  private static let interval = Duration.seconds(10)
  private var kinds: [String: Kind] = [:]

  /// - Parameter kind: use only a few different values, because each is remembered.
  mutating func hold(_ line: Line, kind: String, at now: ContinuousClock.Instant) {
    let known = kinds[kind]
    kinds[kind] = Kind(latest: line, held: (known?.held ?? 0) + 1, opens: known?.opens ?? now)
  }

  /// The lines to write now.
  /// - Parameter all: also returns lines whose interval has not ended. Use it when the process ends.
  mutating func due(at now: ContinuousClock.Instant, all: Bool = false) -> [Line] {
    var lines: [Line] = []
    for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) where kind.held > 0 && (all || kind.opens <= now) {
      var line = kind.latest
      if kind.held > 1 { line.message += " (and \(kind.held - 1) more like it)" }
      lines.append(line)
      kinds[name] = Kind(latest: kind.latest, held: 0, opens: now + Self.interval)
    }
    return lines
  }
}
