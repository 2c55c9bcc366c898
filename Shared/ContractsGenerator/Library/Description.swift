/// The checked content of ops/contracts/messages. All generated files come from it.
package struct Description {
  package var types: [String: TypeDescription] = [:]
  /// Names of types in the order of the files.
  package var typeNames: [String] = []
  package var topics: [TopicDescription] = []
  package var messages: [MessageDescription] = []
}

/// A named type of a field.
package struct TypeDescription {
  package enum Kind {
    /// A value type of `Shared/Contracts/Values` or of Swift, with its JSON Schema.
    case scalar(swift: String, schema: JSONTree)
    case identifier
    case words([Word], isOpen: Bool)
    case object([FieldDescription])
  }

  package struct Word {
    let text: String
    let doc: String
  }

  let name: String
  let doc: String
  let kind: Kind
  let example: JSONTree
}

package struct FieldDescription {
  package enum Bound {
    case atLeast(Int64)
    case notZero
    /// Unicode scalars.
    case characters(ClosedRange<Int>)
  }

  let name: String
  let type: String
  let isList: Bool
  let isOptional: Bool
  let bounds: [Bound]
  /// The revision of the contract that added the field.
  let since: Int
  let doc: String
  let example: JSONTree?
}

package struct TopicDescription {
  package let name: String
  let kind: String
  let key: String
  let writtenBy: String
  let holds: String
}

package struct MessageDescription {
  /// `payment.settled.v1`
  package let type: String
  let swiftName: String
  let topic: TopicDescription
  /// The field with the record key.
  let key: String
  /// The field with the instant that the message is about.
  let instant: String
  /// The field with the message's own id, which identifies duplicates; `nil` if the envelope's source and id identify them.
  let businessID: String?
  let doc: String
  let fields: [FieldDescription]

  var isNotice: Bool { topic.kind == "notices" }
}

/// An error in a description.
package struct DescriptionError: Error, CustomStringConvertible {
  package let description: String
}

extension Description {
  /// Types that the files do not describe: scalars with a Swift type.
  static let scalars: [TypeDescription] = [
    scalar("Text", "String", ["type": "string"], "text", "Any text."),
    scalar(
      "Instant", "Instant", ["type": "string", "format": "date-time"], "2026-01-06T09:00:00.000Z",
      "RFC 3339 with any offset, from 1970 to 2199. Read to the millisecond, written as UTC with milliseconds."),
    scalar(
      "Amount", "Int64", ["type": "integer", "minimum": .integer(.min), "maximum": .integer(.max)], 1000,
      "A whole number of minor units (cents, tiyn) within 64 bits, beside a currency."),
    scalar("Count", "Int", ["type": "integer", "minimum": .integer(.min), "maximum": .integer(.max)], 1, "A whole number."),
    scalar("Percent", "Int", ["type": "integer", "minimum": 0, "maximum": 100], 10, "A whole number of percent."),
    scalar(
      "BasisPoints", "BasisPoints", ["type": "integer", "minimum": 0, "maximum": 10_000], 1000,
      "A rate as a whole number of hundredths of a percent: 1000 is 10 %."),
    scalar(
      "Currency", "Currency", ["type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3], "KZT",
      "Three capital letters (ISO 4217)."),
    scalar(
      "Country", "Country", ["type": "string", "pattern": "^[A-Za-z]{2}$", "maxLength": 2], "UA",
      "Two letters (ISO 3166-1), in either case."),
    scalar(
      "PastedCode", "PastedCode", ["type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]*[!-~][ -~]*$"],
      "ACME10",
      "A referral code. Blanks around it are cut."),
    scalar("Period", "String", ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"], "2026-01", "A month, `YYYY-MM`."),
    scalar(
      "Because", "Because", ["type": "object", "required": ["code"], "properties": ["code": ["type": "string"]]],
      ["code": "rate", "rate": 1000],
      "One reason of a decision: its code, and the facts that were used, by name. Facts are text, whole numbers, flags or lists of text."
    ),
  ]

  /// Matches every instant that an input may carry, but no 30 February. The years end slightly inside the range, because an offset can move
  /// an instant out of the range.
  static let instantPattern: String = {
    let year = "(19(7[1-9]|[89][0-9])|20[0-9]{2}|21([0-8][0-9]|9[0-8]))"
    let leapYear = "(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))"
    let day = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    let time = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?"
    let offset = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    return "^(\(year)-\(day)|\(leapYear)-02-29)[Tt]\(time)\(offset)$"
  }()

  private static func scalar(
    _ name: String, _ swift: String, _ schema: JSONTree, _ example: JSONTree, _ doc: String
  ) -> TypeDescription {
    TypeDescription(name: name, doc: doc, kind: .scalar(swift: swift, schema: schema), example: example)
  }

  /// The fields that every notice has after its own.
  static let noticeFields = [
    FieldDescription(
      name: "terms", type: "Text", isList: false, isOptional: false, bounds: [], since: 1,
      doc: "The terms that decided, as `program@version`.", example: "bonus@1"),
    FieldDescription(
      name: "because", type: "Because", isList: true, isOptional: false, bounds: [], since: 1,
      doc: "The reasons of the decision with the facts that were used, in the order in which they were looked at.", example: nil),
  ]

  /// The maximum length of a list in a message. It limits the work that one record can cause.
  static let listLimit = 1000

  func type(_ name: String) -> TypeDescription {
    guard let type = types[name] else { preconditionFailure("the reader accepted the unknown type \(name)") }
    return type
  }

  /// A complete example of a value.
  func example(of type: TypeDescription) -> JSONTree {
    guard case .object(let fields) = type.kind else { return type.example }
    return .object(fields.filter { !$0.isOptional || $0.example != nil }.map { ($0.name, example(of: $0)) })
  }

  func example(of field: FieldDescription) -> JSONTree {
    let one = field.example ?? example(of: type(field.type))
    return field.isList ? .array([one]) : one
  }

  /// The `data` of a complete example.
  package func example(of message: MessageDescription) -> JSONTree {
    .object(message.fields.map { ($0.name, example(of: $0)) })
  }
}
