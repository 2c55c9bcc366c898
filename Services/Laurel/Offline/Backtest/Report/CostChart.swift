import Contracts
import Markup

/// The cost of one program and unit by month as an inline SVG: a pair of bars a month, or two lines where months are many. What is taken
/// back stands below the axis, in the month in which it was. All coordinates are whole numbers, so that a chart is the same everywhere.
struct CostChart {
  private static let width = 920
  private static let top = 26
  private static let plotHeight = 210
  /// More months than that are drawn as lines.
  private static let barsMax = 48

  private let title: String
  private let cost: CostReport
  private let id: String
  private let scale: Scale
  private let left: Int

  /// - Parameter id: unique in the page.
  init(_ cost: CostReport, title: String, id: String) {
    self.cost = cost
    self.title = title
    self.id = id
    let scale = Scale(cost.months, height: Self.plotHeight)
    left = 14 + 7 * (scale.ticks.map { Self.axisText($0, cost.unit, scale).count }.max() ?? 0)
    self.scale = scale
  }

  var svg: String {
    let bottom = Self.top + Self.plotHeight
    let drawing = axis + (cost.months.count > Self.barsMax ? lines : bars) + monthLabels(bottom)
    return XML.element(
      "svg",
      [
        ("viewBox", "0 0 \(Self.width) \(bottom + 40)"), ("role", "img"), ("aria-labelledby", "\(id)-title \(id)-desc"),
        ("class", "chart"), ("xmlns", "http://www.w3.org/2000/svg"),
      ],
      XML.element("title", [("id", "\(id)-title")], XML.escaped(title))
        + XML.element("desc", [("id", "\(id)-desc")], XML.escaped(summary)) + drawing)
  }

  private var summary: String {
    guard let first = cost.months.first, let last = cost.months.last else { return "No month has a cost." }
    let span = first.month == last.month ? first.month.name : "\(first.month.name) to \(last.month.name)"
    return "\(span), month by month: \(FigureText.full(cost.net.current, cost.unit)) as it is, "
      + "\(FigureText.full(cost.net.proposed, cost.unit)) under the proposal. The figures are in the table below the chart."
  }

  // MARK: Parts

  private var axis: String {
    scale.ticks.map { value in
      let y = self.y(value)
      return XML.empty(
        "line",
        [
          ("class", value == 0 ? "zero" : "grid"), ("x1", "\(left)"), ("x2", "\(Self.width)"), ("y1", "\(y)"), ("y2", "\(y)"),
        ])
        + label(Self.axisText(value, cost.unit, scale), x: left - 8, y: y + 4, anchor: "end", "tick")
    }.joined()
  }

  private var bars: String {
    let slot = (Self.width - left) / max(cost.months.count, 1)
    let bar = min(max(slot * 2 / 5, 2), 36)
    return cost.months.enumerated().map { index, row in
      let middle = center(index)
      var drawing = XML.element("title", [], XML.escaped(hint(row)))
      drawing += XML.empty(
        "rect",
        [
          ("class", "hit"), ("x", "\(middle - slot / 2)"), ("y", "\(Self.top)"), ("width", "\(slot)"),
          ("height", "\(Self.plotHeight)"),
        ])
      for side in Side.allCases {
        let x = side == .current ? middle - bar : middle + (bar > 4 ? 1 : 0)
        let of = row.sides[side]
        drawing += column(of.accrued, x: x, width: bar > 4 ? bar - 1 : bar, Self.name(side))
        drawing += column(of.takenBack, x: x, width: bar > 4 ? bar - 1 : bar, Self.name(side) + " back")
      }
      let difference = FigureText.difference(row.net, .cost(cost.unit))
      if !difference.isEmpty, cost.months.count <= 12, difference.count * 7 <= slot {
        let highest = max(row.sides.current.accrued, row.sides.proposed.accrued)
        drawing += label(difference, x: middle, y: y(highest) - 7, anchor: "middle", "change")
      }
      return XML.element("g", [], drawing)
    }.joined()
  }

  private func column(_ value: Int64, x: Int, width: Int, _ name: String) -> String {
    guard value != 0 else { return "" }
    let (from, to) = (min(y(value), y(0)), max(y(value), y(0)))
    return XML.empty(
      "rect",
      [
        ("class", name), ("x", "\(x)"), ("y", "\(from)"), ("width", "\(width)"), ("height", "\(max(to - from, 1))"),
      ])
  }

