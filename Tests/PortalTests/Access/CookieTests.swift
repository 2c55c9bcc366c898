import Contracts
import Crypto
import Foundation
import JSON
import TestSupport
import Testing

@testable import PortalAccess

/// Sessions without a store: the browser holds a cookie that it cannot change.
@Suite struct CookieTests {
  static func value(_ setCookie: String) throws -> String {
    let pair = try #require(setCookie.split(separator: ";").first)
    return String(pair[pair.index(after: try #require(pair.firstIndex(of: "=")))...])
  }

  @Test func aSessionComesBack() throws {
    let cookies = try SessionCookies(Fixture.keys())
    let value = try Self.value(cookies.open(Fixture.session, at: Fixture.now))
    let opened = try #require(try cookies.session(value, at: Fixture.now))
    var expected = Fixture.session
    expected.startedAt = Fixture.now
    expected.expiresAt = Fixture.now + .minutes(30)
    #expect(opened.session == expected)
    #expect(opened.renewal == nil)
    for other in [nil, "", "v1", "v1..", "x", value + "A", String(value.dropLast())] {
      #expect(try cookies.session(other, at: Fixture.now) == nil)
    }
  }

  @Test func attributes() throws {
    let keys = try Fixture.keys()
    for (cookies, name, attributes) in [
      (try SessionCookies(keys), "__Host-laurel", "; Path=/; HttpOnly; Secure; SameSite=Lax"),
      (try SessionCookies(keys, isFramed: true), "__Host-laurel", "; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"),
      (try SessionCookies(keys, isSecure: false), "laurel", "; Path=/; HttpOnly; SameSite=Lax"),
    ] {
      let cookie = try cookies.open(Fixture.session, at: Fixture.now)
      #expect(cookies.name == name && cookie.hasPrefix("\(name)=v1.") && cookie.hasSuffix("; Max-Age=1800\(attributes)"))
      #expect(cookies.end == "\(name)=; Max-Age=0\(attributes)")
    }
  }

  /// Until 30 minutes after the last page, and 8 hours after the first one.
  @Test func howLongASessionLasts() throws {
    let cookies = try SessionCookies(Fixture.keys())
    var value = try Self.value(cookies.open(Fixture.session, at: Fixture.now))
    #expect(try cookies.session(value, at: Fixture.now + .seconds(59))?.renewal == nil)
    #expect(try cookies.session(value, at: Fixture.now + .seconds(60))?.renewal != nil)
    #expect(try cookies.session(value, at: Fixture.now + .minutes(30) - .milliseconds(1)) != nil)
    #expect(try cookies.session(value, at: Fixture.now + .minutes(30)) == nil)
    var minutes: Int64 = 0
    while let opened = try cookies.session(value, at: Fixture.now + .minutes(minutes)) {
      if let renewal = opened.renewal { value = try Self.value(renewal) }
      #expect(opened.session.startedAt == Fixture.now)
      minutes += 20
    }
    #expect(minutes == 8 * 60)
    #expect(try cookies.session(value, at: Fixture.now + .hours(8) - .seconds(1))?.renewal == nil)
    #expect(try cookies.session(value, at: Fixture.now + .hours(8)) == nil)
  }

  /// The lifetime in the last renewal is correct too.
  @Test func theLastRenewalEndsWithTheSession() throws {
    let cookies = try SessionCookies(Fixture.keys())
    var value = try Self.value(cookies.open(Fixture.session, at: Fixture.now))
    for minutes in stride(from: Int64(20), through: 460, by: 20) {
      let renewal = try #require(try cookies.session(value, at: Fixture.now + .minutes(minutes))?.renewal)
      #expect(renewal.contains("; Max-Age=\(min(1800, (480 - minutes) * 60));"))
      value = try Self.value(renewal)
    }
  }

  // MARK: Forgeries

  @Test func everyCharacterCounts() throws {
    let cookies = try SessionCookies(Fixture.keys())
    let value = Array(try Self.value(cookies.open(Fixture.session, at: Fixture.now)).utf8)
    for place in value.indices {
      for byte in [UInt8(ascii: "A"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "=")] where byte != value[place] {
        var changed = value
        changed[place] = byte
        #expect(try cookies.session(String(decoding: changed, as: UTF8.self), at: Fixture.now) == nil)
      }
      #expect(try cookies.session(String(decoding: value[..<place], as: UTF8.self), at: Fixture.now) == nil)
    }
  }

  /// Of two secrets the older one still opens a cookie. A removed one does not.
  @Test func secretsChange() throws {
    let value = try Self.value(SessionCookies(Fixture.keys(secrets: [1])).open(Fixture.session, at: Fixture.now))
    let rotated = try SessionCookies(Fixture.keys(secrets: [2, 1]))
    #expect(try rotated.session(value, at: Fixture.now) != nil)
    let renewal = try #require(try rotated.session(value, at: Fixture.now + .minutes(2))?.renewal)
    let later = try SessionCookies(Fixture.keys(secrets: [3, 2]))
    #expect(try later.session(value, at: Fixture.now) == nil)
    #expect(try later.session(Self.value(renewal), at: Fixture.now + .minutes(2)) != nil)
  }

  /// A key for another purpose, or for none, seals nothing.
  @Test func codesOfOtherKeys() throws {
    let cookies = try SessionCookies(Fixture.keys())
    let value = try Self.value(cookies.open(Fixture.session, at: Fixture.now))
    let signed = String(value[..<(try #require(value.lastIndex(of: ".")))])
    let keys = try Fixture.keys()
    for key in [keys.secrets[0], [], [UInt8](repeating: 0, count: 32)] + (try Seal(keys, for: "form").keys) {
      let forged = "\(signed).\(Base64URL.text(of: try HMACSHA256.code(of: Array(signed.utf8), key: key)))"
      #expect(try cookies.session(forged, at: Fixture.now) == nil)
    }
    for forged in ["\(signed).", signed, "v2\(value.dropFirst(2))", "\(value).\(value)"] {
      #expect(try cookies.session(forged, at: Fixture.now) == nil)
    }
    // A token is not a cookie.
    #expect(try cookies.session(Fixture.signer().token(for: Fixture.session), at: Fixture.now) == nil)
  }

  /// Data sealed with the right key that this version does not write gives no session and does not trap.
  @Test func whatIsSealedAndIsNone() throws {
    let cookies = try SessionCookies(Fixture.keys())
    let key = try Seal(Fixture.keys(), for: "session cookie").keys[0]
    var random = SplitMix64(seed: 15)
    let value = try Self.value(cookies.open(Fixture.session, at: Fixture.now))
    let claims = try #require(Base64URL.bytes(of: String(value.split(separator: ".")[1])))
    for round in 0..<500 {
      var bytes = round % 2 == 0 ? (0..<random.upTo(200)).map { _ in UInt8(random.upTo(255)) } : claims
      if round % 2 == 1 { bytes[random.upTo(bytes.count - 1)] ^= UInt8(1 + random.upTo(254)) }
      let signed = "v1.\(Base64URL.text(of: bytes))"
      let sealed = "\(signed).\(Base64URL.text(of: try HMACSHA256.code(of: Array(signed.utf8), key: key)))"
      // zlib's header has bits that have no effect.
      let session = try cookies.session(sealed, at: Fixture.now)?.session
      #expect(session.map { $0.companies == Fixture.session.companies } ?? true)
    }
  }

  // MARK: Size

  /// A token of 8 KiB full of companies fits, in any script.
  @Test(arguments: ["ТОО Северный Ветер", "Northern Trade Ltd", "宏图贸易有限公司"])
  func aTokenFullOfCompaniesFits(name: String) throws {
    var random = SplitMix64(seed: 15)
    var session = Fixture.session
    session.companies = []
    let signer = try Fixture.signer()
    while true {
      var larger = session
      let id = [8, 4, 4, 4, 12].map { length in (0..<length).map { _ in String(random.upTo(15), radix: 16) }.joined() }
      larger.companies.append(Named(id: id.joined(separator: "-"), name: "\(name) \(random.upTo(9999))"))
      if try signer.token(for: larger).utf8.count > TokenVerifier.bytesMax { break }
      session = larger
    }
    #expect(session.companies.count >= 60)
    let cookies = try SessionCookies(Fixture.keys())
    let cookie = try cookies.open(session, at: Fixture.now)
    #expect(cookie.utf8.count <= SessionCookies.bytesMax)
    #expect(try cookies.session(Self.value(cookie), at: Fixture.now)?.session.companies == session.companies)
  }

  /// Names that do not compress do not fit, and the log says what to do.
  @Test func whatDoesNotFit() throws {
    var random = SplitMix64(seed: 15)
    var session = Fixture.session
    session.companies = (0..<100).map { number in
      Named(id: "c\(number)", name: String((0..<40).map { _ in Character(UnicodeScalar(UInt8(0x23 + random.upTo(0x38)))) }))
    }
    let cookies = try SessionCookies(Fixture.keys())
    let error = #expect(throws: AccessError.self) { try cookies.open(session, at: Fixture.now) }
    #expect(error?.reason == .tooLarge)
    #expect(error?.detail.hasSuffix("bytes, at most 4096: send fewer or shorter companies (100) and recipients (1)") == true)
  }
}
