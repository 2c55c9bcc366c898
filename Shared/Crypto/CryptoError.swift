import COpenSSL

/// A failed OpenSSL operation. An invalid message or signature is never the cause.
public struct CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  /// Removes this thread's errors from OpenSSL's queue, so that they are not mistaken for errors of a later call.
  static func last(_ action: String) -> CryptoError {
    var text = [CChar](repeating: 0, count: 256)
    var reasons: [String] = []
    while true {
      let code = ERR_get_error()
      if code == 0 { break }
      ERR_error_string_n(code, &text, text.count)
      reasons.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return CryptoError(
      description: "OpenSSL cannot \(action): \(reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; "))")
  }
}
