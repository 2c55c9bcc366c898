import Contracts
import JSON
import Streaming

/// Records as text, so that a corpus can be read and mutated: the lines of an event file, and two more kinds.
///
///     {"specversion":"1.0", …}                      a record in structured mode on its type's topic
///     @billing⇥key⇥ce_id=1⇥…⇥⇥body                  topic, key, headers and, after an empty field, the body of any record
///     +14d                                          the clock moves
///     !                                             from here on, records from any future instant are accepted
enum BusText {
  enum Line {
    case record(InputRecord)
    case advance(TimeSpan)
    case anyFuture
  }

  /// Enough to reach every rule. It bounds the cost of one input.
  private static let linesMax = 24
  private static let tab = UInt8(ascii: "\t")

  static func lines(_ bytes: [UInt8]) -> [Line] {
    let parser = JSONParser()
    return bytes.split(separator: UInt8(ascii: "\n")).prefix(linesMax).enumerated().map { number, line in
      switch line.first {
      case UInt8(ascii: "+"):
        if let text = String(validating: line.dropFirst(), as: UTF8.self), let span = TimeSpan(text), span <= .days(400) {
          return .advance(span)
        }
      case UInt8(ascii: "!"): return .anyFuture
      case UInt8(ascii: "@"): return .record(raw(line.dropFirst(), offset: Int64(number)))
      default: break
      }
      return .record(structured(Array(line), offset: Int64(number), parser))
    }
  }

  private static func structured(_ line: [UInt8], offset: Int64, _ parser: JSONParser) -> InputRecord {
    let name = try? parser.read(line) { json throws(JSONError) in try json.object().member("type")?.string() }
    let topic = name.flatMap { MessageRegistry.type(named: $0)?.topic } ?? .billing
    return InputRecord(topic: topic, partition: 0, offset: offset, key: nil, value: line, headers: [])
  }

  private static func raw(_ line: ArraySlice<UInt8>, offset: Int64) -> InputRecord {
    var fields = line.split(separator: tab, omittingEmptySubsequences: false)[...]
    let topic = fields.popFirst().flatMap { Topic.named(String(decoding: $0, as: UTF8.self)) } ?? .billing
    let key = fields.popFirst().map(Array.init)
    var value: [UInt8]?
    var headers: [(name: String, value: [UInt8])] = []
    while let field = fields.popFirst() {
      if field.isEmpty {
        value = Array(fields.joined(separator: [tab]))
        break
      }
      let name = field.prefix { $0 != UInt8(ascii: "=") }
      headers.append((name: String(decoding: name, as: UTF8.self), value: Array(field.dropFirst(name.count + 1))))
    }
    return InputRecord(topic: topic, partition: 0, offset: offset, key: key, value: value, headers: headers)
  }
}
