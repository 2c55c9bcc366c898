import Synchronization

/// A number that only grows. Create it once and keep it. Any thread may add to it, at the cost of one atomic instruction.
public final class Counter: Sendable {
  private let total = Atomic<UInt64>(0)

  public var value: UInt64 { total.load(ordering: .relaxed) }

  public func add(_ count: Int = 1) {
    // Readers would take a falling counter for a restart.
    if count > 0 { total.wrappingAdd(UInt64(count), ordering: .relaxed) }
  }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  public func set(_ value: Int) { set(Double(value)) }
}

/// Counts how often a value fell into each of a fixed set of ranges. Times are in seconds; the metric's name states the unit.
public final class Histogram: Sendable {
  /// From half a millisecond to ten seconds: a batch, a transaction, a call.
  public static let seconds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// From one to ten thousand: records in a batch.
  public static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]

  let bounds: [Double]
  private let buckets: [Counter]
  private let sumBits = Atomic<UInt64>(0)

  /// - Parameter bounds: upper bounds, inclusive, in any order. `+Inf` is added.
  init(bounds: [Double]) {
    self.bounds = Set(bounds).filter(\.isFinite).sorted()
    buckets = (0...self.bounds.count).map { _ in Counter() }
  }

  public func observe(_ value: Double) {
    buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
    var old = sumBits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + value).bitPattern
      let (exchanged, original) = sumBits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  public func observe(_ value: Duration) { observe(value.seconds) }

  public var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }

  /// The counts up to and including each bound; the last one is for `+Inf`. Each bucket is read only once, so the counts never decrease.
  var cumulative: [UInt64] {
    var total: UInt64 = 0
    return buckets.map { bucket in
      total += bucket.value
      return total
    }
  }
}

/// All metrics of a process, by name and labels. A second request for a metric returns the same one.
public final class Metrics: Sendable {
  private enum Series: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
  }

  private struct Family: Sendable {
    let type: String
    let help: String
    /// By printed labels, with the label names sorted.
    var series: [String: Series] = [:]
  }

  private let families = Mutex<[String: Family]>([:])

  public init() {}

  /// - Parameter name: in base units, ending in `_total`: `laurel_records_total`.
  public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
    let made = Counter()
    if case .counter(let found) = series(name, "counter", help, labels, .counter(made)) { return found }
    return made
  }

  public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
    let made = Gauge()
    if case .gauge(let found) = series(name, "gauge", help, labels, .gauge(made)) { return found }
    return made
  }

  /// - Parameter buckets: upper bounds, inclusive.
  public func histogram(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:], buckets: [Double] = Histogram.seconds
  ) -> Histogram {
    let made = Histogram(bounds: buckets)
    if case .histogram(let found) = series(name, "histogram", help, labels, .histogram(made)) { return found }
    return made
  }

  /// Removes one series, such as the lag of a partition that has moved to another instance. Code that still holds the metric may
  /// change it without effect.
  public func remove(_ name: String, labels: KeyValuePairs<String, String>) {
    families.withLock { $0[name]?.series[Metrics.printed(labels)] = nil }
  }

  /// Removes all series with this value of a label, such as those of a partition that has moved to another instance.
  public func remove(everySeriesWith label: String, _ value: String) {
    // A quote inside a value is escaped, so this text is never part of a value.
    let wanted = ",\(Metrics.printed([label: value])),"
    families.withLock { families in
      for (name, family) in families {
        families[name]?.series = family.series.filter { !",\($0.key),".contains(wanted) }
      }
    }
  }

  private func series(
    _ name: String, _ type: String, _ help: String, _ labels: KeyValuePairs<String, String>, _ new: Series
  ) -> Series {
    precondition(Metrics.isName(name), "'\(name)' is not a Prometheus metric name")
    let key = Metrics.printed(labels)
    return families.withLock { families in
      var family = families[name] ?? Family(type: type, help: help)
      precondition(family.type == type, "metric \(name) is a \(family.type) and a \(type)")
      let found = family.series[key] ?? new
      family.series[key] = found
      families[name] = family
      return found
    }
  }

  /// The Prometheus text exposition format, version 0.0.4.
  public var text: String {
    let snapshot = families.withLock { $0 }
    var out = ""
    for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
      out += "# HELP \(name) \(Metrics.escaped(family.help, quotes: false))\n# TYPE \(name) \(family.type)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        switch series {
        case .counter(let counter): out += "\(name)\(Metrics.braced(labels)) \(counter.value)\n"
        case .gauge(let gauge): out += "\(name)\(Metrics.braced(labels)) \(Metrics.number(gauge.value))\n"
        case .histogram(let histogram):
          let counts = histogram.cumulative
          let separator = labels.isEmpty ? "" : ","
          for (bound, count) in zip(histogram.bounds.map(Metrics.number) + ["+Inf"], counts) {
            out += "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(count)\n"
          }
          out += "\(name)_sum\(Metrics.braced(labels)) \(Metrics.number(histogram.sum))\n"
          out += "\(name)_count\(Metrics.braced(labels)) \(counts.last ?? 0)\n"
        }
      }
    }
    return out
  }

  private static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

  private static func printed(_ labels: KeyValuePairs<String, String>) -> String {
    labels.sorted { $0.key < $1.key }.map { label in
      precondition(isName(label.key) && !label.key.contains(":") && label.key != "le", "'\(label.key)' cannot be a label")
      return "\(label.key)=\"\(escaped(label.value, quotes: true))\""
    }.joined(separator: ",")
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quotes: out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return "\(value)"
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x3A
    }
  }
}