  private var lines: String {
    Side.allCases.flatMap { side in
      [
        polyline(cost.months.map { $0.sides[side].accrued }, "line \(Self.name(side))"),
        scale.lowest < 0 ? polyline(cost.months.map { $0.sides[side].takenBack }, "line \(Self.name(side)) back") : "",
      ]
    }.joined()
  }

  private func polyline(_ values: [Int64], _ name: String) -> String {
    let points = values.enumerated().map { "\(center($0.offset)),\(y($0.element))" }
    return XML.empty("polyline", [("class", name), ("points", points.joined(separator: " "))])
  }

  /// Every month where there is room, else quarters or Januaries; the year below its first label.
  private func monthLabels(_ bottom: Int) -> String {
    let count = cost.months.count
    let yearStep = max(1, count / 240)
    var reportedYear: Int?
    var drawing = ""
    for (index, row) in cost.months.enumerated() {
      let month = row.month
      if count > Self.barsMax {
        guard month.isJanuary, month.year % yearStep == 0 else { continue }
        drawing += label("\(month.year)", x: center(index), y: bottom + 18, anchor: "middle", "month")
        continue
      }
      guard count <= 18 || month.beginsQuarter else { continue }
      drawing += label(month.shortName, x: center(index), y: bottom + 18, anchor: "middle", "month")
      guard month.year != reportedYear else { continue }
      reportedYear = month.year
      drawing += label("\(month.year)", x: center(index), y: bottom + 34, anchor: "middle", "year")
    }
    return drawing
  }

  private func hint(_ row: CostReport.MonthRow) -> String {
    Side.allCases.reduce(row.month.name) { text, side in
      let of = row.sides[side]
      let back = of.takenBack == 0 ? "" : ", \(FigureText.figure(of.takenBack, cost.unit)) taken back"
      return text + "\n\(side.label): \(FigureText.full(of.accrued, cost.unit))\(back)"
    }
  }

  private func label(_ text: String, x: Int, y: Int, anchor: String, _ name: String) -> String {
    XML.element("text", [("class", name), ("x", "\(x)"), ("y", "\(y)"), ("text-anchor", anchor)], XML.figure(text))
  }

  // MARK: Places

  private func center(_ index: Int) -> Int {
    left + (2 * index + 1) * (Self.width - left) / (2 * max(cost.months.count, 1))
  }

  private func y(_ value: Int64) -> Int { Self.top + scale.place(value) }

  private static func name(_ side: Side) -> String {
    switch side {
    case .current: "current"
    case .proposed: "proposed"
    }
  }

  /// Without `.00` where every tick is a whole amount.
  private static func axisText(_ value: Int64, _ unit: CostUnit, _ scale: Scale) -> String {
    let texts = scale.ticks.map { FigureText.figure($0, unit) }
    let whole = texts.allSatisfy { text in text.split(separator: ".").dropFirst().allSatisfy { $0.allSatisfy { $0 == "0" } } }
    let text = FigureText.figure(value, unit)
    return whole ? String(text.prefix { $0 != "." }) : text
  }

  /// The vertical axis: from at most 0 to at least 0, with ticks at round figures.
  private struct Scale {
    let lowest: Int64
    let highest: Int64
    let ticks: [Int64]
    private let height: Int

    init(_ months: [CostReport.MonthRow], height: Int) {
      self.height = height
      let values = months.flatMap { [$0.sides.current, $0.sides.proposed] }
      let up = Int128(values.map(\.accrued).max() ?? 0)
      let down = Int128(values.map(\.takenBack).min() ?? 0)
      var step: Int128 = 1
      // 1, 2, 5, 10, 20, 50, …: the first that gives at most five steps.
      var factors: [Int128] = [2, 5, 10]
      var decade: Int128 = 1
      while (up - down) / step >= 5 {
        step = decade * factors.removeFirst()
        if factors.isEmpty {
          decade = step
          factors = [2, 5, 10]
        }
      }
      let (first, last) = (-((-down + step - 1) / step), max((up + step - 1) / step, 1))
      let all = (Int(first)...Int(last)).compactMap { Int64(exactly: Int128($0) * step) }
      ticks = all
      lowest = min(all.first ?? 0, 0)
      highest = max(all.last ?? 1, 1)
    }

    /// Pixels below the top.
    func place(_ value: Int64) -> Int {
      let span = Int128(highest) - Int128(lowest)
      return Int((Int128(highest) - Int128(value)) * Int128(height) / span)
    }
  }
}
