// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension Act {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "put":
      let row = try value.object()
      self = .put(try row.required("_0"), try row.required("_1"))
    case "drop": self = .drop(try value.decode())
    case "get": self = .get(try value.decode())
    case "list": self = .list(try value.decode())
    case "walk": self = .walk(try value.decode())
    case "askWhetherTaken": self = .askWhetherTaken(try value.decode())
    case "say": self = .say(try value.decode())
    case "step":
      let row = try value.object()
      self = .step(to: try row.required("to"), try row.required("_1"))
    case "timer":
      let row = try value.object()
      self = .timer(at: try row.required("at"), try row.required("_1"))
    case "refuse": self = .refuse
    case "refuseKept": self = .refuseKept(try value.decode())
    default: throw json.error("\"\(name)\" is not one of put, drop, get, list, walk, askWhetherTaken, say, step, timer, refuse, refuseKept")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .put(let value0, let value1):
      json.beginVariant("put")
      json.member("_0", value0)
      json.member("_1", value1)
      json.endVariant()
    case .drop(let value): json.variant("drop", value)
    case .get(let value): json.variant("get", value)
    case .list(let value): json.variant("list", value)
    case .walk(let value): json.variant("walk", value)
    case .askWhetherTaken(let value): json.variant("askWhetherTaken", value)
    case .say(let value): json.variant("say", value)
    case .step(let value0, let value1):
      json.beginVariant("step")
      json.member("to", value0)
      json.member("_1", value1)
      json.endVariant()
    case .timer(let value0, let value1):
      json.beginVariant("timer")
      json.member("at", value0)
      json.member("_1", value1)
      json.endVariant()
    case .refuse: json.variant("refuse")
    case .refuseKept(let value): json.variant("refuseKept", value)
    }
  }
}

extension Act.Part {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "text": self = .text(try value.decode())
    case "instant": self = .instant(try value.decode())
    default: throw json.error("\"\(name)\" is not one of text, instant")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .text(let value): json.variant("text", value)
    case .instant(let value): json.variant("instant", value)
    }
  }
}

extension Told {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    key = try row.required("key")
    id = try row.optional("id")
    at = try row.required("at")
    acts = try row.required("acts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.member("id", id)
    json.member("at", at)
    json.member("acts", acts)
    json.endObject()
  }
}

extension Registered {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    key = try row.required("key")
    at = try row.required("at")
    name = try row.required("name")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.member("at", at)
    json.member("name", name)
    json.endObject()
  }
}

extension Handed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    key = try row.required("key")
    at = try row.required("at")
    acts = try row.required("acts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.member("at", at)
    json.member("acts", acts)
    json.endObject()
  }
}

extension Said {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    key = try row.required("key")
    at = try row.required("at")
    text = try row.required("text")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.member("at", at)
    json.member("text", text)
    json.endObject()
  }
}

extension Echoed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    key = try row.required("key")
    at = try row.required("at")
    text = try row.required("text")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("key", key)
    json.member("at", at)
    json.member("text", text)
    json.endObject()
  }
}
