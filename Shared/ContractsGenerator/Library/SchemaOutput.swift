/// The formats for tools of other languages: a JSON Schema (draft-07) for the `data` of each message, and the AsyncAPI 3.0.0
/// document.
extension Description {
  /// The schema of a message. It is self-contained: it includes the object types of its fields.
  func schema(of message: MessageDescription) -> JSONTree {
    var definitions: [(String, JSONTree)] = []
    let properties = properties(message.fields, isOpen: message.isNotice, &definitions)
    var schema: [(String, JSONTree)] = [
      ("$schema", "http://json-schema.org/draft-07/schema#"),
      ("title", .text(message.swiftName)),
      ("description", .text("\(line(message.doc)) The data of \(message.type) on the topic \(message.topic.name).")),
      ("type", "object"),
      ("required", required(message.fields)),
      ("properties", .object(properties)),
    ]
    if !definitions.isEmpty { schema.append(("definitions", .object(definitions.sorted { $0.0 < $1.0 }))) }
    schema.append(("examples", .array([example(of: message)])))
    return .object(schema)
  }

  private func required(_ fields: [FieldDescription]) -> JSONTree {
    .array(fields.filter { !$0.isOptional }.map { .text($0.name) })
  }

  private func properties(
    _ fields: [FieldDescription], isOpen: Bool, _ definitions: inout [(String, JSONTree)]
  ) -> [(String, JSONTree)] {
    fields.map { field in
      var members = self.schema(of: type(field.type), isOpen: isOpen, &definitions)
      for bound in field.bounds {
        switch bound {
        case .atLeast(let least): members = members.map { $0.0 == "minimum" ? ($0.0, .integer(least)) : $0 }
        case .notZero: members.append(("not", .object([("const", 0)])))
        case .characters(let range):
          members += [("minLength", .integer(Int64(range.lowerBound))), ("maxLength", .integer(Int64(range.upperBound)))]
        }
      }
      if field.isList {
        members = [("type", "array"), ("items", .object(members))]
        if field.name != "because" { members.append(("maxItems", .integer(Int64(Self.listLimit)))) }
      }
      let unit = field.type == "Amount" ? " In minor units." : field.type == "BasisPoints" ? " In basis points." : ""
      members.append(("description", .text(line(field.doc) + unit)))
      // Draft-07 ignores other members next to a $ref.
      if members.contains(where: { $0.0 == "$ref" }) {
        members = [("allOf", .array([.object(members.filter { $0.0 == "$ref" })]))] + members.filter { $0.0 != "$ref" }
      }
      return (field.name, .object(members))
    }
  }

  /// - Parameter isOpen: true for a notice, which has only the forms that Laurel writes. An input may have any form that Laurel
  ///   reads.
  private func schema(
    of type: TypeDescription, isOpen: Bool, _ definitions: inout [(String, JSONTree)]
  ) -> [(String, JSONTree)] {
    switch type.kind {
    case .scalar("Instant", _) where !isOpen: return [("type", "string"), ("pattern", .text(Self.instantPattern))]
    case .scalar(_, let schema): return schema.members
    case .identifier: return [("type", "string"), ("minLength", 1), ("maxLength", 128), ("pattern", "^[ -~]+$")]
    case .words(let words, let isOpenList):
      let list = JSONTree.array(words.map { .text($0.text) })
      // Readers of an open list accept unknown words.
      return isOpenList
        ? [("anyOf", [.object([("enum", list)]), .object([("type", "string")])])] : [("type", "string"), ("enum", list)]
    case .object(let fields):
      if !definitions.contains(where: { $0.0 == type.name }) {
        let properties = properties(fields, isOpen: isOpen, &definitions)
        definitions.append(
          (
            type.name,
            .object([
              ("description", .text(line(type.doc))), ("type", "object"), ("required", required(fields)),
              ("properties", .object(properties)),
            ])
          ))
      }
      return [("$ref", .text("#/definitions/\(type.name)"))]
    }
  }

  private func line(_ text: String) -> String { text.split(separator: "\n").joined(separator: " ") }

  // MARK: AsyncAPI

