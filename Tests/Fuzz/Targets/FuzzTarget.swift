import Foundation

/// A decoder of external bytes, with the properties that must hold for any bytes.
///
/// The same targets run in `make test`, under a seeded mutator, and in `make fuzz`, under libFuzzer.
struct FuzzTarget: Sendable, CustomStringConvertible {
  /// Also the name of its corpus folder.
  let name: String
  /// How many times slower a run is than one of the fastest target. The tests divide their time by it.
  let cost: Int
  /// - Throws: the property that does not hold.
  let run: @Sendable ([UInt8]) throws -> Void

  var description: String { name }

  static let all: [FuzzTarget] = [
    FuzzTarget(name: "json", cost: 2, run: JSONTarget.run),
    FuzzTarget(name: "envelope", cost: 2, run: EnvelopeTarget.run),
    FuzzTarget(name: "messages", cost: 10, run: MessageTarget.run),
    FuzzTarget(name: "stages", cost: 40, run: StageTarget.run),
    FuzzTarget(name: "terms", cost: 10, run: TermsTarget.run),
    FuzzTarget(name: "event-file", cost: 10, run: EventFileTarget.run),
    FuzzTarget(name: "settings", cost: 10, run: SettingsTarget.run),
    FuzzTarget(name: "values", cost: 1, run: ValueTarget.run),
    FuzzTarget(name: "rows", cost: 10, run: RowTarget.run),
  ]

  static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

  /// The folder of the targets' corpora and of the programs' terms.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let terms = folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "ops/terms")
}

/// A property that does not hold.
struct Broken: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw Broken(what()) }
}
