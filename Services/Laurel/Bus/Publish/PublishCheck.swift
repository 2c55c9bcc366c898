import CommandKit
import Contracts
import ServiceKit
import Words

/// `laurel publish --check`: reports, without a bus, which lines of a file would be rejected, and why.
///
/// It checks each line by itself. Only the services' state can show whether a line contradicts an earlier event.
enum PublishCheck {
  /// - Parameter movesClock: whether the file will be published with `--in-order`, which takes clock ticks as well.
  /// - Returns: 0 if every line is fine, else 1.
  static func run(_ path: String, asJSON: Bool, movesClock: Bool) throws -> Int32 {
    let file = try EventFile(path: path)
    // A program that pipes lines in may wait for each answer.
    let output = ResultOutput(flushesEachLine: true)
    var lines = 0
    var wrong = 0
    var ignored = 0
    while let entry = try file.next() {
      let (type, reason, detail) = report(entry, movesClock: movesClock)
      if case .unknownType = entry, reason == nil { ignored += 1 }
      lines += 1
      if reason != nil { wrong += 1 }
      if asJSON {
        let members: JSONMembers = ["line": entry.line, "type": type, "reason": reason, "detail": detail]
        try output.line(members.line)
      } else if let reason {
        try output.line("\(file.name):\(entry.line): \(reason): \(detail ?? "")")
      }
    }
    if !asJSON {
      let outcome = wrong == 0 ? "\(counted(lines, "event")), all valid" : "\(counted(lines, "line")), \(wrong) would be rejected"
      try output.line(
        "\(file.name): \(outcome)" + (ignored == 0 ? "" : "; \(counted(ignored, "event")) of unknown types would be ignored"))
    }
    try output.flush()
    return wrong == 0 ? 0 : 1
  }

  /// The type, if the line is an event, and why it would be rejected, if so.
  private static func report(_ entry: FileEntry, movesClock: Bool) -> (type: String?, reason: String?, detail: String?) {
    switch entry {
    case .event(let event) where event.topic.kind == .clock && !movesClock:
      (event.envelope.type, FileEntry.notAnInput, FileEntry.tickDetail)
    case .event(let event): (event.envelope.type, nil, nil)
    // Services ignore types of other owners.
    case .unknownType(_, let type, _) where !MessageRegistry.isInOwnNamespace(type): (type, nil, nil)
    case .unknownType(_, let type, _): (type, "unknown-type", MessageRegistry.textOfUnknown(type))
    case .rejected(_, _, let reason, let detail): (nil, reason, detail)
    }
  }
}
