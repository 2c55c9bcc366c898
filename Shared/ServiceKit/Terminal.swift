import Glibc

/// What the terminal at a file descriptor can show.
public enum Terminal {
  public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Columns; nil when it is not a terminal.
  public static func width(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard isTerminal(descriptor), ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether to colour what goes there: `NO_COLOR` (no-color.org) forbids it, `CLICOLOR_FORCE` asks for it on a pipe too, a
  /// terminal that calls itself `dumb` has none.
  public static func coloured(_ descriptor: Int32, environment: [String: String]) -> Bool {
    if !(environment["NO_COLOR"] ?? "").isEmpty { return false }
    if !["", "0"].contains(environment["CLICOLOR_FORCE"] ?? "") { return true }
    return isTerminal(descriptor) && environment["TERM"] != "dumb"
  }

  /// Colours that tell things apart, such as the services in one stream of lines.
  public enum Colour: Int, Sendable, CaseIterable {
    case red = 31
    case green, yellow, blue, magenta, cyan

    /// The text in this colour, or as it is.
    public func paint(_ text: String, if coloured: Bool = true) -> String {
      coloured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
  }

  public static func bold(_ text: String, if coloured: Bool = true) -> String { coloured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  public static func dim(_ text: String, if coloured: Bool = true) -> String { coloured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
