import Contracts
import Kafka
import PortalModel
import ServiceKit
import Worker

/// What the portal is told, by flags, environment and file.
public struct PortalSettings: Sendable {
  public var bootstrap: String
  public var topicPrefix: String
  public var kafka: [String: String]
  public var termsDirectory: String
  public var stateDirectory: String
  public var keysFile: String
  /// Where people's browsers come, through the host's proxy.
  public var pagesAddress: String
  /// Where /livez, /readyz and /metrics are.
  public var httpAddress: String
  /// What the host's proxy puts before every path: `/referrals`, or empty.
  public var basePath: String
  /// Under which browsers see the pages: `https://app.example.com`. nil: this machine's own, without a proxy and without TLS.
  public var origin: String?
  /// Where the host's pages are that send people here with a token, if not under ``origin``.
  public var hostOrigins: [String]
  /// Reverse proxies before this program, each of which appends to X-Forwarded-For.
  public var proxies: Int
  /// Who may show the pages in a frame, as in CSP's `frame-ancestors`.
  public var frameAncestors: String
  /// `#rrggbb`
  public var accent: String
  public var followsClock: Bool
  /// An entry page for every account: for trying things out.
  public var isForTrying: Bool
  public var threads: Int

  public static let command = Command(
    "portal", summary: "Shows accounts their referrals, balances and discounts, and takes what they ask for",
    discussion: """
      Reads notices into a file of its own, and serves pages and a JSON API from it. People come with a token that the host product has \
      signed (ops/docs/PORTAL.md). Any number of instances may run; each reads everything. SIGTERM stops gracefully.
      """,
    example: """
      portal --bootstrap localhost:9092 --terms ops/terms --state /var/lib/laurel/portal --keys /etc/laurel/portal-keys.json \\
        --pages :8090 --origin https://app.example.com --base-path /referrals
      """,
    options: Settings.connection + [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", required: true),
      Option(
        "state", placeholder: "DIR", help: "Folder for the read model, which the topics can rebuild, and for requests",
        required: true),
      Option("keys", placeholder: "FILE", help: "Keys: of the host's tokens, and of the portal's own cookies", required: true),
      Option(
        "pages", placeholder: "ADDRESS", help: "Where pages and API are served; port 0: the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      Option(
        "http", placeholder: "ADDRESS", help: "Where /livez, /readyz and /metrics are served; port 0: the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      Option(
        "base-path", placeholder: "PATH", kind: .checked(expected: "empty, or a path such as /referrals", accepts: isBasePath),
        help: "What the host's proxy puts before every path", defaultValue: ""),
      Option(
        "origin", placeholder: "URL", kind: .checked(expected: "an origin such as https://app.example.com", accepts: isOrigin),
        help: "The origin under which people see the pages; forms from elsewhere are rejected (default this machine's own)"),
      Option(
        "host-origin", placeholder: "URL",
        kind: .checked(expected: "an origin such as https://www.example.com", accepts: isOrigin),
        help: "Another origin whose pages send people here with a token", repeatable: true),
      Option(
        "proxies", placeholder: "N", kind: .integer(0...10),
        help: "Reverse proxies before this program; each appends the client's address to X-Forwarded-For", defaultValue: "0"),
      Option(
        "frame-ancestors", placeholder: "SOURCES",
        help: "Who may show the pages in a frame (CSP), such as https://app.example.com",
        defaultValue: "'none'"),
      Option(
        "accent", placeholder: "COLOUR", kind: .checked(expected: "a colour such as #1f6f54", accepts: isColour),
        help: "The pages' accent colour", defaultValue: "#1f6f54"),
      Option(
        "clock", placeholder: "SOURCE", kind: .choice(Settings.ClockSetting.allCases.map(\.rawValue)),
        help: "bus: show the time of the clock topic (for sandboxes)", defaultValue: Settings.ClockSetting.system.rawValue),
      Option("threads", placeholder: "N", kind: .integer(1...256), help: "Threads that serve pages", defaultValue: "4"),
      Option(
        "for-trying", placeholder: "yes|no", kind: .choice(["yes", "no"]),
        help: "yes: a page from which anybody enters as any account. Never on a bus with real people", defaultValue: "no"),
      .logLevel, .logFormat,
    ], version: Build.version)

  public init(_ invocation: Invocation) {
    bootstrap = invocation.text("bootstrap")
    topicPrefix = invocation.text("topic-prefix")
    kafka = Dictionary(invocation.pairs("kafka").map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    termsDirectory = invocation.text("terms")
    stateDirectory = invocation.text("state")
    keysFile = invocation.text("keys")
    pagesAddress = invocation.text("pages")
    httpAddress = invocation.text("http")
    basePath = invocation.text("base-path")
    origin = invocation.optionalText("origin")
    hostOrigins = invocation.list("host-origin")
    proxies = invocation.integer("proxies")
    frameAncestors = invocation.text("frame-ancestors")
    accent = invocation.text("accent")
    followsClock = invocation.text("clock") == Settings.ClockSetting.bus.rawValue
    isForTrying = invocation.text("for-trying") == "yes"
    threads = invocation.integer("threads")
  }

  /// The version of the tables is part of the name: a new one is built beside the old one, which another process may still serve.
  public var modelPath: String { "\(stateDirectory)/\(ReadModel.fileName)" }
  /// Requests that were taken; unlike the read model no topic can give them back until they are sent.
  public var requestsPath: String { "\(stateDirectory)/requests.sqlite" }

  /// Cookies travel over TLS only.
  var isSecure: Bool { origin?.hasPrefix("https:") ?? false }

  func configuration(_ log: Log) -> Kafka.Configuration {
    // News of a partition's end should not come twice a second only; after a broker's absence nothing should wait for 10 s.
    let own = ["fetch.wait.max.ms": "50", "reconnect.backoff.max.ms": "1000"].merging(kafka) { _, given in given }
    return Kafka.Configuration(bootstrap: bootstrap, properties: own, log: { log.kafka($0) })
  }
}

@Sendable private func isBasePath(_ text: String) -> Bool {
  text.isEmpty
    || text.hasPrefix("/") && !text.hasSuffix("/") && !text.contains("//")
      && text.utf8.allSatisfy {
        $0 == 0x2F || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
          || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
      }
}

@Sendable private func isOrigin(_ text: String) -> Bool {
  guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
  let host = text.dropFirst(scheme.count)
  return !host.isEmpty && !host.contains("/")
}

@Sendable private func isColour(_ text: String) -> Bool {
  text.utf8.count == 7 && text.hasPrefix("#") && text.dropFirst().allSatisfy(\.isHexDigit)
}
