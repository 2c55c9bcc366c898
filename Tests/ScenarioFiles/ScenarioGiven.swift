/// What has succeeded before a scenario begins, in January 2026.
enum ScenarioGiven {
  /// The steps of a `given` sentence; nil if it is unknown.
  static func steps(_ text: String, program: String) -> [(instant: String, text: String)]? {
    if let words = ScenarioText.match("{referrer} refers {count} companies", text),
      let count = words["count"].flatMap({ Int($0) })
    {
      return refers(words["referrer"] ?? "", (1...count).map { "r\($0)" }, program)
    }
    if let words = ScenarioText.match("{referrer} refers {referees*}", text) {
      return refers(words["referrer"] ?? "", ScenarioText.list(words["referees"]), program)
    }
    if let words = ScenarioText.match("{owner} has company {company}", text), let owner = words["owner"],
      let company = words["company"]
    {
      return [("2026-01-05 09:00", "subscription \(company)-s of \(owner) for \(company) is active")]
    }
    if let words = ScenarioText.match("{owner} has {count} active referrals", text), let owner = words["owner"],
      let count = words["count"].flatMap({ Int($0) })
    {
      let referees = (1...count).map { "r\($0)" }
      return refers(owner, referees, program)
        + referees.flatMap { referee in
          [
            ("2026-01-06 09:00", "subscription \(referee)-s of \(referee) for \(referee)-c is active"),
            ("2026-01-06 09:00", "\(referee) pays \(referee)-p: plan 10.00; for \(referee)-s"),
          ]
        }
    }
    if let words = ScenarioText.match("{referrer} has {amount} available", text), let referrer = words["referrer"],
      let amount = ScenarioText.amount(words["amount"])
    {
      // Ten times as much was paid, long enough ago. In cash two payers pay, so that neither has a status.
      let kind = program == "cash" ? "service domain" : "plan"
      return refers(referrer, ["payer"], program)
        + [
          ("2026-01-06 09:00", "payer pays p0: \(kind) \(ScenarioText.amount(amount * 10))"),
          (program == "cash" ? "2026-02-05 09:00" : "2026-01-20 09:00", "nothing happens"),
        ]
    }
    return nil
  }

  private static func refers(_ referrer: String, _ referees: [String], _ program: String) -> [(instant: String, text: String)] {
    let code = referrer.uppercased()
    return (program == "cash" ? [("2026-01-05 07:00", "\(referrer) registers: individual, of UA")] : [])
      + [("2026-01-05 08:00", "\(referrer) asks for code \(code)")]
      + referees.map { ("2026-01-05 09:00", "\($0) registers: code \(code)") }
  }
}
