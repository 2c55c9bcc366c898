// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import JSON

extension ReservationRefused {
  public init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    request = try row.required("request")
    referrer = try row.required("referrer")
    requestedAt = try row.required("requestedAt")
    at = try row.required("at")
    reasons = try row.required("reasons")
    because = try row.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("requestedAt", requestedAt)
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("because", because)
    json.endObject()
  }
}
