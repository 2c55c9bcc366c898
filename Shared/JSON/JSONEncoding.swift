/// Writes JSON straight to bytes.
///
/// Compact; members in the order in which they are encoded; only necessary escapes (`/` stays `/`); nil members left out;
/// dictionaries sorted by the bytes of their keys as written, so that the same value is always the same text.
public enum JSONEncoding {
  /// - Throws: `malformed` when a type refuses itself (an `EncodingError`) or uses its encoder against the rules,
  ///   `outOfRange` for an infinite or undefined number, `tooDeep` beyond `JSONParser.depthLimit`, any `JSONError` of the type's own.
  public static func encode<T: Encodable>(_ value: T) throws(JSONError) -> [UInt8] {
    var writer = JSONWriter()
    defer { writer.deallocate() }
    do {
      try withUnsafeMutablePointer(to: &writer) { try WriterEncoder($0).encode(value) }
    } catch {
      throw JSONError(error, at: "")
    }
    if let failure = writer.failure { throw failure }
    return writer.output()
  }
}
