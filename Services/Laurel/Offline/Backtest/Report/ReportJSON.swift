import Contracts

/// A report as JSON: amounts in minor units, shares in tenths of a percent, months as `2026-01`.
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

extension FigureRow.Unit: Encodable {
  func encode(to encoder: any Encoder) throws {
    switch self {
    case .cost(let unit): try unit.encode(to: encoder)
    case .count: try "count".encode(to: encoder)
    case .tenthsOfPercent: try "tenthsOfPercent".encode(to: encoder)
    }
  }
}

extension Month: Encodable {
  func encode(to encoder: any Encoder) throws { try iso.encode(to: encoder) }
}

extension BacktestReport.NoticeType: Encodable {
  private enum Name: String, CodingKey { case program, type }

  /// The counts are members of the same object as the names.
  func encode(to encoder: any Encoder) throws {
    try counts.encode(to: encoder)
    var fields = encoder.container(keyedBy: Name.self)
    try fields.encode(program, forKey: .program)
    try fields.encode(type, forKey: .type)
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

  /// A notice with its type, as in an envelope.
  private struct Reported: Encodable {
    let notice: any Notice

    private enum Name: String, CodingKey { case type, data }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: Name.self)
      try fields.encode(Swift.type(of: notice).type, forKey: .type)
      try fields.encode(notice, forKey: .data)
    }
  }
}
