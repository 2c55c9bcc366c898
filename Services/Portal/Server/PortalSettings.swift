import Contracts
import Kafka
import ServiceKit
import Worker

/// The portal's settings, from flags, environment and configuration file.
struct PortalSettings: Sendable {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  var bootstrap: String { invocation.text("bootstrap") }
  var topicPrefix: String { invocation.text("topic-prefix") }
  var termsDirectory: String { invocation.text("terms") }
  var stateDirectory: String { invocation.text("state") }
  var keysFile: String { invocation.text("keys") }
  /// Address of the pages and the API, to which the host's proxy connects.
  var pagesAddress: String { invocation.text("pages") }
  /// Address of /livez, /readyz and /metrics.
  var httpAddress: String { invocation.text("http") }
  /// The prefix that the host's proxy puts before every path: `/referrals`, or empty.
  var basePath: String { invocation.text("base-path") }
  /// The origin of the pages in browsers: `https://app.example.com`. `nil` if browsers use this machine directly, without proxy and
  /// TLS.
  var origin: String? { invocation.optionalText("origin") }
  /// Other origins whose pages may send people here with a token.
  var hostOrigins: [String] { invocation.list("host-origin") }
  /// The number of reverse proxies before this program. Each appends to X-Forwarded-For.
  var proxies: Int { invocation.integer("proxies") }
  /// The sites that may show the pages in a frame (`frame-ancestors` of the CSP).
  /// The shell removes the quotes of `'none'`.
  var frameAncestors: String {
    let written = invocation.text("frame-ancestors")
    return written == "none" ? "'none'" : written
  }
  var accent: Accent { Accent(invocation.text("accent")) ?? .laurel }
  var followsClock: Bool { invocation.text("clock") == Settings.ClockSetting.bus.rawValue }
  /// Whether there is a page where anyone can sign in as any account.
  var isForTrying: Bool { invocation.text("for-trying") == "yes" }
  var threads: Int { invocation.integer("threads") }

  static let command = Command(
    "portal", summary: "Shows accounts their referrals, balances and discounts, and accepts their requests",
    discussion: """
      Reads notices into its own file, and serves pages and a JSON API from it. The host product sends people here with a signed token \
      (ops/docs/PORTAL.md). Any number of instances may run; each reads everything. SIGTERM stops gracefully.
      """,
    example: """
      portal --bootstrap localhost:9092 --terms ops/terms --state /var/lib/laurel/portal --keys /etc/laurel/portal-keys.json \\
        --pages :8090 --origin https://app.example.com --base-path /referrals
      """,
    options: Settings.connection + [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", required: true),
      Option(
        "state", placeholder: "DIR", help: "Folder for the read model, which can be rebuilt from the topics, and for requests",
        required: true),
      Option("keys", placeholder: "FILE", help: "Keys of the host's tokens and secrets of the portal's cookies", required: true),
      Option(
        "pages", placeholder: "ADDRESS", help: "Address of the pages and the API; with port 0 the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      Option(
        "http", placeholder: "ADDRESS", help: "Address of /livez, /readyz and /metrics; with port 0 the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      Option(
        "base-path", placeholder: "PATH", kind: .checked(expected: "empty, or a path such as /referrals", accepts: isBasePath),
        help: "Prefix that the host's proxy puts before every path", defaultValue: ""),
      Option(
        "origin", placeholder: "URL", kind: .checked(expected: "an origin such as https://app.example.com", accepts: isOrigin),
        help: "Origin of the pages in people's browsers; forms from other origins are rejected (default: this machine)"),
      Option(
        "host-origin", placeholder: "URL",
        kind: .checked(expected: "an origin such as https://www.example.com", accepts: isOrigin),
        help: "Another origin whose pages may send people here with a token", repeatable: true),
      Option(
        "proxies", placeholder: "N", kind: .integer(0...10),
        help: "Reverse proxies before this program; each appends the client's address to X-Forwarded-For", defaultValue: "0"),
      Option(
        "frame-ancestors", placeholder: "SOURCES",
        help: "Sites that may show the pages in a frame (CSP), such as https://app.example.com",
        defaultValue: "'none'"),
      Option(
        "accent", placeholder: "COLOUR",
        kind: .checked(
          expected: "a colour such as \(Accent.laurel.hex) on which white text is readable (a contrast of 4.5 or more)",
          accepts: { Accent($0) != nil }),
        help: "The pages' accent colour", defaultValue: Accent.laurel.hex),
      Option(
        "clock", placeholder: "SOURCE", kind: .choice(Settings.ClockSetting.allCases.map(\.rawValue)),
        help: "bus: show the time of the clock topic (for sandboxes)", defaultValue: Settings.ClockSetting.system.rawValue),
      Option("threads", placeholder: "N", kind: .integer(1...256), help: "Threads that serve pages", defaultValue: "4"),
      Option(
        "for-trying", placeholder: "yes|no", kind: .choice(["yes", "no"]),
        help: "yes: a page where anyone can sign in as any account. Never use it on a bus with real people", defaultValue: "no"),
      .logLevel, .logFormat,
    ], version: Build.version)

  /// The name contains the version of the tables. So a new file is built next to the old one, which another process may still
  /// serve.
  var modelPath: String { "\(stateDirectory)/\(ReadModel.fileName)" }
  /// The store of accepted requests. Unlike the read model, unsent requests cannot be rebuilt from the topics.
  var requestsPath: String { "\(stateDirectory)/requests.sqlite" }

  /// Whether cookies are sent over TLS only: if the origin is https.
  var isSecure: Bool { origin?.hasPrefix("https:") ?? false }

  func configuration(_ log: Log) -> Kafka.Configuration {
    // Report the end of a partition within 50 ms, and reconnect within 1 s after a broker was down instead of 10 s.
    let own = ["fetch.wait.max.ms": "50", "reconnect.backoff.max.ms": "1000"].merging(invocation.pairs("kafka")) { $1 }
    return Kafka.Configuration(bootstrap: bootstrap, properties: own, log: { log.kafka($0) })
  }
}

@Sendable private func isBasePath(_ text: String) -> Bool {
  text.wholeMatch(of: #/(/[A-Za-z0-9._-]+)*/#.matchingSemantics(.unicodeScalar)) != nil
}

/// As browsers send it: a host in lower case, and no default port.
@Sendable private func isOrigin(_ text: String) -> Bool {
  text.wholeMatch(of: #/https?://[a-z0-9.\-\[\]:]+/#.matchingSemantics(.unicodeScalar)) != nil
    && !(text.hasPrefix("http://") && text.hasSuffix(":80")) && !(text.hasPrefix("https://") && text.hasSuffix(":443"))
}
