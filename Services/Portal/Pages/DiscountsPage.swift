import Contracts
import Markup
import Terms

extension PageContext {
  /// The scale with the current step, what each company would get now, and past months.
  func discounts(_ discounts: Discounts) -> [UInt8] {
    page(.discounts, title: localized("discounts.title")) {
      tag("div", ["class": "panel"]) {
        tag("p", ["class": "lead"]) { localized("discounts.active", count: discounts.active) }
        for text in nextStepSentences(active: discounts.active) { tag("p") { text } }
        tag("p", ["class": "quiet"]) { localized("discounts.what") }
      }
      if let terms = terms.discounts {
        section(localized("discounts.scale")) { scale(terms, active: discounts.active) }
        section(localized("discounts.companies")) { companies(discounts, terms) }
      }
      section(localized("discounts.runs")) { runs(discounts.runs) }
    }
  }

  /// The time of the next monthly run, in the zone of its calendar: `28 Feb 2026, 00:00 UTC`.
  var nextRun: String? {
    guard let schedule = terms.discounts?.schedule else { return nil }
    let next = schedule.next(after: now)
    return next > Instant.range.upperBound ? nil : "\(localized.dateAndTime(next, in: schedule.zone))\u{A0}\(schedule.zone.name)"
  }

  /// How many more referrals the next step of the scale needs, and by when. At the top of the scale, only the time of the next run.
  func nextStepSentences(active: Int64) -> [String] {
    guard let discounts = terms.discounts, let run = nextRun else { return [] }
    let percent = discounts.percent(for: active)
    guard let next = discounts.tiers.first(where: { $0.from > active && $0.percent > percent }) else {
      return [localized("discounts.top"), localized("discounts.next", ["date": run])]
    }
    return [localized("discounts.more", count: next.from - active, ["date": run, "percent": localized.percent(next.percent)])]
  }

  private func scale(_ terms: DiscountTerms, active: Int64) -> HTML {
    var steps = terms.tiers
    if let first = steps.first, first.from > 0 { steps.insert(DiscountTerms.Tier(from: 0, percent: 0), at: 0) }
    let present = steps.lastIndex { $0.from <= active }
    return table(
      localized("discounts.scale.caption"),
      [(localized("discounts.scale.referrals"), false), (localized("discounts.scale.discount"), true)],
      class: "scale"
    ) {
      for (index, step) in steps.enumerated() {
        tag("tr", ["aria-current": index == present ? "true" : nil]) {
          tag("th", ["scope": "row"]) {
            let last = index + 1 < steps.count ? steps[index + 1].from - 1 : nil
            if let last {
              last == step.from
                ? localized.number(last)
                : localized("range.between", ["from": localized.number(step.from), "to": localized.number(last)])
            } else {
              localized("range.from", ["from": localized.number(step.from)])
            }
            if index == present { tag("span", ["class": "mark"]) { localized("discounts.scale.here") } }
          }
          tag("td", ["class": "n"]) { localized.percent(step.percent) }
        }
      }
    }
  }

  @HTMLBuilder private func companies(_ discounts: Discounts, _ terms: DiscountTerms) -> HTML {
    if discounts.companies.isEmpty {
      emptyState(localized("discounts.companies.none"), localized("discounts.companies.none.text"))
    } else {
      tag("p") { localized("discounts.companies.text", ["max": localized.number(terms.maxPerCompany)]) }
      if let first = terms.tiers.first(where: { $0.percent > 0 }), discounts.active < first.from {
        tag("p") { localized("discounts.start", count: first.from) }
      }
      // An order may contain only companies that the token lists.
      let canMove = may(.order) && session.companies.count > 1
      var head = [
        (localized("discounts.company"), false), (localized("discounts.slots"), true), (localized("discounts.discount"), true),
      ]
      let _ = canMove ? head.append((localized("discounts.move"), false)) : ()
      table(localized("discounts.companies.caption"), showsCaption: true, head) {
        for (index, company) in discounts.companies.enumerated() {
          tag("tr") {
            tag("th", ["scope": "row"]) { company.name ?? company.company.value }
            tag("td", ["class": "n", "data-l": localized("discounts.slots")]) { localized.number(company.slots) }
            tag("td", ["class": "n", "data-l": localized("discounts.discount")]) {
              localized.percent(company.percent)
              staleMark
            }
            if canMove { tag("td") { move(company, isFirst: index == 0, isLast: index + 1 == discounts.companies.count) } }
          }
        }
      }
      tag("p", ["class": "quiet"]) {
        discounts.orderedAt.map { localized("discounts.ordered", ["date": date($0)]) } ?? localized("discounts.ordered.never")
      }
    }
  }

  private func move(_ company: Discounts.Company, isFirst: Bool, isLast: Bool) -> HTML {
    form(link("order"), class: "move") {
      emptyTag("input", ["type": "hidden", "name": "company", "value": company.company.value])
      let name = company.name ?? company.company.value
      for (direction, isPossible) in [("up", !isFirst), ("down", !isLast)] where isPossible {
        tag(
          "button",
          [
            "name": "move", "value": direction, "class": "plain",
            "aria-label": localized("discounts.\(direction).company", ["company": name]),
          ]
        ) { localized("discounts.\(direction)") }
      }
    }
  }

  @HTMLBuilder private func runs(_ runs: [Discounts.Run]) -> HTML {
    if runs.isEmpty { tag("p") { localized("discounts.runs.none") } }
    for run in runs {
      tag("h3") { localized.month(run.period) }
      tag("ul", ["class": "run"]) {
        if run.assignments.isEmpty {
          tag("li") {
            tag("strong") { localized("discounts.run.none") }
            if !run.skipped.isEmpty {
              tag("small") { run.skipped.map { localized.reason("skip", $0) }.joined(separator: " ") }
            }
          }
        }
        for assignment in run.assignments {
          tag("li") {
            let name = session.companies.first { $0.id == assignment.company.value }?.name ?? assignment.company.value
            tag("strong") { "\(name): \(localized.percent(assignment.percent))" }
            tag("small") { outcome(assignment) }
          }
        }
      }
    }
  }

  private func outcome(_ assignment: Discounts.Assignment) -> String {
    switch assignment.state {
    case .open: localized("discounts.open")
    case .applied: localized("discounts.applied", ["invoice": assignment.invoice ?? "–"])
    case .voided: localized("discounts.voided", ["reason": assignment.reason.map { localized.reason("void", $0) } ?? ""])
    }
  }
}
