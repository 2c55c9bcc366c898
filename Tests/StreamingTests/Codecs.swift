// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension Lamp {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    timer = try row.optional("timer")
    isLit = try row.required("isLit")
    acts = try row.required("acts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("timer", timer)
    json.member("isLit", isLit)
    json.member("acts", acts)
    json.endObject()
  }
}

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
    case "walk": self = .walk
    case "say": self = .say(try value.decode())
    case "step":
      let row = try value.object()
      self = .step(to: try row.required("to"), try row.required("_1"))
    case "timer":
      let row = try value.object()
      self = .timer(at: try row.required("at"), try row.required("_1"))
    case "alarm":
      let row = try value.object()
      self = .alarm(try row.required("_0"), at: try row.optional("at"), try row.required("_2"))
    case "keepAlarm": self = .keepAlarm(try value.decode())
    case "dropAlarm": self = .dropAlarm(try value.decode())
    case "reject": self = .reject
    case "rejectKept": self = .rejectKept(try value.decode())
    default: throw json.error("\"\(name)\" is not one of put, drop, get, list, walk, say, step, timer, alarm, keepAlarm, dropAlarm, reject, rejectKept")
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
    case .walk: json.variant("walk")
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
    case .alarm(let value0, let value1, let value2):
      json.beginVariant("alarm")
      json.member("_0", value0)
      json.member("at", value1)
      json.member("_2", value2)
      json.endVariant()
    case .keepAlarm(let value): json.variant("keepAlarm", value)
    case .dropAlarm(let value): json.variant("dropAlarm", value)
    case .reject: json.variant("reject")
    case .rejectKept(let value): json.variant("rejectKept", value)
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

extension Bell {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    timer = try row.optional("timer")
    acts = try row.required("acts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("timer", timer)
    json.member("acts", acts)
    json.endObject()
  }
}

extension Reported {
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
