// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension ChangelogPosition {
  package init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    next = try row.required("next")
    writtenAt = try row.required("writtenAt")
    cluster = try row.optional("cluster")
    changelog = try row.optional("changelog")
  }

  package func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("next", next)
    json.member("writtenAt", writtenAt)
    json.member("cluster", cluster)
    json.member("changelog", changelog)
    json.endObject()
  }
}
