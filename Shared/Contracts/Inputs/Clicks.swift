/// Somebody followed a referral link.
public struct LinkVisited: Message {
  public static let type = "link.visited.v1"
  public static let topic = Topic.clicks
  public var key: String { code.value }
  public var instant: Instant { visitedAt }

  public var code: Code
  /// The page that was opened, with its query.
  public var url: String
  public var visitedAt: Instant
  /// Whatever the site knows a visitor by.
  public var visitor: String?
  public var referrerURL: String?

  public init(code: Code, url: String, visitedAt: Instant, visitor: String? = nil, referrerURL: String? = nil) {
    self.code = code
    self.url = url
    self.visitedAt = visitedAt
    self.visitor = visitor
    self.referrerURL = referrerURL
  }
}
