// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension Progress {
  public init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    form = try row.required("form")
    positions = try row.required("positions")
    clock = try row.required("clock")
    isVirtual = try row.required("isVirtual")
    timerOrder = try row.required("timerOrder")
    sent = try row.required("sent")
    received = try row.required("received")
    timestamps = try row.optional("timestamps")
    group = try row.optional("group")
    partitions = try row.optional("partitions")
    producer = try row.optional("producer")
    watched = try row.optional("watched")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("form", form)
    json.member("positions", positions)
    json.member("clock", clock)
    json.member("isVirtual", isVirtual)
    json.member("timerOrder", timerOrder)
    json.member("sent", sent)
    json.member("received", received)
    json.member("timestamps", timestamps)
    json.member("group", group)
    json.member("partitions", partitions)
    json.member("producer", producer)
    json.member("watched", watched)
    json.endObject()
  }
}

extension Timer {
  public init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    order = try row.required("order")
    cause = try row.required("cause")
    origin = try row.required("origin")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("order", order)
    json.member("cause", cause)
    json.member("origin", origin)
    json.endObject()
  }
}
