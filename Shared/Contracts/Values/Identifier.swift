import JSON

/// An identifier of one kind of thing: 1 to 128 printable ASCII characters (0x20...0x7E), compared byte by byte.
///
/// `Kind` only prevents passing an account where a payment is meant. It is not part of the text.
public struct Identifier<Kind>: Hashable, Comparable, Sendable {
  public let value: String

  // Written out for speed, because stages make an id of the key of every event.
  public init?(_ value: String) {
    guard isIdentifier(value) else { return nil }
    self.value = value
  }

  @usableFromInline init(unchecked value: String) { self.value = value }

  /// An id derived from the cause, so that a replay gives the same id. See ``derivedID(_:)``.
  public init(derivedFrom parts: [String]) {
    value = derivedID(parts)
  }

  public static func < (left: Identifier, right: Identifier) -> Bool { left.value < right.value }
}

extension Identifier: TextValue, ExpressibleByStringLiteral {
  public static var form: String { identifierForm }
  public var text: String { value }

  public init?(text: UnsafeBufferPointer<UInt8>) {
    guard isIdentifier(text) else { return nil }
    value = String(decoding: text, as: UTF8.self)
  }

  // Written out for speed: the generic version looks up the metadata of `Kind` for every id of every message.
  @inlinable public init(json: JSONValue) throws(JSONError) { self.init(unchecked: try identifierText(json)) }

  @inlinable public func write(to json: inout JSONWriter) { json.string(value) }
}

private let identifierForm = "an identifier of 1 to 128 printable ASCII characters"

@usableFromInline func identifierText(_ json: JSONValue) throws(JSONError) -> String {
  let utf8 = try json.utf8()
  guard isIdentifier(utf8) else {
    throw json.error("\"\(String(decoding: utf8.prefix(60), as: UTF8.self))\" is not \(identifierForm)")
  }
  return String(decoding: utf8, as: UTF8.self)
}

private func isIdentifier(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  guard 1...128 ~= text.count else { return false }
  for byte in text where byte &- 0x20 > 0x5E { return false }
  return true
}

private func isIdentifier(_ text: String) -> Bool { text.withUTF8InPlace(isIdentifier) }

/// An id derived from the cause, the same in every run and in every process.
///
/// The parts are joined with `/`. Inside a part, `%`, `/` and everything except printable ASCII are percent-escaped, so that different
/// parts never give the same text. A text of more than 128 characters becomes its first 80, `~` and the 32 hex digits of its XXH3-128. At
/// least one part must not be empty, because an id must not be empty.
public func derivedID(_ parts: [String]) -> String {
  let longest = parts.reduce(parts.count) { $0 + 3 * $1.utf8.count }
  let joined = String(unsafeUninitializedCapacity: longest) { text in
    var length = 0
    func put(_ byte: UInt8) {
      text[length] = byte
      length += 1
    }
    for (index, part) in parts.enumerated() {
      if index > 0 { put(0x2F) }
      for byte in part.utf8 {
        guard byte == 0x25 || byte == 0x2F || !(0x20...0x7E ~= byte) else {
          put(byte)
          continue
        }
        put(0x25)
        put(hexDigit(byte >> 4))
        put(hexDigit(byte & 15))
      }
    }
    return length
  }
  return joined.utf8.count <= 128 ? joined : String(joined.prefix(80)) + "~" + StableHash.hex128(of: joined)
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
