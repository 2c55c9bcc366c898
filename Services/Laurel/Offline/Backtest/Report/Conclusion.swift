import Contracts

/// The result of a back-test in one or two sentences, for a reader who reads nothing else.
struct Conclusion {
  /// At least one. The first is the result; others add to it.
  let sentences: [String]

  /// Adds up the costs of all programs in one currency, because one budget pays them.
  init(programs: [ProgramReport], notices: [BacktestReport.NoticeType]) throws(ArithmeticOverflow) {
    guard !notices.isEmpty else {
      sentences = ["There is nothing to compare: this history produces no notice under either terms."]
      return
    }
    let differing = notices.reduce(0) { $0 + $1.counts.differing }
    guard differing > 0 else {
      let all = notices.reduce(0) { $0 + $1.counts.total.current }
      let which = all == 1 ? "the only notice is" : "all \(FigureText.grouped(Int64(all))) notices are"
      let apart = programs.contains(where: \.usesDiffer) ? ["Spends or withdrawals differ; they are shown separately."] : []
      sentences = ["The proposal would have changed nothing: \(which) the same."] + apart
      return
    }
    var totals: [(unit: CostUnit, net: Compared)] = []
    for unit in Set(programs.flatMap(\.costs).map(\.unit)).sorted() {
      let costs = programs.flatMap(\.costs).filter { $0.unit == unit }.map(\.net)
      let net = try Compared(Sides(try Money.sum(costs.map(\.current)), try Money.sum(costs.map(\.proposed))))
      if !net.isNothing { totals.append((unit, net)) }
    }
    let money = totals.filter { if case .money = $0.unit { true } else { false } }
    let points = totals.first { $0.unit == .points }?.net
    var sentences: [String] = []
    if let said = Self.money(money, withPoints: points?.isChanged ?? false) { sentences.append(said) }
    if let points, points.isChanged || sentences.isEmpty { sentences.append(Self.points(points, isFirst: sentences.isEmpty)) }
    if !totals.contains(where: \.net.isChanged) {
      let noun = differing == 1 ? "notice differs" : "notices differ"
      sentences.append("\(FigureText.grouped(Int64(differing))) \(noun).")
    }
    self.sentences = sentences
  }

  private static func money(_ totals: [(unit: CostUnit, net: Compared)], withPoints: Bool) -> String? {
    guard totals.contains(where: \.net.isChanged) || !withPoints else { return nil }
    guard let only = totals.first else { return nil }
    guard totals.count > 1 else { return "The proposal would have cost \(change(only.net, only.unit))." }
    guard totals.contains(where: \.net.isChanged) else { return "The proposal would have cost the same." }
    let parts = totals.map { "\($0.net.isChanged ? share($0.net) : "the same") in \($0.unit.name)" }
    return "The proposal would have cost \(parts.dropLast().joined(separator: ", ")) and \(parts[parts.count - 1])."
  }

  /// `12.4 % more: 1,234.50 USD instead of 1,098.20 USD`
  private static func change(_ net: Compared, _ unit: CostUnit) -> String {
    let figures = "\(FigureText.full(net.proposed, unit)) instead of \(FigureText.full(net.current, unit))"
    guard net.isChanged else { return "the same, \(FigureText.full(net.current, unit))" }
    return "\(share(net)): \(figures)"
  }

  /// A difference that rounds to 0.0 % is still reported, as a little more or less.
  private static func share(_ net: Compared) -> String {
    let direction = net.difference > 0 ? "more" : "less"
    guard let perMille = net.perMille else { return direction }
    return perMille == 0 ? "a little \(direction)" : "\(FigureText.tenths(abs(perMille))) % \(direction)"
  }

  private static func points(_ net: Compared, isFirst: Bool) -> String {
    let subject = isFirst ? "The proposal would have taken" : "It would have taken"
    guard net.isChanged else { return "\(subject) the same percentages off invoices." }
    let figures = "\(FigureText.full(net.proposed, .points)) instead of \(FigureText.grouped(net.current))"
    return "\(subject) \(share(net)) off invoices: \(figures) in total."
  }
}
