import Contracts

/// A report for machines: amounts in minor units, shares in tenths of a percent, months as `2026-01`.
extension BacktestReport: Encodable {
  private enum Name: String, CodingKey { case conclusion, history, programs, notices, differingNotices, examples }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(conclusion.joined(separator: " "), forKey: .conclusion)
    try fields.encode(history, forKey: .history)
    try fields.encode(programs, forKey: .programs)
    try fields.encode(differingNotices, forKey: .differingNotices)
    try fields.encode(notices, forKey: .notices)
    try fields.encode(examples, forKey: .examples)
  }
}

extension CostUnit: Encodable {
  /// A currency's code or `percentagePoints`.
  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .money(let currency): try value.encode(currency)
    case .points: try value.encode("percentagePoints")
    }
  }
}

extension CostReport: Encodable {
  private enum Name: String, CodingKey { case unit, net, figures, uses, months, gaining, losing, unchanged, referrers }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(unit, forKey: .unit)
    try fields.encode(net, forKey: .net)
    try fields.encode(figures, forKey: .figures)
    try fields.encode(uses, forKey: .uses)
    try fields.encode(months, forKey: .months)
    try fields.encode(gaining, forKey: .gaining)
    try fields.encode(losing, forKey: .losing)
    try fields.encode(unchanged, forKey: .unchanged)
    try fields.encode(referrers, forKey: .referrers)
  }
}

extension CostReport.MonthRow: Encodable {
  private enum Name: String, CodingKey { case month, current, proposed, net }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(month.iso, forKey: .month)
    try fields.encode(sides.current, forKey: .current)
    try fields.encode(sides.proposed, forKey: .proposed)
    try fields.encode(net, forKey: .net)
  }
}

extension FigureRow: Encodable {
  private enum Name: String, CodingKey { case name, unit, values }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(name, forKey: .name)
    switch unit {
    case .cost(let unit): try fields.encode(unit, forKey: .unit)
    case .count: try fields.encode("count", forKey: .unit)
    case .tenthsOfPercent: try fields.encode("tenthsOfPercent", forKey: .unit)
    }
    try fields.encode(values, forKey: .values)
  }
}

extension ReasonRow: Encodable {
  private enum Name: String, CodingKey { case event, reason, values }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(reason.event.rawValue, forKey: .event)
    try fields.encode(reason.code, forKey: .reason)
    try fields.encode(values, forKey: .values)
  }
}

extension BacktestReport.NoticeType: Encodable {
  private enum Name: String, CodingKey { case program, type, total, same, sameButBalance, changed, fields, onlyIn }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(program, forKey: .program)
    try fields.encode(type, forKey: .type)
    try fields.encode(counts.total, forKey: .total)
    try fields.encode(counts.same, forKey: .same)
    try fields.encode(counts.sameButBalance, forKey: .sameButBalance)
    try fields.encode(counts.changed, forKey: .changed)
    try fields.encode(counts.fields, forKey: .fields)
    try fields.encode(counts.onlyIn, forKey: .onlyIn)
  }
}

extension NoticeMatching.Example: Encodable {
  private enum Name: String, CodingKey { case program, fields, current, proposed }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(program, forKey: .program)
    try fields.encode(self.fields, forKey: .fields)
    try fields.encodeIfPresent(notices.current.map(Reported.init), forKey: .current)
    try fields.encodeIfPresent(notices.proposed.map(Reported.init), forKey: .proposed)
  }

  /// A notice with its type, as an envelope would name it.
  private struct Reported: Encodable {
    let notice: any Notice

    private enum Name: String, CodingKey { case type, data }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: Name.self)
      try fields.encode(Swift.type(of: notice).type, forKey: .type)
      func open<N: Notice>(_ notice: N) throws { try fields.encode(notice, forKey: .data) }
      try open(notice)
    }
  }
}
