import Contracts

/// Computes the rows of the report from tallies.
extension ProgramReport {
  init(program: ProgramID, tallies: Sides<Tally>, costs: Costs, top: Int) throws(ArithmeticOverflow) {
    self.program = program
    var reports: [CostReport] = []
    for unit in costs.units { reports.append(try CostReport(unit: unit, tallies: tallies, costs: costs, top: top)) }
    self.costs = reports
    counts = try Self.counts(tallies, costs, ofUses: false)
    uses = try Self.counts(tallies, costs, ofUses: true)
    var reasons: [ReasonRow] = []
    for reason in Set(tallies.current.reasons.keys).union(tallies.proposed.reasons.keys).sorted() {
      reasons.append(
        ReasonRow(event: reason.event, reason: reason.code, values: try Compared(tallies.map { $0.reasons[reason] ?? 0 })))
    }
    self.reasons = reasons.filter { !$0.event.isUse }
    useReasons = reasons.filter(\.event.isUse)
  }

  private static func counts(_ tallies: Sides<Tally>, _ costs: Costs, ofUses: Bool) throws(ArithmeticOverflow) -> [FigureRow] {
    var rows: [FigureRow] = []
    for event in Tally.Event.allCases where event.isUse == ofUses {
      let values = try Compared(tallies.map { $0.count(event) })
      if !values.isNothing {
        rows.append(FigureRow(name: event.rawValue, label: event.label, unit: .count, values: values))
      }
      let percent: (name: String, sum: Sides<Int64>)? =
        switch event {
        case .discountsAssigned: ("averagePercentAssigned", tallies.map(\.percentAssigned))
        case .discountsApplied: ("averagePercentApplied", try costs.net(.points))
        default: nil
        }
      guard let percent else { continue }
      func average(_ side: Side) throws(ArithmeticOverflow) -> Int64 {
        let count = tallies[side].count(event)
        return count == 0 ? 0 : try Money.scaled(percent.sum[side], by: 10, over: count)
      }
      let averages = try Compared(Sides(average(.current), average(.proposed)))
      if !averages.isNothing {
        rows.append(FigureRow(name: percent.name, label: "On average", unit: .tenthsOfPercent, values: averages))
      }
    }
    return rows
  }
}

extension CostReport {
  init(unit: CostUnit, tallies: Sides<Tally>, costs: Costs, top: Int) throws(ArithmeticOverflow) {
    self.unit = unit
    let held = costs.referrers.filter { $0.key.unit == unit }
    net = try Compared(costs.net(unit))
    switch unit {
    case .money(let currency):
      let movements = tallies.map { $0.movements[currency] ?? Tally.Movements() }
      (figures, uses) = try Self.moneyFigures(movements, net, held: held, unit)
    case .points:
      figures = [
        FigureRow(name: "applied", label: "Percent off, over all invoices", unit: .cost(unit), values: net, isTotal: true)
      ]
      uses = []
    }
    months = try Self.months(costs, unit)
    var rows: [ReferrerRow] = []
    for (key, sides) in held { rows.append(ReferrerRow(referrer: key.referrer, net: try Compared(sides.map(\.net)))) }
    gaining = rows.count { $0.net.difference > 0 }
    losing = rows.count { $0.net.difference < 0 }
    unchanged = rows.count - gaining - losing
    let changed = rows.filter(\.net.isChanged).sorted { left, right in
      let (l, r) = (left.net.difference.magnitude, right.net.difference.magnitude)
      return l != r ? l > r : left.referrer < right.referrer
    }
    referrers = Array(changed.prefix(top))
  }

  private static func moneyFigures(
    _ movements: Sides<Tally.Movements>, _ net: Compared, held: [Costs.ReferrerKey: Sides<Costs.Referrer>], _ unit: CostUnit
  ) throws(ArithmeticOverflow) -> (figures: [FigureRow], uses: [FigureRow]) {
    func row(_ name: String, _ label: String, _ values: Sides<Int64>, isTotal: Bool = false) throws(ArithmeticOverflow)
      -> FigureRow
    {
      FigureRow(name: name, label: label, unit: .cost(unit), values: try Compared(values), isTotal: isTotal)
    }
    func outstanding(_ parts: (Balance) -> [Int64]) throws(ArithmeticOverflow) -> Sides<Int64> {
      func total(_ side: Side) throws(ArithmeticOverflow) -> Int64 {
        try Money.sum(held.values.lazy.compactMap { $0[side].balance }.flatMap(parts))
      }
      return Sides(try total(.current), try total(.proposed))
    }
    let accrued = try row("accrued", "Accrued", movements.map(\.accrued))
    let total = FigureRow(name: "net", label: "Net cost", unit: .cost(unit), values: net, isTotal: true)
    let figures = [
      accrued,
      try row("adjusted", "Taken back before the credit", movements.map(\.adjusted)),
      try row("reversed", "Taken back after the credit", movements.map(\.reversed)),
      try row("corrected", "Corrected by operators", movements.map(\.corrected)),
      total,
      try row("credited", "Credited", movements.map(\.credited)),
    ]
    let uses = [
      try row("spent", "Spent on invoices", movements.map(\.spent)),
      try row("paid", "Paid out", movements.map(\.paid)),
      try row(
        "outstanding", "Owed at the end", outstanding { [$0.pending, $0.available, $0.locked, $0.reserved] }, isTotal: true),
      try row("pending", "of this pending", outstanding { [$0.pending] }),
      try row("available", "of this available", outstanding { [$0.available] }),
      try row("locked", "of this held", outstanding { [$0.locked] }),
      try row("reserved", "of this set aside", outstanding { [$0.reserved] }),
    ]
    let kept: Set = ["accrued", "net", "outstanding"]
    func shown(_ rows: [FigureRow]) -> [FigureRow] { rows.filter { kept.contains($0.name) || !$0.values.isNothing } }
    return (shown(figures), shown(uses))
  }

  private static func months(_ costs: Costs, _ unit: CostUnit) throws(ArithmeticOverflow) -> [MonthRow] {
    let found = costs.months.filter { $0.key.unit == unit }.map { ($0.key.month, $0.value) }
    guard let first = found.map(\.0).min(), let last = found.map(\.0).max() else { return [] }
    let byMonth = Dictionary(found, uniquingKeysWith: { first, _ in first })
    var rows: [MonthRow] = []
    for month in first...last {
      let sides = byMonth[month] ?? Sides(both: Costs.Monthly())
      let net = Sides(
        try Money.sum(sides.current.accrued, sides.current.takenBack),
        try Money.sum(sides.proposed.accrued, sides.proposed.takenBack))
      rows.append(MonthRow(month: month, current: sides.current, proposed: sides.proposed, net: try Compared(net)))
    }
    return rows
  }
}
