import Contracts
import JSON

/// A value that a field may have: `["topic": name, "partition": 3]`.
public protocol LogValue: JSONEncodable, Sendable {}

extension String: LogValue {}
extension Bool: LogValue {}
extension Int: LogValue {}
extension Int64: LogValue {}
extension Int32: LogValue { public func write(to json: inout JSONWriter) { json.integer(Int64(self)) } }
extension UInt16: LogValue { public func write(to json: inout JSONWriter) { json.integer(Int64(self)) } }
extension Substring: LogValue { public func write(to json: inout JSONWriter) { json.string(String(self)) } }
extension Double: LogValue {
  /// JSON has no infinity and no NaN.
  public func write(to json: inout JSONWriter) { isFinite ? json.raw(text: "\(self)") : json.string("\(self)") }
}

/// Fields in the order in which they were written. Each name occurs once: a later field replaces an earlier one.
public struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
  public private(set) var pairs: [(name: String, value: any LogValue)] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, any LogValue)...) {
    for (name, value) in elements { self[name] = value }
  }

  public subscript(name: String) -> (any LogValue)? {
    get { pairs.first { $0.name == name }?.value }
    set {
      let index = pairs.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): pairs[index].value = value
      case (let index?, nil): pairs.remove(at: index)
      case (nil, let value?): pairs.append((name, value))
      case (nil, nil): break
      }
    }
  }

  func merging(_ other: LogFields) -> LogFields {
    if pairs.isEmpty { return other }
    var merged = self
    for (name, value) in other.pairs { merged[name] = value }
    return merged
  }
}

/// One event of the log, and its two formats.
struct LogLine {
  let time: Instant
  let level: LogLevel
  let service: String
  let instance: String
  let message: String
  let fields: LogFields

  private static let reserved: Set<String> = ["time", "level", "service", "instance", "message"]

  /// A JSON object (RFC 8259) without line breaks. A field named like one of the fixed members gets a `_` in front, because readers
  /// do not agree on repeated names.
  var json: String {
    var out = JSONWriter()
    out.beginObject()
    out.member("time", time)
    out.member("level", level.name)
    out.member("service", service)
    out.member("instance", instance)
    out.member("message", message)
    for (name, value) in fields.pairs { out.member(named: LogLine.reserved.contains(name) ? "_" + name : name, value) }
    out.endObject()
    return String(decoding: out.bytes(), as: UTF8.self)
  }

  /// `12:03:04.123 INFO    attribution/1  message  topic=billing partition=3`, UTC.
  func text(coloured: Bool) -> String {
    let name = level.name.uppercased()
    let padded = name + String(repeating: " ", count: 7 - name.count)
    var out = coloured ? "\u{1B}[2m\(clock)\u{1B}[0m \(colour)\(padded)\u{1B}[0m " : "\(clock) \(padded) "
    out += instance.isEmpty ? service : "\(service)/\(instance)"
    out += "  " + LogLine.harmless(message)
    for (index, pair) in fields.pairs.enumerated() {
      out += index == 0 ? "  " : " "
      out += coloured ? "\u{1B}[2m\(LogLine.harmless(pair.name))=\u{1B}[0m" : LogLine.harmless(pair.name) + "="
      let text = "\(pair.value)"
      let plain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
      out += plain ? text : "\"" + LogLine.harmless(text).replacing("\"", with: "\\\"") + "\""
    }
    return out
  }

  private var colour: String {
    switch level {
    case .debug: "\u{1B}[2m"
    case .info: "\u{1B}[32m"
    case .notice: "\u{1B}[36m"
    case .warning: "\u{1B}[33m"
    case .error: "\u{1B}[31m"
    }
  }

  private var clock: Substring { time.description.dropFirst(11).dropLast() }

  /// Replaces control characters, so that text from a record cannot move the cursor or break the line.
  private static func harmless(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
        out += scalar == "\n" ? "\\n" : scalar == "\t" ? "\\t" : "\\u" + hexadecimal(scalar)
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
    let text = String(scalar.value, radix: 16)
    return String(repeating: "0", count: max(0, 4 - text.count)) + text
  }
}
