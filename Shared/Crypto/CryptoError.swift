import COpenSSL

/// OpenSSL could not do what it was asked for. That is never the fault of a message or its signature.
public struct CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  /// Takes the errors of this thread off OpenSSL's queue, so that none is taken for a later call's.
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
