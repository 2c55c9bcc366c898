/// Why a text is not what was asked for, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, in the words of CONTRACTS.md ("Envelope"): one for each way in which a body is refused.
  public enum Reason: String, Sendable, CaseIterable {
    /// Not JSON, or JSON of another shape than the type asked for.
    case malformed
    /// An object names a member twice, counted after escapes are resolved.
    case duplicateKey
    /// A number that its field cannot hold.
    case outOfRange
    /// The bytes are not UTF-8.
    case notUTF8
    /// More than `JSONParser.depthLimit` levels of brackets.
    case tooDeep
  }

  public var reason: Reason
  /// The value it is about, from the root: `lines[0].amount`; empty for the whole text.
  public var path: String
  /// For a person.
  public var detail: String

  /// A type may throw this from its `init(from:)`; an empty path is then filled with the value's own.
  public init(reason: Reason, path: String = "", detail: String) {
    self.reason = reason
    self.path = path
    self.detail = detail
  }

  public var description: String {
    path.isEmpty ? "\(reason.rawValue): \(detail)" : "\(reason.rawValue) at \(path): \(detail)"
  }
}

extension JSONError {
  /// What a type's own `init(from:)` or `encode(to:)` threw, in our words. `path` is where the value is.
  init(_ error: any Error, at path: String) {
    switch error {
    case let error as JSONError:
      self = error
      if self.path.isEmpty { self.path = path }
    case DecodingError.keyNotFound(let key, let context):
      let parent = context.codingPath.isEmpty ? path : PathStep.text(context.codingPath)
      self.init(reason: .malformed, path: PathStep.text(key, after: parent), detail: context.debugDescription)
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      let path = context.codingPath.isEmpty ? path : PathStep.text(context.codingPath)
      self.init(reason: .malformed, path: path, detail: context.debugDescription)
    case EncodingError.invalidValue(_, let context):
      let path = context.codingPath.isEmpty ? path : PathStep.text(context.codingPath)
      self.init(reason: .malformed, path: path, detail: context.debugDescription)
    default:
      self.init(reason: .malformed, path: path, detail: String(describing: error))
    }
  }
}

/// One step from a value to one inside it.
enum PathStep: CodingKey {
  case member(String)
  case element(Int)

  init(stringValue: String) { self = .member(stringValue) }
  init(intValue: Int) { self = .element(intValue) }

  var stringValue: String {
    switch self {
    case .member(let name): name
    case .element(let index): "Index \(index)"
    }
  }

  var intValue: Int? {
    switch self {
    case .member: nil
    case .element(let index): index
    }
  }

  static func text(_ path: [any CodingKey]) -> String {
    path.reduce("") { text($1, after: $0) }
  }

  static func text(_ key: any CodingKey, after parent: String) -> String {
    if let index = key.intValue { return "\(parent)[\(index)]" }
    return parent.isEmpty ? key.stringValue : "\(parent).\(key.stringValue)"
  }
}
