import Contracts
import Words

/// The model's figures in words: what is needed, how much, and what it is computed from.
package struct SizeReport {
  package struct Line: Encodable, Sendable {
    package let need: String
    package let figure: String
    package let from: String
  }

  package let load: Workload
  private let model: SizeModel

  package init(_ load: Workload) {
    self.load = load
    model = SizeModel(load)
  }

  package var title: String {
    "\(SizeText.counted(load.accounts, "account")), \(SizeText.counted(load.paymentsPerDay, "payment")) a day, "
      + SizeText.counted(load.years, "year")
  }

  package var lines: [Line] {
    let peak =
      "\(SizeText.count(model.peakPaymentsPerSecond)) payments/s in the busiest hour (\(load.peakFactor) times the average)"
    let rows = ServiceName.allCases.map { "\($0.rawValue) \(SizeText.count(model.state(of: $0).rows))" }
    var lines = [
      Line(
        need: "partitions", figure: "\(model.partitions)",
        from: "twice the threads of the busiest service, and a restore of one within "
          + "\(SizeText.time(Measured.restoreSecondsMax.used))"),
      Line(
        need: "brokers", figure: "\(model.brokers)",
        from: "\(peak) and disk, \(Int(Measured.replication.used)) copies, \(Int(Measured.brokerCores.used)) cores each"),
      Line(
        need: "disk of a broker", figure: SizeText.bytes(model.diskPerBroker),
        from: "inputs and notices forever, a week of internal messages, changelogs; a third is free"),
      Line(
        need: "partitions of a broker", figure: SizeText.count(Double(model.partitionsPerBroker)),
        from: "\(Topic.catalogue.count) topics, copies included"),
      Line(
        need: "state, rows", figure: SizeText.count(ServiceName.allCases.reduce(0) { $0 + model.state(of: $1).rows }),
        from: rows.joined(separator: ", ")),
    ]
    for service in ServiceName.allCases {
      lines.append(
        Line(
          need: "\(service.rawValue), instances", figure: "\(model.instances(of: service))",
          from:
            "\(load.cores) cores each; busy threads in the busiest hour: "
            + "\(SizeText.count(model.threads(of: service).rounded(.up))); at most "
            + "\(SizeText.bytes(Measured.instanceDiskMax.used)) of state each"))
      lines.append(
        Line(
          need: "  disk and memory of each",
          figure:
            "\(SizeText.bytes(model.diskPerInstance(of: service))), \(SizeText.bytes(model.memoryPerInstance(of: service)))",
          from: "twice the state; a process with buffers for twice its partitions"))
    }
    lines += [
      Line(
        need: "restore of a partition", figure: SizeText.time(model.restoreOfPartition),
        from: "rows of the largest state, one thread"),
      Line(
        need: "restore of an instance", figure: SizeText.time(model.restoreOfInstance),
        from: "all its partitions from an empty disk, \(load.cores) threads"),
      Line(
        need: "rebuild", figure: SizeText.time(model.rebuild),
        from: "\(SizeText.count(model.events)) events through one 'laurel publish', or accrual if that is slower"),
      Line(
        need: "monthly run", figure: SizeText.time(model.monthlyRun),
        from:
          "\(SizeText.count(model.referrers)) accounts with \(SizeText.count(model.referrals)) referees, all instances of discounts"
      ),
      Line(
        need: "largest run of one account", figure: SizeText.time(model.largestRun),
        from: "\(SizeText.count(Double(load.refereesMax))) referees; other accounts of its partition wait"),
      Line(
        need: "portal, disk of each instance", figure: SizeText.bytes(model.portalDisk),
        from: "every instance keeps all notices"),
      Line(
        need: "portal, time until it has read all", figure: SizeText.time(model.portalCatchUp), from: "a new instance, one thread"
      ),
    ]
    return lines
  }

  /// The table as text.
  package var text: [String] {
    [title] + columns([["NEED", "FIGURE", "COMPUTED FROM"]] + lines.map { [$0.need, $0.figure, $0.from] })
  }

  /// The constants of the model.
  package static var constants: [String] {
    columns(
      [["CONSTANT", "VALUE", "MARGIN", "SOURCE"]]
        + Measured.all.map { [$0.name, "\(SizeText.number($0.value)) \($0.unit)", "× \(SizeText.number($0.margin))", $0.source] })
      + [""]
      + columns(
        [["ROWS / BYTES OF STATE PER", "REFERRER", "REFERRAL", "PAYMENT", "CLOSED PAYMENT"]]
          + ServiceName.allCases.compactMap { service in
            Measured.state[service].map { cost in
              [service.rawValue]
                + [cost.referrer, cost.referral, cost.payment, cost.closedPayment].map {
                  "\(SizeText.number($0.rows)) / \(SizeText.number($0.bytes))"
                }
            }
          })
  }

  package var json: some Encodable { Document(workload: load, needs: lines) }

  private struct Document: Encodable {
    let workload: Workload
    let needs: [Line]
  }
}

/// Formats figures with two digits, because they are not more exact.
enum SizeText {
  static func count(_ number: Double) -> String {
    for (size, name) in [(1e9, "billion"), (1e6, "million")] where number >= 0.995 * size {
      return "\(two(number / size)) \(name)"
    }
    return two(number)
  }

  static func counted(_ number: Int, _ noun: String) -> String { "\(count(Double(number))) \(noun)\(number == 1 ? "" : "s")" }

  static func bytes(_ bytes: Double) -> String {
    for (size, unit) in [(1e15, "PB"), (1e12, "TB"), (1e9, "GB")] where bytes >= 0.995 * size {
      return "\(two(bytes / size)) \(unit)"
    }
    return "\(two(max(1, bytes / 1e6))) MB"
  }

  static func time(_ seconds: Double) -> String {
    for (length, unit) in [(86_400.0, "days"), (3600, "h"), (60, "min")] where seconds >= 1.995 * length {
      return "\(two(seconds / length)) \(unit)"
    }
    return seconds < 1 ? "under 1 s" : "\(two(seconds)) s"
  }

  /// Rounded up to two digits.
  static func two(_ number: Double) -> String {
    var scale = 1.0
    while number / scale >= 100 { scale *= 10 }
    if number < 10, number != number.rounded() { scale = 0.1 }
    return self.number(((number / scale).rounded(.up) * scale * 10).rounded() / 10)
  }

  static func number(_ number: Double) -> String {
    let whole = Int(number)
    return Double(whole) == number ? Currency.grouped(String(whole), by: ",") : "\(number)"
  }
}
