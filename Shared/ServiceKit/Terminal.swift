import Glibc

/// The abilities of the terminal at a file descriptor.
public enum Terminal {
  public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// The number of columns; `nil` if it is not a terminal.
  public static func width(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard isTerminal(descriptor), ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether to write colours: `NO_COLOR` (no-color.org) turns them off, `CLICOLOR_FORCE` turns them on even for a pipe, and a terminal
  /// named `dumb` has none.
  public static func coloured(_ descriptor: Int32, environment: [String: String]) -> Bool {
    if !(environment["NO_COLOR"] ?? "").isEmpty { return false }
    if !["", "0"].contains(environment["CLICOLOR_FORCE"] ?? "") { return true }
    return isTerminal(descriptor) && environment["TERM"] != "dumb"
  }

  /// Colours that distinguish things, such as the services in one log stream.
  public enum Colour: Int, Sendable, CaseIterable {
    case red = 31
    case green, yellow, blue, magenta, cyan

    /// The text in this colour, or unchanged if `coloured` is false.
    public func paint(_ text: String, if coloured: Bool = true) -> String {
      coloured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
  }

  public static func bold(_ text: String, if coloured: Bool = true) -> String { coloured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  public static func dim(_ text: String, if coloured: Bool = true) -> String { coloured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
