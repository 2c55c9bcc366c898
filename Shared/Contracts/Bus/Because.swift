/// One reason of a decision: a code and the facts used. In JSON it is flat: `{"code": "rate", "status": "Basic", "turnover": 6000}`.
public struct Because: Sendable {
  /// A fact as it stands in the JSON.
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

  public let code: String
  /// In the order in which they were given. No name occurs twice, and none is `code`.
  public let facts: [NamedFact]

  /// The name `code` is taken; of facts with one name the first stays.
  public init(_ code: String, _ facts: KeyValuePairs<String, Fact> = [:]) {
    self.init(code: code, facts: facts.map { NamedFact(name: $0.key, fact: $0.value) })
  }

  /// For facts of which some are only there at times.
  public init(_ code: String, _ facts: [(String, Fact)]) {
    self.init(code: code, facts: facts.map { NamedFact(name: $0.0, fact: $0.1) })
  }

  private init(code: String, facts: [NamedFact]) {
    self.code = code
    var kept: [NamedFact] = []
    // Two members of one name would make the notice a JSON object that Laurel itself refuses.
    for fact in facts where fact.name != "code" && !kept.contains(where: { $0.name == fact.name }) { kept.append(fact) }
    self.facts = kept
  }

  /// The fact of that name.
  public subscript(name: String) -> Fact? { facts.first { $0.name == name }?.fact }
}

extension Because: Equatable {
  /// The order of facts says nothing, as that of JSON members does not.
  public static func == (left: Because, right: Because) -> Bool {
    left.code == right.code && left.facts.count == right.facts.count && left.facts.allSatisfy { right[$0.name] == $0.fact }
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

  /// Facts of shapes this version does not know (objects, fractions, null) are left out.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let code = try fields.decode(String.self, forKey: Key("code"))
    var facts: [NamedFact] = []
    for key in fields.allKeys where key.stringValue != "code" {
      guard let fact = try? fields.decode(Fact.self, forKey: key) else { continue }
      facts.append(NamedFact(name: key.stringValue, fact: fact))
    }
    self.init(code: code, facts: facts)
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
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
