/// One parsed text, to be decoded as a whole or in parts; valid until its parser parses again.
///
/// Paths are names of object members from the root, such as `"data"`; none is the root.
public struct JSONDocument {
  private let owner: TapeOwner
  private let generation: Int

  init(_ owner: TapeOwner) {
    self.owner = owner
    generation = owner.generation
  }

  private var tape: UnsafePointer<Tape>? { owner.tape(of: generation) }

  /// Decodes the value there.
  ///
  /// - Throws: `malformed` when it is missing or of another shape, when the type itself refuses (a `DecodingError`), or
  ///   when the document is no longer valid; `outOfRange` for a number its field cannot hold; any `JSONError` of the type's own.
  public func decode<T: Decodable>(_ type: T.Type, at path: String...) throws(JSONError) -> T {
    guard let tape else { throw JSONError(reason: .malformed, detail: "the parser has parsed another text since") }
    guard let index = tape.pointee.value(at: path) else {
      throw JSONError(reason: .malformed, path: path.joined(separator: "."), detail: "missing")
    }
    defer { withExtendedLifetime(owner) {} }
    return try TapeDecoder(tape: tape, index: index).decode(type)
  }

  /// Whether a value is there; `null` is one.
  public func contains(_ path: String...) -> Bool {
    defer { withExtendedLifetime(owner) {} }
    return tape?.pointee.value(at: path) != nil
  }

  /// The value there as compact JSON: members in their original order, strings with only the necessary escapes. Numbers
  /// with a point or an exponent are written as the shortest text of the same Double (`1e3` becomes `1000.0`).
  public func serialized(at path: String...) -> [UInt8]? {
    defer { withExtendedLifetime(owner) {} }
    guard let tape, let index = tape.pointee.value(at: path) else { return nil }
    var writer = JSONWriter()
    defer { writer.deallocate() }
    writer.copy(tape.pointee, index)
    return writer.output()
  }

  /// Members that no decoding of this document has asked for so far, of the objects that were decoded. An unknown member
  /// counts once, whatever is inside it; what `contains`, `serialized` and paths named counts as known.
  public var unknownFields: Int {
    defer { withExtendedLifetime(owner) {} }
    return tape?.pointee.unknownFields ?? 0
  }
}
