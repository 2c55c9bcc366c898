import CommandKit
import Contracts
import Foundation
import Words

/// A file of events gives one entry for each line that is not blank, whatever it holds, and however little of a long line is kept.
enum EventFileTarget {
  /// The capacity of a pipe without a reader.
  private static let pipeBytesMax = 65_536

  static func run(_ bytes: [UInt8]) throws {
    let bytes = Array(bytes.prefix(pipeBytesMax))
    let lines = try read(bytes) { path in
      var lines: [Line] = []
      let reader = try LineReader(path: path, keptBytesMax: 1 << 20)
      while let line = try reader.line() { lines.append(line) }
      return lines
    }
    let expected = split(bytes)
    try hold(lines.map(\.bytes) == expected.map { Array($0) }, "the lines are not those of the file")
    try hold(lines.map(\.number) == Array(0..<lines.count).map { $0 + 1 }, "the lines are not counted from 1")
    try checkShort(bytes, lines)

    let entries = try read(bytes) { path in
      var entries: [FileEntry] = []
      let file = try EventFile(path: path)
      while let entry = try file.next() { entries.append(entry) }
      return entries
    }
    try hold(entries.count == lines.count { !$0.isBlank }, "\(entries.count) entries")
    for entry in entries { try check(entry) }
  }

  /// Only the beginning of a line is kept, but its length is reported.
  private static func checkShort(_ bytes: [UInt8], _ lines: [Line]) throws {
    let short = try read(bytes) { path in
      var lines: [Line] = []
      let reader = try LineReader(path: path, keptBytesMax: 7)
      while let line = try reader.line() { lines.append(line) }
      return lines
    }
    try hold(short.map(\.length) == lines.map(\.length), "a length depends on what is kept")
    for (part, whole) in zip(short, lines) {
      try hold(whole.bytes.starts(with: part.bytes) && part.bytes.count <= 7, "what is kept is not the line's beginning")
    }
  }

  private static func check(_ entry: FileEntry) throws {
    switch entry {
    case .event(let event):
      try hold([.input, .clock].contains(event.topic.kind), "an event for \(event.topic.name)")
      try hold(Instant.range.contains(event.time), "an event at \(event.time)")
      try hold(InputText.sentence(event.message) != "", "an event with an empty sentence")
    case .unknownType: break
    case .rejected(_, _, let reason, let detail):
      try hold(reason == FileEntry.notAnInput || DeadLetterReason(rawValue: reason) != nil, "rejected as '\(reason)'")
      try hold(!detail.isEmpty && detail.utf8.count <= 1003, "a detail of \(detail.utf8.count) bytes")
    }
  }

  private static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // A final line feed does not start another line.
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    if let first = lines.first, first.starts(with: [0xEF, 0xBB, 0xBF]) { lines[0] = first.dropFirst(3) }
    return lines
  }

  /// Calls `body` with the path of a pipe of this process that has these bytes.
  static func read<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(bytes.prefix(pipeBytesMax)))
    try pipe.fileHandleForWriting.close()
    defer { try? pipe.fileHandleForReading.close() }
    return try body("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
  }
}
