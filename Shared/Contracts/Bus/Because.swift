import JSON

/// One reason of a decision: a code and the facts used. In JSON it is flat: `{"code": "rate", "status": "Basic", "turnover": 6000}`.
///
/// It is stored as that JSON, because the stage that decides writes it once and all others only pass it on.
public struct Because: Sendable {
  /// A fact, with the types that the JSON can have.
  public enum Fact: Hashable, Sendable {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([String])
  }

  /// A fact with its name.
  public struct NamedFact: Hashable, Sendable {
    public let name: String
    public let fact: Fact
  }

  /// One compact JSON object whose first member is `code`.
  private let json: [UInt8]

  /// Facts that are `nil` are left out. None must be named `code`. If a name occurs twice, the first fact stays.
  public init(_ code: String, _ facts: KeyValuePairs<String, Fact?> = [:]) {
    self.init(code, named: facts)
  }

  /// For facts whose names are computed.
  public init(_ code: String, _ facts: [(String, Fact)]) {
    self.init(code, named: facts.lazy.map { (key: $0.0, value: Optional($0.1)) })
  }

  private init(_ code: String, named facts: some RandomAccessCollection<(key: String, value: Fact?)>) {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    writer.member("code", code)
    for index in facts.indices {
      let (name, fact) = facts[index]
      // Laurel itself would reject a notice with two members of one name.
      guard let fact, name != "code", !facts[..<index].contains(where: { $0.key == name && $0.value != nil }) else { continue }
      writer.member(named: name, fact)
    }
    writer.endObject()
    json = writer.bytes()
  }

  public var code: String { parts.code }

  /// In the order in which they were given. Names are unique, and none is `code`.
  public var facts: [NamedFact] { parts.facts }

  /// The fact with this name.
  public subscript(name: String) -> Fact? { facts.first { $0.name == name }?.fact }

  /// A fact that is text. `nil` if it is absent or something else.
  public func text(_ name: String) -> String? {
    if case .text(let text)? = self[name] { text } else { nil }
  }

  /// A fact that is a number. `nil` if it is absent or something else.
  public func number(_ name: String) -> Int64? {
    if case .number(let number)? = self[name] { number } else { nil }
  }

  /// A fact that is a list. `nil` if it is absent or something else.
  public func list(_ name: String) -> [String]? {
    if case .list(let items)? = self[name] { items } else { nil }
  }

  /// Parses on every access, because rules only write reasons; only explanations and tests read them.
  private var parts: (code: String, facts: [NamedFact]) {
    var code = ""
    var facts: [NamedFact] = []
    // Cannot fail: this type wrote the JSON, or a parser has read it before.
    try? JSONParser().read(json) { json throws(JSONError) in
      for (name, value) in try json.object().members() {
        if name == "code" {
          code = try value.string()
        } else if let fact = Fact(value) {
          facts.append(NamedFact(name: name, fact: fact))
        }
      }
    }
    return (code, facts)
  }
}

extension Because: Equatable {
  /// The order of facts does not matter, as with JSON members.
  public static func == (left: Because, right: Because) -> Bool {
    if left.json == right.json { return true }
    let (one, other) = (left.parts, right.parts)
    return one.code == other.code && Set(one.facts) == Set(other.facts)
  }
}

extension Because: JSONCodable {
  /// Facts of types that this version does not know (objects, fractions, null) are kept but not shown.
  public init(json: JSONValue) throws(JSONError) {
    _ = try json.object().required("code", as: String.self)
    self.json = json.serialized()
  }

  public func write(to json: inout JSONWriter) { json.raw(self.json) }
}

extension Because.Fact: JSONEncodable {
  fileprivate init?(_ json: JSONValue) {
    if let text = try? json.string() {
      self = .text(text)
    } else if let number = try? json.integer() {
      self = .number(number)
    } else if let flag = try? json.bool() {
      self = .flag(flag)
    } else if let list = try? json.array(of: String.self) {
      self = .list(list)
    } else {
      return nil
    }
  }

  public func write(to json: inout JSONWriter) {
    switch self {
    case .text(let text): text.write(to: &json)
    case .number(let number): number.write(to: &json)
    case .flag(let flag): flag.write(to: &json)
    case .list(let list): list.write(to: &json)
    }
  }
}

extension Because: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let facts = fields.allKeys.compactMap { key in
      (try? fields.decode(Fact.self, forKey: key)).map { (key.stringValue, $0) }
    }
    self.init(try fields.decode(String.self, forKey: Key("code")), facts)
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    let (code, facts) = parts
    try fields.encode(code, forKey: Key("code"))
    for fact in facts { try fields.encode(fact.fact, forKey: Key(fact.name)) }
  }
}

extension Because.Fact: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let number = try? container.decode(Int64.self) {
      self = .number(number)
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else {
      self = .list(try container.decode([String].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let list): try container.encode(list)
    }
  }
}

extension Because.Fact: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  public init(arrayLiteral elements: String...) { self = .list(elements) }
}
