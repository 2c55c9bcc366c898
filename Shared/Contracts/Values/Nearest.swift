/// The known name that a mistyped one most likely means, or nil if none is similar.
public func nearest(to name: String, among known: [String]) -> String? {
  let typed = Array(name.lowercased())
  let distances = known.map { ($0, editDistance(typed, Array($0.lowercased()))) }
  guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= max(1, min(typed.count, best.0.count) / 3) else { return nil }
  return best.0
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // No known name is that long, and the table grows with the product of the lengths.
  if a.count > 64 || b.count > 64 { return .max }
  var rows = [Array(0...b.count)]
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
      row.append(cost)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
