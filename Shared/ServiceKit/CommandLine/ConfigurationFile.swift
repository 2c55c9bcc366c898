import Foundation

/// A setting's value and where it was given, for error messages.
struct Setting {
  let value: String
  /// `--commit-ms`, `LAUREL_COMMIT_MS` or `laurel.conf:3: 'commit-ms'`.
  let origin: String
}

/// The lines of a configuration file: `name = value`, blank lines, and comment lines that start with `#`. Only the blanks around a value
/// are removed. Quotes, escapes and `#` have no special meaning in it, because passwords contain them.
struct ConfigurationFile {
  struct Line {
    let name: String
    let value: String
    let number: Int
  }

  private(set) var lines: [Line] = []
  private(set) var problems: [String] = []

  init(path: String) {
    self.init()
    guard let data = FileManager.default.contents(atPath: path) else {
      let reason = access(path, R_OK) == 0 ? "not a file" : String(cString: strerror(errno))
      problems.append("\(path): cannot be read: \(reason)")
      return
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      problems.append("\(path): is not UTF-8 text")
      return
    }
    read(text, path: path)
  }

  private init() {}

  private mutating func read(_ text: String, path: String) {
    // Split by scalars, because a carriage return and a line feed form one Character.
    for (index, raw) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = String(raw).trimmingCharacters(in: .whitespacesAndNewlines)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let name = line.prefix { $0 != "=" }
      guard name.endIndex < line.endIndex, !name.isEmpty else {
        problems.append("\(path):\(index + 1): expected 'name = value'")
        continue
      }
      let value = line[line.index(after: name.endIndex)...]
      lines.append(
        Line(
          name: name.trimmingCharacters(in: .whitespaces), value: value.trimmingCharacters(in: .whitespaces), number: index + 1))
    }
  }
}
