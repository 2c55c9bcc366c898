/// The known name that is closest to a mistyped one, or `nil` if none is close. Of equally close names, the first one.
public func nearest(_ name: String, among known: some Sequence<String>) -> String? {
  let typed = Array(name.lowercased())
  // Up to a third of the letters may be wrong. With more, it is another word, and a guess would mislead.
  let limit = max(1, (typed.count + 2) / 3)
  var best: (name: String, distance: Int)?
  for candidate in known {
    let letters = Array(candidate.lowercased())
    // A prefix of at least three letters counts as an abbreviation, however much of the name is missing.
    let abbreviated = typed.count >= 3 && letters.starts(with: typed)
    let distance = abbreviated ? 1 : editDistance(typed, letters)
    if distance <= limit, distance < (best?.distance ?? .max) { best = (candidate, distance) }
  }
  return best?.name
}

/// Damerau-Levenshtein distance in its optimal-string-alignment form: insertions, deletions, substitutions and swaps of
/// neighbours.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // No known name is that long, and the time grows with the product of the lengths.
  if max(a.count, b.count) > 64 { return .max }
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
