// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension TimerRow {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    stage = try row.required("stage")
    program = try row.required("program")
    key = try row.required("key")
    due = try row.required("due")
    cause = try row.required("cause")
    origin = try row.required("origin")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("stage", stage)
    json.member("program", program)
    json.member("key", key)
    json.member("due", due)
    json.member("cause", cause)
    json.member("origin", origin)
    json.endObject()
  }
}

extension Progress {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    positions = try row.required("positions")
    clock = try row.required("clock")
    isVirtual = try row.required("isVirtual")
    timerOrder = try row.required("timerOrder")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("positions", positions)
    json.member("clock", clock)
    json.member("isVirtual", isVirtual)
    json.member("timerOrder", timerOrder)
    json.endObject()
  }
}

extension Seen {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    body = try row.required("body")
    revision = try row.required("revision")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("body", body)
    json.member("revision", revision)
    json.endObject()
  }
}
