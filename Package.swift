// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built in Swift 6 language mode with warnings as errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func library(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func executable(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

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
    .executable(name: "laurel", targets: ["LaurelMain"]),
    .executable(name: "laurel-contracts", targets: ["LaurelContracts"]),
    .executable(name: "laurel-bench", targets: ["LaurelBench"]),
    .executable(name: "laurel-faults", targets: ["LaurelFaults"]),
    .executable(name: "laurel-faulty", targets: ["FaultyService"]),
    .library(name: "FakeTime", type: .dynamic, targets: ["FakeTime"]),
  ],
  targets: [
    // C libraries from Debian, one module each.
    .systemLibrary(name: "CRDKafka", path: "Shared/CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .target(name: "CRocksDB", path: "Shared/CRocksDB", linkerSettings: [.linkedLibrary("rocksdb")]),
    .systemLibrary(name: "CYAML", path: "Shared/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CMicroHTTPD", path: "Shared/CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CXXHash", path: "Shared/CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .target(
      name: "CSimdJSON", path: "Shared/CSimdJSON", cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("simdjson")]),

    // Rules: no I/O, no clock, no Foundation (Tests/Tidy holds them to it).
    library("JSON", "Shared/JSON", ["CSimdJSON"]),
    library("Contracts", "Shared/Contracts", ["JSON", "CXXHash"]),
    library("Terms", "Shared/Terms", ["Contracts", "JSON"]),
    library("Streaming", "Shared/Streaming", ["Contracts", "JSON"]),
    library("Attribution", "Services/Attribution/Stages", ["Contracts", "JSON", "Streaming", "Terms"]),
    library("Accrual", "Services/Accrual/Stages", ["Contracts", "JSON", "Streaming", "Terms"]),
    library("Discounts", "Services/Discounts/Stages", ["Contracts", "JSON", "Streaming", "Terms"]),
    library("Payouts", "Services/Payouts/Stages", ["Contracts", "JSON", "Streaming", "Terms"]),

    // Drivers: everything that touches files, the network and the clock.
    library("YAML", "Shared/YAML", ["CYAML"]),
    library("TermsFiles", "Shared/TermsFiles", ["Contracts", "Terms", "YAML"]),
    // Makes the messages' Swift, schemas and pages of ops/contracts/messages. It knows nothing of what it makes.
    library("ContractsGenerator", "Shared/ContractsGenerator/Library", ["YAML"]),
    executable("LaurelContracts", "Shared/ContractsGenerator/Main", ["ContractsGenerator"]),
    library("Kafka", "Shared/Kafka", ["CRDKafka"]),
    library("RocksStore", "Shared/RocksStore", ["Streaming", "CRocksDB"]),
    library("ServiceKit", "Shared/ServiceKit", ["CMicroHTTPD"]),
    library(
      "Worker", "Shared/Worker", ["Contracts", "JSON", "Kafka", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles"]),
    executable("AttributionService", "Services/Attribution/Main", ["Attribution", "Worker"]),
    executable("AccrualService", "Services/Accrual/Main", ["Accrual", "Worker"]),
    executable("DiscountsService", "Services/Discounts/Main", ["Discounts", "Worker"]),
    executable("PayoutsService", "Services/Payouts/Main", ["Payouts", "Worker"]),
    library(
      "Deployment", "Services/Laurel/Deployment",
      ["Accrual", "Attribution", "Contracts", "Discounts", "JSON", "Payouts", "Streaming", "Terms"]),
    // The command's parts. Those that need no bus and those that work on one do not know each other, so they are compiled side by side.
    library("Words", "Services/Laurel/Words", ["Contracts", "Terms"]),
    library("CommandKit", "Services/Laurel/Kit", ["Contracts", "JSON", "ServiceKit", "Words"]),
    library(
      "OfflineCommands", "Services/Laurel/Offline",
      ["CommandKit", "Contracts", "Deployment", "JSON", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles", "Words"]),
    library(
      "BusCommands", "Services/Laurel/Bus",
      [
        "CommandKit", "Contracts", "Deployment", "JSON", "Kafka", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles",
        "Words", "Worker",
      ]),
    // It starts the services, so building it builds them: everything that is shipped.
    executable(
      "LaurelMain", "Services/Laurel/Main",
      [
        "AccrualService", "AttributionService", "BusCommands", "CommandKit", "Contracts", "DiscountsService", "OfflineCommands",
        "PayoutsService", "ServiceKit", "TermsFiles", "Worker",
      ]),

    .target(
      name: "TestSupport", dependencies: ["Contracts", "Deployment", "JSON", "Kafka", "Streaming", "Terms"],
      path: "Tests/Support",
      swiftSettings: strict),
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
      ["Accrual", "Attribution", "Contracts", "Discounts", "Payouts", "Streaming", "Terms", "Worker"]),
    .target(name: "FakeTime", path: "Tests/FaultBench/FakeTime", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    executable(
      "LaurelBench", "Tests/Bench",
      ["Contracts", "JSON", "Kafka", "RocksStore", "ServiceKit", "Streaming", "Terms", "TermsFiles", "TestSupport"]),
    tests("JSONTests", ["JSON"]),
    tests("ContractsTests", ["Contracts", "ContractsGenerator", "JSON"], exclude: ["Golden"]),
    tests("TermsTests", ["Contracts", "Terms", "TermsFiles"]),
    tests("StreamingTests", ["Contracts", "JSON", "Streaming", "RocksStore"]),
    tests("KafkaTests", ["Kafka", "TestSupport"]),
    tests("ServiceKitTests", ["ServiceKit"]),
    tests(
      "Scenarios",
      [
        "Accrual", "Attribution", "Contracts", "Deployment", "Discounts", "JSON", "Payouts", "ScenarioFiles", "Streaming",
        "Terms", "TermsFiles", "TestSupport",
      ],
      exclude: ["Golden", "Rows"]),
    tests(
      "CommandTests",
      [
        "BusCommands", "CommandKit", "Contracts", "Deployment", "JSON", "Kafka", "OfflineCommands", "RocksStore", "ServiceKit",
        "Streaming", "Terms", "TermsFiles", "TestSupport", "Words", "Worker",
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
