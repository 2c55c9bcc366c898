import Contracts
import Crypto
import JSON
import Testing

@testable import PortalAccess

/// Forms that only the account pages can send, and their rate limits.
@Suite struct FormTests {
  @Test func aFormBelongsToItsSessionAndRequest() throws {
    let tokens = try FormTokens(Fixture.keys())
    let session = Fixture.session
    let token = try tokens.token(for: session, request: "r1")
    #expect(try tokens.isValid(token, for: session, request: "r1"))
    #expect(try !tokens.isValid(token, for: session, request: "r2"))
    for change in [
      { (session: inout Session) in session.account = "mallory" }, { $0.id = "jti-2" },
      { $0.startedAt = $0.startedAt + .seconds(1) },
    ] {
      var other = session
      change(&other)
      #expect(try !tokens.isValid(token, for: other, request: "r1"))
    }
    for other in [nil, "", "A", token + "A", String(token.dropLast()), String(token.reversed())] {
      #expect(try !tokens.isValid(other, for: session, request: "r1"))
    }
    // The session is renewed while the form is filled in.
    var renewed = session
    renewed.expiresAt = session.expiresAt + .minutes(10)
    #expect(try tokens.isValid(token, for: renewed, request: "r1"))
  }

  @Test func secretsChange() throws {
    let token = try FormTokens(Fixture.keys(secrets: [1])).token(for: Fixture.session, request: "r1")
    #expect(try FormTokens(Fixture.keys(secrets: [2, 1])).isValid(token, for: Fixture.session, request: "r1"))
    #expect(try !FormTokens(Fixture.keys(secrets: [3, 2])).isValid(token, for: Fixture.session, request: "r1"))
  }

  @Test(arguments: [
    ("https://app.example", nil, true, true), ("https://app.example", "cross-site", true, true),
    ("https://host.example", "same-site", false, true), ("https://evil.example", "same-origin", false, false),
    ("https://app.example.evil.example", nil, false, false), ("http://app.example", nil, false, false),
    ("https://APP.example", nil, false, false), ("", "same-origin", false, false), ("null", nil, false, false),
    ("null", "same-origin", true, true), ("null", "same-site", false, true), ("null", "cross-site", false, false),
    ("null", "none", false, false), (nil, "same-origin", true, true), (nil, "same-site", false, true),
    (nil, "cross-site", false, false), (nil, nil, false, false),
  ])
  func origins(origin: String?, fetchSite: String?, isAdmitted: Bool, mayEnter: Bool) {
    let origins = FormOrigins(own: ["https://app.example"], hosts: ["https://host.example"])
    #expect(origins.admits(origin: origin, fetchSite: fetchSite) == isAdmitted)
    #expect(origins.admits(origin: origin, fetchSite: fetchSite, isEntering: true) == mayEnter)
  }

  // MARK: Rates

  @Test func aBucketRefills() {
    let limit = RateLimit(burst: 3, interval: .seconds(2))
    let now = Fixture.now
    for _ in 0..<3 { #expect(limit.secondsToWait("a", at: now) == nil) }
    #expect(limit.secondsToWait("a", at: now) == 2)
    #expect(limit.secondsToWait("b", at: now) == nil)
    // A rejected request does not count.
    #expect(limit.secondsToWait("a", at: now + .milliseconds(1)) == 2)
    #expect(limit.secondsToWait("a", at: now + .milliseconds(1001)) == 1)
    #expect(limit.secondsToWait("a", at: now + .seconds(2)) == nil)
    #expect(limit.secondsToWait("a", at: now + .seconds(2)) == 2)
    for _ in 0..<3 { #expect(limit.secondsToWait("a", at: now + .seconds(60)) == nil) }
    #expect(limit.secondsToWait("a", at: now + .seconds(60)) == 2)
  }

  /// At any intervals, no more requests pass than burst and refill allow.
  @Test func noMorePassThanAllowed() {
    let limit = RateLimit(burst: 5, interval: .milliseconds(100))
    let passed = (0..<2000).count { limit.secondsToWait("a", at: Fixture.now + .milliseconds(Int64($0) * 7)) == nil }
    #expect(passed == 5 + 1999 * 7 / 100)
  }

  @Test func aClockSetBackLocksNobodyOut() {
    let limit = RateLimit(burst: 2, interval: .seconds(1))
    for _ in 0..<2 { #expect(limit.secondsToWait("a", at: Fixture.now) == nil) }
    for _ in 0..<2 { #expect(limit.secondsToWait("a", at: Fixture.now - .days(1)) == nil) }
    #expect(limit.secondsToWait("a", at: Fixture.now - .days(1)) == 1)
  }

  /// Memory is bounded. A client that keeps sending requests is remembered for a while.
  @Test func manyClients() {
    let limit = RateLimit(burst: 2, interval: .seconds(10), countMax: 100)
    for _ in 0..<2 { #expect(limit.secondsToWait("a", at: Fixture.now) == nil) }
    for number in 0..<150 { #expect(limit.secondsToWait("\(number)", at: Fixture.now) == nil) }
    #expect(limit.secondsToWait("a", at: Fixture.now) == 10)
    for number in 200..<400 { #expect(limit.secondsToWait("\(number)", at: Fixture.now) == nil) }
    #expect(limit.secondsToWait("a", at: Fixture.now) == nil)
  }
}
