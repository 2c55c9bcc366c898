extension UnsafeRawBufferPointer {
  /// Whether both have the same bytes. It compares eight at a time, and the standard library's `elementsEqual` only one.
  @inlinable public func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let a = baseAddress, let b = other.baseAddress else { return true }
    func differ<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Bool {
      a.loadUnaligned(fromByteOffset: offset, as: type) != b.loadUnaligned(fromByteOffset: offset, as: type)
    }
    // The last word may overlap the one before it.
    switch count {
    case 8...:
      var index = 0
      while index &+ 8 < count {
        if differ(UInt64.self, at: index) { return false }
        index &+= 8
      }
      return !differ(UInt64.self, at: count &- 8)
    case 4...: return !differ(UInt32.self, at: 0) && !differ(UInt32.self, at: count &- 4)
    case 2...: return !differ(UInt16.self, at: 0) && !differ(UInt16.self, at: count &- 2)
    case 1: return !differ(UInt8.self, at: 0)
    default: return true
    }
  }

  /// Whether these are the bytes of the text.
  public func equals(_ text: String) -> Bool {
    text.withUTF8InPlace { equals(UnsafeRawBufferPointer($0)) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether both have the same bytes.
  @inlinable public func equals(_ other: Self) -> Bool { UnsafeRawBufferPointer(self).equals(UnsafeRawBufferPointer(other)) }

  /// Whether these are the bytes of the text.
  public func equals(_ text: String) -> Bool { UnsafeRawBufferPointer(self).equals(text) }
}

extension String {
  /// Passes the bytes of the text where they are. `withUTF8` needs a variable, and so a copy whose owners are counted.
  @inlinable public func withUTF8InPlace<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    var text = self
    return text.withUTF8(body)
  }
}
