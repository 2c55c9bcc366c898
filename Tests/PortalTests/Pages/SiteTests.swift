import Contracts
import Foundation
import ServiceKit
import TermsFiles
import Testing

@testable import Portal

/// Answers of the whole site, without a bus.
@Suite struct SiteTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString)")

  private func portal(_ options: String...) throws -> Portal {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let required = ["--bootstrap", "b:1", "--terms", "t", "--state", folder.path, "--keys", "k"]
    guard case .run(let invocation) = try PortalSettings.command.parse(required + options, environment: [:]) else {
      throw CocoaError(.coderInvalidValue)
    }
    let settings = PortalSettings(invocation)
    let log = Log(service: "portal", instance: "portal")
    let metrics = PortalMetrics(Metrics())
    let store = try RequestStore(settings.requestsPath, now: .now)
    return try Portal(
      settings, programs: try TermsFiles.load(directory: CatalogueTests.root.appending(path: "ops/terms").path),
      keys: try Fixture.keys(), state: FeedState(), store: store,
      sender: RequestSender(settings: settings, store: store, log: log, metrics: metrics), log: log, metrics: metrics)
  }

  @Test func anAddressHasNoSlashAtItsEnd() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let request = try HTTPRequest(method: "GET", target: "/cash/book/?currency=USD&lang=uk")
    let response = Site(portal: try portal("--origin", "https://app.example")).answer(request)
    #expect(response.status == 303)
    #expect(response.headers.first { $0.name == "Location" }?.value == "/cash/book?currency=USD")
  }

  /// A form is not taken while the figures are rebuilt. A page that reloads would lose it.
  @Test func aFormDuringARebuildIsNotSaidToBeSafe() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let portal = try portal("--origin", "https://app.example")
    let cookie = try #require(try portal.cookies.open(Fixture.session, at: .now).split(separator: ";").first)
    for (method, status) in [("GET", 503), ("POST", 403)] {
      let response = Site(portal: portal).answer(
        try HTTPRequest(method: method, target: "/cash/code", headers: [("Cookie", String(cookie))]))
      #expect(response.status == status)
      #expect(response.headers.contains { $0.name == "Refresh" } == (method == "GET"))
    }
  }

  /// Browsers send an origin in one form. With another one here, every form would be rejected.
  @Test(arguments: ["https://app.example:443", "https://APP.example", "https://a?x", "http://a:80", "https://a b"])
  func anOriginThatNoBrowserSendsIsRejected(origin: String) {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: (any Error).self) { try portal("--origin", origin) }
  }

  /// A browser drops a `SameSite=Lax` cookie that it gets in a frame of another site. Then the language could not be changed there.
  @Test(arguments: [("'none'", "SameSite=Lax"), ("none", "SameSite=Lax"), ("https://shop.example", "SameSite=None; Partitioned")])
  func theLanguageIsKeptAlsoInAFrame(sites: String, attribute: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let portal = try portal("--origin", "https://app.example", "--frame-ancestors", sites)
    let cookie = try #require(try portal.cookies.open(Fixture.session, at: .now).split(separator: ";").first)
    let request = try HTTPRequest(method: "GET", target: "/cash?lang=uk", headers: [("Cookie", String(cookie))])
    let response = Site(portal: portal).answer(request)
    #expect(response.status == 303)
    let cookies = response.headers.filter { $0.name == "Set-Cookie" }.map(\.value)
    #expect(cookies == ["laurel-lang=uk; Max-Age=31536000; Path=/; HttpOnly; Secure; \(attribute)"])
  }
}
