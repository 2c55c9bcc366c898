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
    var lines: [Line] = []
    func line(_ need: String, _ figure: String, _ from: String) { lines.append(Line(need: need, figure: figure, from: from)) }
    line(
      "partitions", "\(model.partitions)",
      "twice the threads of the busiest service, and a restore of one within \(SizeText.time(Measured.restoreSecondsMax.used))")
    line(
      "brokers", "\(model.brokers)",
      "\(peak) and disk, \(Int(Measured.replication.used)) copies, \(Int(Measured.brokerCores.used)) cores each")
    line(
      "disk of a broker", SizeText.bytes(model.diskPerBroker),
      "inputs and notices forever, a week of internal messages, changelogs; a third is free")
    line(
      "partitions of a broker", SizeText.count(Double(model.partitionsPerBroker)),
      "\(Topic.catalogue.count) topics, copies included")
    line(
      "state, rows", SizeText.count(ServiceName.allCases.reduce(0) { $0 + model.state(of: $1).rows }),
      rows.joined(separator: ", "))
    for service in ServiceName.allCases {
      line(
        "\(service.rawValue), instances", "\(model.instances(of: service))",
        "\(load.cores) cores each; busy threads in the busiest hour: \(SizeText.count(model.threads(of: service).rounded(.up))); "
          + "at most \(SizeText.bytes(Measured.instanceDiskMax.used)) of state each")
      line(
        "  disk and memory of each",
        "\(SizeText.bytes(model.diskPerInstance(of: service))), \(SizeText.bytes(model.memoryPerInstance(of: service)))",
        "twice the state; a process with buffers for twice its partitions")
    }
    line("restore of a partition", SizeText.time(model.restoreOfPartition), "rows of the largest state, one thread")
    line(
      "restore of an instance", SizeText.time(model.restoreOfInstance),
      "all its partitions from an empty disk, \(load.cores) threads")
    line(
      "rebuild", SizeText.time(model.rebuild),
      "\(SizeText.count(model.events)) events through one 'laurel publish', or accrual if that is slower")
    line(
      "monthly run", SizeText.time(model.monthlyRun),
      "\(SizeText.count(model.referrers)) accounts with \(SizeText.count(model.referrals)) referees, all instances of discounts")
    line(
      "largest run of one account", SizeText.time(model.largestRun),
      "\(SizeText.count(Double(load.refereesMax))) referees; other accounts of its partition wait")
    line("portal, disk of each instance", SizeText.bytes(model.portalDisk), "every instance keeps all notices")
    line("portal, time until it has read all", SizeText.time(model.portalCatchUp), "a new instance, one thread")
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
