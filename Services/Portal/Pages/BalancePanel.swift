import Contracts
import Markup

extension Balance {
  /// The parts in the order in which money moves through them. Their sum is everything earned, plus corrections.
  fileprivate var parts: [(name: String, minor: Int64)] {
    [
      ("pending", pending), ("locked", locked), ("available", available), ("reserved", reserved), ("spent", spent),
      ("paid", paid), ("reversed", reversed),
    ]
  }
}

extension PageContext {
  /// The balances of an account, one per currency.
  @HTMLBuilder func balances(_ summary: Summary) -> HTML {
    if summary.balances.isEmpty {
      section(localized("balance.title"), class: "panel") {
        emptyState(localized("balance.none"), localized("balance.none.text"))
      }
    }
    for figures in summary.balances {
      let currency = figures.balance.currency
      section(
        summary.balances.count == 1
          ? localized("balance.title") : localized("balance.title.currency", ["currency": currency.code]),
        class: "panel"
      ) {
        amountLine(figures.balance.available, currency, "balance.available")
        if figures.balance.available < 0 { tag("p", ["class": "fault"]) { localized("balance.negative") } }
        if let next = figures.maturities.first { sentence(next, currency) }
        bar(figures.balance)
        balanceTable(figures.balance, localized("balance.caption"))
        if let spending = terms.spending {
          tag("p", ["class": "quiet"]) { localized("balance.spending", ["kinds": kinds(spending.kinds)]) }
        }
        for withdrawal in summary.openWithdrawals where withdrawal.currency == currency {
          tag("p") {
            tag("a", ["href": link("withdraw")]) { localized("withdraw.open") }
            ": \(localized.amount(withdrawal.amount, currency)), \(localized("withdrawal.\(withdrawal.state.rawValue)"))"
          }
        }
      }
    }
  }

  /// A bar that shows the share of each part. The table below contains the same numbers, so the bar is hidden from screen readers.
  private func bar(_ balance: Balance) -> HTML {
    let parts = balance.parts.filter { $0.minor > 0 }
    let total = parts.reduce(Int128(0)) { $0 + Int128($1.minor) }
    var before: Int128 = 0
    let shares = parts.map { part in
      let start = before * 1000 / total
      before += Int128(part.minor)
      // Even the smallest amount stays visible.
      let width = max(before * 1000 / total - start, 4)
      return emptyTag("rect", ["class": part.name, "x": "\(start)", "width": "\(width)", "height": "10"])
    }
    return shares.isEmpty
      ? .empty
      : tag("svg", ["class": "share-bar", "viewBox": "0 0 1000 10", "preserveAspectRatio": "none", "aria-hidden": "true"]) {
        shares
      }
  }

  /// A table of every part with its amount, and a line with the sum.
  func balanceTable(_ balance: Balance, _ caption: String) -> HTML {
    let corrected = balance.corrected ?? 0
    func row(_ name: String, _ minor: Int64, dot: Bool = true) -> HTML {
      tag("tr") {
        tag("th", ["scope": "row", "class": dot ? "dot \(name)" : nil]) { localized("balance.\(name)") }
        tag("td", ["class": "n"]) { localized.figure(minor, balance.currency) }
      }
    }
    return tag("table", ["class": "balance"]) {
      tag("caption", ["class": "hide"]) { caption }
      tag("thead", ["class": "hide"]) {
        tag("tr") {
          tag("th", ["scope": "col"]) { localized("balance.state") }
          tag("th", ["scope": "col", "class": "n"]) { "\(localized("balance.amount")), \(balance.currency.code)" }
        }
      }
      tag("tbody") {
        for part in balance.parts where part.minor != 0 || part.name == "available" { row(part.name, part.minor) }
      }
      // Leave the line out if the sum exceeds Int64, which does not happen in practice.
      if let accrued = try? balance.accrued {
        tag("tfoot") {
          if corrected != 0, let sum = try? Money.sum(accrued, corrected) {
            row("sum", sum, dot: false)
            row("corrected", corrected, dot: false)
          }
          row("accrued", accrued, dot: false)
        }
      }
    }
  }
}
