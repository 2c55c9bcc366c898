import CommandKit
import Contracts
import JSON
import ServiceKit
import Words

/// `laurel publish --check`: reports, without a bus, which lines of a file would be rejected, and why.
///
/// It checks each line by itself. Only the services' state can show whether a line contradicts an earlier event.
enum PublishCheck {
  private struct Report: JSONEncodable {
    let line: Int
    let type: String?
    /// `nil` if the line is fine.
    let reason: String?
    let detail: String?

    func write(to json: inout JSONWriter) {
      json.beginObject()
      json.member("line", line)
      json.member("type", type)
      json.member("reason", reason)
      json.member("detail", detail)
      json.endObject()
    }
  }

  /// - Returns: 0 if every line is fine, else 1.
  static func run(_ path: String, asJSON: Bool) throws -> Int32 {
    let file = try EventFile(path: path)
    // A program that pipes lines in may wait for each answer.
    let output = ResultOutput(flushesEachLine: true)
    var events = 0
    var wrong = 0
    while let entry = try file.next() {
      let report = report(entry)
      events += 1
      if report.reason != nil { wrong += 1 }
      if asJSON {
        try output.line(report.jsonBytes())
      } else if let reason = report.reason {
        try output.line("\(file.name):\(report.line): \(reason): \(report.detail ?? "")")
      }
    }
    if !asJSON {
      try output.line(
        "\(file.name): \(counted(events, "event")), "
          + (wrong == 0 ? "all valid" : "\(wrong) would be rejected"))
    }
    try output.flush()
    return wrong == 0 ? 0 : 1
  }

  private static func report(_ entry: FileEntry) -> Report {
    switch entry {
    case .event(let event): Report(line: event.line, type: event.envelope.type, reason: nil, detail: nil)
    case .unknownType(let line, let type, _):
      Report(line: line.number, type: type, reason: "unknown-type", detail: MessageRegistry.textOfUnknown(type))
    case .rejected(let line, _, let reason, let detail): Report(line: line.number, type: nil, reason: reason, detail: detail)
    }
  }
}
