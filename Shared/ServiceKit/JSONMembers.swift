import JSON

/// A JSON object with these members, in this order. A member whose value is `nil` is left out.
public struct JSONMembers: JSONEncodable, ExpressibleByDictionaryLiteral {
  private var members: [(name: String, value: (any JSONEncodable)?)]

  public init(dictionaryLiteral elements: (String, (any JSONEncodable)?)...) { members = elements }

  public static func + (left: JSONMembers, right: JSONMembers) -> JSONMembers {
    var both = left
    both.members += right.members
    return both
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    for (name, value) in members {
      if let value { json.member(named: name, value) }
    }
    json.endObject()
  }

  /// For the output of a command.
  public var line: String { String(decoding: jsonBytes(), as: UTF8.self) }
}
