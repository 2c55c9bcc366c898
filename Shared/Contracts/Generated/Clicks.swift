// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// Somebody followed a referral link.
public struct LinkVisited: Message, Codable {
  public static let type = "link.visited.v1"
  public static let topic = Topic.clicks
  public var key: String { code.value }
  public var instant: Instant { visitedAt }

  /// The code in the link. The record key is the code without the blanks around it.
  public var code: PastedCode
  /// The page that was opened, with its query.
  public var url: String
  /// When.
  public var visitedAt: Instant
  /// Your site's id of the visitor.
  public var visitor: String?
  /// The page that the visitor came from.
  public var referrerURL: String?

  public init(
    code: PastedCode, url: String, visitedAt: Instant, visitor: String? = nil, referrerURL: String? = nil
  ) {
    self.code = code
    self.url = url
    self.visitedAt = visitedAt
    self.visitor = visitor
    self.referrerURL = referrerURL
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    code = try object.required("code")
    url = try object.required("url")
    visitedAt = try object.required("visitedAt")
    visitor = try object.optional("visitor")
    referrerURL = try object.optional("referrerURL")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("url", url)
    json.member("visitedAt", visitedAt)
    json.member("visitor", visitor)
    json.member("referrerURL", referrerURL)
    json.endObject()
  }
}
