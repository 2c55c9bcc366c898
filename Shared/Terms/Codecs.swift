// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension AccountFacts {
  public init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    changes = try row.required("changes")
    closings = try row.required("closings")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("changes", changes)
    json.member("closings", closings)
    json.endObject()
  }
}

extension AccountFacts.Change {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    kind = try row.optional("kind")
    country = try row.optional("country")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("kind", kind)
    json.member("country", country)
    json.endObject()
  }
}

extension Closings {
  public init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    changes = try row.required("changes")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("changes", changes)
    json.endObject()
  }
}

extension Closings.Change {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    kind = try row.required("kind")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("kind", kind)
    json.endObject()
  }
}
