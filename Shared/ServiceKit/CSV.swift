extension String {
  /// The text as a quoted field of RFC 4180. Works on scalars, because a quote and a combining mark are one Character, which would not
  /// compare equal to a quote.
  public var quotedInCSV: String {
    var field = String.UnicodeScalarView(["\""])
    for scalar in unicodeScalars { field.append(contentsOf: scalar == "\"" ? ["\"", "\""] : [scalar]) }
    field.append("\"")
    return String(field)
  }
}
