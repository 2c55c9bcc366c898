// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built in Swift 6 language mode with warnings as errors. A release is optimised across modules, so that the generic code
/// of Streaming is compiled for the types of each stage.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error), .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

func library(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func executable(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// A service's rules, and what inspects the state that they keep.
func service(_ name: String) -> Target {
  .target(
    name: name, dependencies: ["Contracts", "JSON", "Streaming", "Terms"], path: "Services/\(name)",
    exclude: ["Main", "README.md"],
    swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

/// A release allocates with jemalloc, as RocksDB advises: less CPU and less memory than with the C library's allocator. The sanitizers of the
/// fuzzer bring their own.
let allocator: [LinkerSetting] =
  Context.environment["LAUREL_LIBFUZZER"] == nil ? [.linkedLibrary("jemalloc", .when(configuration: .release))] : []

/// Targets that decoders of bytes from outside are fuzzed with: tests under a seeded mutator, or, for `make fuzz`, a program under
/// libFuzzer, which needs a build of its own.
let fuzzed: [Target.Dependency] = [
  "Attribution", "BusCommands", "CommandKit", "Contracts", "Deployment", "JSON", "OfflineCommands", "RocksStore", "ServiceKit",
  "Streaming", "Terms", "TermsFiles", "Words", "Worker",
]
let fuzz: Target =
  Context.environment["LAUREL_LIBFUZZER"] == nil
  ? tests("Fuzz", fuzzed + ["TestSupport"], exclude: ["Corpus", "LibFuzzer"])
  : .executableTarget(
    name: "LaurelFuzz", dependencies: fuzzed, path: "Tests/Fuzz",
    exclude: ["Corpus", "FuzzTests.swift", "LibFuzzer/laurel.dict", "Mutator.swift", "RecordSizeTests.swift"],
    swiftSettings: strict)

let package = Package(
  name: "laurel",
  products: [
    .executable(name: "attribution", targets: ["AttributionService"]),
    .executable(name: "accrual", targets: ["AccrualService"]),
    .executable(name: "discounts", targets: ["DiscountsService"]),
    .executable(name: "payouts", targets: ["PayoutsService"]),
    .executable(name: "portal", targets: ["PortalMain"]),
    .executable(name: "laurel", targets: ["LaurelMain"]),
    .executable(name: "laurel-contracts", targets: ["LaurelContracts"]),
    .executable(name: "laurel-bench", targets: ["LaurelBench"]),
    .executable(name: "laurel-faults", targets: ["LaurelFaults"]),
    .executable(name: "laurel-faulty", targets: ["FaultyService"]),
    .library(name: "FakeTime", type: .dynamic, targets: ["FakeTime"]),
  ],
  targets: [
    // C libraries from Debian, one module each.
    .systemLibrary(name: "CRDKafka", path: "Shared/C/CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .target(
      name: "CRocksDB", path: "Shared/C/CRocksDB",
      linkerSettings: [.linkedLibrary("rocksdb")] + allocator),
    .systemLibrary(name: "CYAML", path: "Shared/C/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CMicroHTTPD", path: "Shared/C/CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CXXHash", path: "Shared/C/CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CSQLite", path: "Shared/C/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "CQREncode", path: "Shared/C/CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
    // Files that the portal carries in its binary.
    .target(name: "CPortalAssets", path: "Services/Portal/Assets", exclude: ["languages", "style.css", "copy.js"]),
    .systemLibrary(name: "COpenSSL", path: "Shared/C/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", path: "Shared/C/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CSimdJSON", path: "Shared/C/CSimdJSON", cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("simdjson")]),

    // Rules: no I/O, no clock, no Foundation (Tests/Tidy holds them to it).
    library("JSON", "Shared/JSON", ["CSimdJSON"]),
    library("Contracts", "Shared/Contracts", ["JSON", "CXXHash"]),
    library("Terms", "Shared/Terms", ["Contracts", "JSON"]),
    library("Streaming", "Shared/Streaming", ["Contracts", "JSON"]),
    service("Attribution"),
    service("Accrual"),
    service("Discounts"),
    service("Payouts"),

    // Drivers: everything that touches files, the network and the clock.
    library("YAML", "Shared/YAML", ["CYAML"]),
    library("TermsFiles", "Shared/TermsFiles", ["Contracts", "Terms", "YAML"]),
    // Makes the messages' Swift, schemas and pages of ops/contracts/messages. It knows nothing of what it makes.
    library("ContractsGenerator", "Shared/ContractsGenerator/Library", ["YAML"]),
    executable("LaurelContracts", "Shared/ContractsGenerator/Main", ["ContractsGenerator"]),
    library("Kafka", "Shared/Kafka", ["CRDKafka"]),
    library("RocksStore", "Shared/RocksStore", ["Streaming", "CRocksDB"]),
    library("SQLite", "Shared/SQLite", ["CSQLite"]),
    library("Crypto", "Shared/Crypto", ["COpenSSL"]),
    library("Markup", "Shared/Markup"),
    library("ServiceKit", "Shared/ServiceKit", ["CMicroHTTPD", "Contracts", "JSON"]),
    library(
      "Worker", "Shared/Worker", ["Contracts", "JSON", "Kafka", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles"]),
    executable("AttributionService", "Services/Attribution/Main", ["Attribution", "Worker"]),
    executable("AccrualService", "Services/Accrual/Main", ["Accrual", "Worker"]),
    executable("DiscountsService", "Services/Discounts/Main", ["Discounts", "Worker"]),
    executable("PayoutsService", "Services/Payouts/Main", ["Payouts", "Worker"]),
    // The account pages.
    library("PortalAccess", "Services/Portal/Access", ["CZlib", "Contracts", "Crypto", "JSON"]),
    .target(
      name: "Portal",
      dependencies: [
        "CPortalAssets", "Contracts", "Crypto", "JSON", "Kafka", "Markup", "PortalAccess", "QR", "SQLite", "ServiceKit", "Terms",
        "TermsFiles", "Worker",
      ], path: "Services/Portal", exclude: ["Access", "Assets", "Main"], swiftSettings: strict),
    executable("PortalMain", "Services/Portal/Main", ["Portal"]),
    library(
      "Deployment", "Services/Laurel/Deployment",
      ["Accrual", "Attribution", "Contracts", "Discounts", "JSON", "Payouts", "Streaming", "Terms"]),
    // The command's parts. Those that need no bus and those that work on one do not know each other, so they are compiled side by side.
    library("Words", "Services/Laurel/Words", ["Contracts", "Terms"]),
    library("CommandKit", "Services/Laurel/Kit", ["Contracts", "JSON", "ServiceKit", "Streaming", "Words"]),
    .target(
      name: "OfflineCommands",
      dependencies: [
        "CReportPage", "CommandKit", "Contracts", "Deployment", "JSON", "ServiceKit", "Streaming", "Terms", "TermsFiles", "Words",
      ], path: "Services/Laurel/Offline", exclude: ["Backtest/Page"], swiftSettings: strict),
    // The page of a back-test, carried in the binary.
    .target(name: "CReportPage", path: "Services/Laurel/Offline/Backtest/Page", exclude: ["report.html"]),
    library(
      "BusCommands", "Services/Laurel/Bus",
      [
        "CommandKit", "Contracts", "Crypto", "Deployment", "JSON", "Kafka", "Payouts", "PortalAccess", "RocksStore", "ServiceKit",
        "Streaming", "Terms", "TermsFiles", "Words", "Worker",
      ]),
    library("QR", "Shared/QR", ["CQREncode"]),
    // It starts the services, so building it builds them: everything that is shipped.
    executable(
      "LaurelMain", "Services/Laurel/Main",
      [
        "AccrualService", "AttributionService", "BusCommands", "CommandKit", "Contracts", "DiscountsService", "OfflineCommands",
        "PayoutsService", "PortalMain", "ServiceKit", "TermsFiles", "Worker",
      ]),

    .target(
      name: "TestSupport",
      dependencies: ["CRDKafka", "Contracts", "Deployment", "JSON", "Kafka", "Streaming", "Terms", "TermsFiles"],
      path: "Tests/Support", swiftSettings: strict),
    library(
      "ScenarioFiles", "Tests/ScenarioFiles", ["Contracts", "Deployment", "JSON", "Streaming", "Terms", "TermsFiles"]),
    library(
      "FaultBench", "Tests/FaultBench/Bench",
      [
        "BusCommands", "Contracts", "Deployment", "JSON", "Kafka", "RocksStore", "Streaming", "Terms", "TermsFiles",
        "TestSupport", "Worker",
      ]),
    executable("LaurelFaults", "Tests/FaultBench/Main", ["FaultBench", "ServiceKit", "TestSupport"]),
    executable(
      "FaultyService", "Tests/FaultBench/Faulty",
      ["Accrual", "Attribution", "Contracts", "Discounts", "Kafka", "Payouts", "Streaming", "Terms", "Worker"]),
    .target(name: "FakeTime", path: "Tests/FaultBench/FakeTime", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    executable(
      "LaurelBench", "Tests/Bench",
      [
        "Contracts", "FaultBench", "JSON", "Kafka", "Portal", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles",
        "TestSupport",
      ]),
    tests("JSONTests", ["JSON"]),
    tests("ContractsTests", ["Contracts", "ContractsGenerator", "JSON"], exclude: ["Golden"]),
    tests("TermsTests", ["Contracts", "Terms", "TermsFiles", "TestSupport"]),
    tests("StreamingTests", ["Contracts", "JSON", "Streaming", "RocksStore"]),
    tests("KafkaTests", ["Kafka", "TestSupport"]),
    tests("ServiceKitTests", ["Contracts", "ServiceKit", "TestSupport"]),
    tests(
      "PortalTests",
      [
        "Contracts", "Crypto", "Deployment", "JSON", "Markup", "Portal", "PortalAccess", "QR", "SQLite", "ScenarioFiles",
        "ServiceKit", "Streaming", "Terms", "TermsFiles",
        "TestSupport",
      ]),
    tests(
      "Scenarios",
      [
        "Accrual", "Attribution", "Contracts", "Deployment", "Discounts", "JSON", "Payouts", "ScenarioFiles", "Streaming",
        "Terms", "TermsFiles", "TestSupport",
      ],
      exclude: ["Examples", "Forms.txt", "Rows"]),
    tests(
      "CommandTests",
      [
        "BusCommands", "CommandKit", "Contracts", "Deployment", "JSON", "Kafka", "OfflineCommands", "Payouts", "RocksStore",
        "ServiceKit", "Streaming", "Terms", "TermsFiles", "TestSupport", "Words", "Worker",
      ]),
    tests(
      "Faults",
      [
        "BusCommands", "Contracts", "Deployment", "FaultBench", "JSON", "Kafka", "RocksStore", "ScenarioFiles", "Streaming",
        "Terms", "TermsFiles", "TestSupport", "Worker",
      ]),
    fuzz,
    tests("Tidy", []),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// The image is built of what is shipped, without the folder Tests.
if Context.environment["LAUREL_SHIPPED_ONLY"] != nil {
  package.targets.removeAll { $0.path?.hasPrefix("Tests/") ?? false }
  let shipped = Set(package.targets.map(\.name))
  package.products.removeAll { product in !((product as? Product.Executable)?.targets.allSatisfy(shipped.contains) ?? false) }
}
