import Foundation
import Testing

/// Rules for the source tree that the compiler does not check.
@Suite struct TidyTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  struct Source: CustomTestStringConvertible, Sendable {
    let path: String
    let text: String
    var testDescription: String { path }
    var isGenerated: Bool { text.hasPrefix("// Made by `make contracts`") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var imports: [String] {
      lines.compactMap { line in
        let words = line.split(separator: " ").filter {
          !$0.hasPrefix("@") && $0 != "public" && $0 != "internal" && $0 != "private"
        }
        return words.count >= 2 && words[0] == "import" ? String(words.last ?? "") : nil
      }
    }
  }

  static func sources(in folders: [String]) throws -> [Source] {
    var found: [Source] = []
    for folder in folders {
      let base = root.appending(path: folder)
      let files = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift" else { continue }
        let path = String(file.path.dropFirst(root.path.count + 1))
        found.append(Source(path: path, text: try String(contentsOf: file, encoding: .utf8)))
      }
    }
    return found.sorted { $0.path < $1.path }
  }

  /// Rules have no I/O, no clock and no network: they import only each other.
  static let rules = [
    "Shared/JSON": ["CSimdJSON"],
    "Shared/Contracts": ["JSON", "CXXHash"],
    "Shared/Terms": ["Contracts", "JSON"],
    "Shared/Streaming": ["Contracts", "JSON"],
    "Services/Attribution/Stages": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Attribution/Inspection": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Accrual/Stages": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Accrual/Inspection": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Discounts/Stages": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Discounts/Inspection": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Payouts/Stages": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Payouts/Inspection": ["Contracts", "JSON", "Streaming", "Terms"],
    "Services/Laurel/Words": ["Contracts", "Terms"],
    "Services/Laurel/Offline/Backtest/Report": ["Contracts", "JSON", "Words"],
  ]

  @Test(arguments: rules.keys.sorted())
  func rulesImportOnlyRules(folder: String) throws {
    let allowed = try #require(Self.rules[folder])
    let sources = try Self.sources(in: [folder])
    #expect(!sources.isEmpty)
    for source in sources {
      for module in source.imports { #expect(allowed.contains(module), "\(source.path) imports \(module)") }
    }
  }

  /// Each C library is imported by one module.
  @Test(arguments: [
    ("CRDKafka", "Shared/Kafka"), ("CRocksDB", "Shared/RocksStore"), ("CYAML", "Shared/YAML"),
    ("CMicroHTTPD", "Shared/ServiceKit"), ("CSimdJSON", "Shared/JSON"), ("CXXHash", "Shared/Contracts"),
    ("CQREncode", "Shared/QR"), ("CPortalAssets", "Services/Portal"), ("CReportPage", "Services/Laurel/Offline/Backtest"),
    ("COpenSSL", "Shared/Crypto"), ("CZlib", "Services/Portal/Access"),
  ])
  func eachCLibraryIsConfined(library: String, home: String) throws {
    let users = try Self.sources(in: ["Shared", "Services"]).filter { $0.imports.contains(library) }
    #expect(!users.isEmpty)
    for user in users { #expect(user.path.hasPrefix(home + "/"), "\(user.path) imports \(library)") }
  }

  @Test func noServiceKnowsAnothersRules() throws {
    let services = ["Attribution", "Accrual", "Discounts", "Payouts"]
    for service in services {
      for source in try Self.sources(in: ["Services/\(service)"]) {
        for other in services where other != service {
          #expect(!source.imports.contains(other), "\(source.path) imports \(other)")
        }
      }
    }
  }

  @Test func nothingThatCrashesOrWaitsBlindly() throws {
    let forbidden = ["fatalError(", "try!", "as!", "TODO", "FIXME", "Task.sleep", "Thread.sleep"]
    for source in try Self.sources(in: ["Shared", "Services"]) {
      for (number, line) in source.lines.enumerated() {
        let code = line.components(separatedBy: "//")[0]
        for word in forbidden { #expect(!code.contains(word), "\(source.path):\(number + 1) has \(word)") }
      }
    }
  }

  /// Swift 6.3 can confuse a closure inside a test's macro with another one of the same function, and then the wait counts as done. So
  /// wait before the macro, and test the result of the wait.
  @Test func nothingWaitsInsideAMacro() throws {
    let waiting = /#(require|expect)\(.*(read\(for|waitUntil\(|poll\()/
    for source in try Self.sources(in: ["Tests"]) {
      for (number, line) in source.lines.enumerated() {
        let code = line.components(separatedBy: "//")[0]
        #expect(!code.contains(waiting) || source.path.hasSuffix("TidyTests.swift"), "\(source.path):\(number + 1)")
      }
    }
  }

  @Test func everyUncheckedSendableSaysWhy() throws {
    for source in try Self.sources(in: ["Shared", "Services"]) {
      let lines = source.lines
      for (number, line) in lines.enumerated() where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)")
      {
        let above = number > 0 ? lines[number - 1] : ""
        #expect(line.contains("//") || above.contains("//"), "\(source.path):\(number + 1) gives no reason")
      }
    }
  }

  @Test func filesAreOneThing() throws {
    for source in try Self.sources(in: ["Shared", "Services"]) where !source.isGenerated {
      #expect(source.lines.count <= 400, "\(source.path) has \(source.lines.count) lines")
    }
  }

  @Test func thePackageStandsOnTheToolchainAndDebianAlone() throws {
    let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    #expect(!manifest.contains(".package("))
  }

  @Test(arguments: ["Attribution", "Accrual", "Discounts", "Payouts"])
  func everyServiceOpensWithAReadme(service: String) throws {
    let readme = Self.root.appending(path: "Services/\(service)/README.md")
    #expect(FileManager.default.fileExists(atPath: readme.path))
  }

  @Test func noPathOfAMachine() throws {
    // Split up, so that this file does not match itself.
    let paths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
    for source in try Self.sources(in: ["Shared", "Services", "Tests"]) {
      for path in paths { #expect(!source.text.contains(path), "\(source.path) holds \(path)") }
    }
  }
}