  func asyncAPI() -> JSONTree {
    let messages = messages.filter { $0.topic.kind != "clock" }
    let topics = topics.filter { topic in messages.contains { $0.topic.name == topic.name } }
    let info: JSONTree = [
      "title": "Laurel", "version": "1.0.0",
      "description":
        "Referral programs on Kafka: what Laurel reads (inputs, decisions, payout results) and what it writes (notices). Records are CloudEvents 1.0 in Kafka's binary mode; structured mode is read too. ops/docs/MESSAGES.md describes every field.",
      "license": ["name": "Apache License 2.0"],
    ]
    let server: JSONTree = [
      "host": "{bootstrap}", "protocol": "kafka", "description": "The deployment's Kafka cluster.",
      "variables": ["bootstrap": ["default": "localhost:9092"]],
    ]
    let traits: JSONTree = ["inputHeaders": trait(isNotice: false), "noticeHeaders": trait(isNotice: true)]
    return [
      "asyncapi": "3.0.0", "info": info, "defaultContentType": "application/json", "servers": ["kafka": server],
      "channels": .object(topics.map { ($0.name, channel($0)) }),
      "operations": .object(topics.map { ("\($0.kind == "notices" ? "write" : "read")-\($0.name)", operation($0)) }),
      "components": ["messages": .object(messages.map { ($0.type, asyncMessage($0)) }), "messageTraits": traits],
    ]
  }

  private func channel(_ topic: TopicDescription) -> JSONTree {
    let messages = messages.filter { $0.topic.name == topic.name }
    return [
      "address": .text(topic.name),
      "description": .text("\(topic.holds) Key: \(topic.key). Written by: \(topic.writtenBy)."),
      "messages": .object(messages.map { ($0.type, ["$ref": .text("#/components/messages/\($0.type)")]) }),
      "bindings": ["kafka": ["topic": .text(topic.name), "bindingVersion": "0.5.0"]],
    ]
  }

  private func operation(_ topic: TopicDescription) -> JSONTree {
    [
      "action": topic.kind == "notices" ? "send" : "receive", "channel": ["$ref": .text("#/channels/\(topic.name)")],
      "summary": .text(topic.holds),
    ]
  }

  private func asyncMessage(_ message: MessageDescription) -> JSONTree {
    let key: JSONTree = ["type": "string", "description": .text("The field \(message.key).")]
    let headers = JSONTree.object(headers(of: message).map { ($0.0, .text($0.1)) })
    return [
      "name": .text(message.type), "title": .text(message.swiftName), "summary": .text(line(message.doc)),
      "contentType": "application/json",
      "payload": [
        "schemaFormat": "application/schema+json;version=draft-07",
        "schema": ["$ref": .text("./schemas/\(message.type).json")],
      ],
      "traits": [["$ref": .text("#/components/messageTraits/\(message.isNotice ? "notice" : "input")Headers")]],
      "bindings": ["kafka": ["key": key, "bindingVersion": "0.5.0"]],
      "examples": [["name": "example", "headers": headers, "payload": example(of: message)]],
    ]
  }

  /// The headers of the complete example.
  private func headers(of message: MessageDescription) -> [(String, String)] {
    let source = message.isNotice ? "/laurel/\(message.topic.writtenBy)" : "/billing"
    let own = message.isNotice ? [("ce_sequence", "0000000000000000001"), ("ce_causationid", "evt-1")] : []
    return [
      ("ce_specversion", "1.0"), ("ce_id", "evt-1"), ("ce_source", source), ("ce_type", message.type),
      ("ce_time", "2026-01-06T09:00:00.000Z"), ("ce_program", "bonus"),
    ] + own + [("content-type", "application/json")]
  }

  /// The CloudEvents attributes as Kafka headers.
  private func trait(isNotice: Bool) -> JSONTree {
    func text(_ name: String, _ doc: String, _ more: [(String, JSONTree)] = []) -> (String, JSONTree) {
      (name, .object([("type", "string")] + more + [("description", .text(doc))]))
    }
    let sequence = "1, 2, 3, … per program, topic and key, with 19 digits, so that a reader can see a gap."
    var properties = [
      text("ce_specversion", "The version of CloudEvents.", [("const", "1.0")]),
      text("ce_id", "Unique within its source.", [("minLength", 1)]),
      text("ce_source", "Who wrote it.", [("minLength", 1)]),
      text("ce_type", "The message type.", [("minLength", 1)]),
      text(
        "ce_time", "When it was written. It moves the clock and decides nothing; the instants in the data do.",
        [("format", "date-time")]),
      text("ce_subject", "What it is about. Laurel writes the record key."),
      text("ce_program", "The referral program. If absent, the deployment's only one."),
      text("ce_partitionkey", "The record key."),
      text("ce_sequence", isNotice ? sequence : "Ignored."),
    ]
    if isNotice { properties.append(text("ce_causationid", "The id of the event that caused it.")) }
    properties += [
      text("ce_traceparent", "W3C Trace Context, handed on to what the event causes."),
      text("content-type", "The media type of the value, JSON."),
    ]
    let required: JSONTree =
      isNotice
      ? ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_program", "ce_sequence"]
      : ["ce_specversion", "ce_id", "ce_source", "ce_type"]
    return ["headers": ["type": "object", "required": required, "properties": .object(properties)]]
  }
}
