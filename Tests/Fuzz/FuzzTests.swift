import Foundation
import Testing

/// Every decoder of external bytes, with its corpus and mutations of it. `make fuzz` runs the same targets for longer.
///
/// `LAUREL_FUZZ_SEED` chooses other mutations. `LAUREL_FUZZ_RUNS` sets the runs of the cheapest target; slower ones get fewer.
@Suite(.serialized) struct FuzzTests {
  static let seed = ProcessInfo.processInfo.environment["LAUREL_FUZZ_SEED"].flatMap(UInt64.init) ?? 6
  static let runs = ProcessInfo.processInfo.environment["LAUREL_FUZZ_RUNS"].flatMap(Int.init) ?? 800

  /// Whether runs were set by hand. Then their time is printed.
  static let isChosen = ProcessInfo.processInfo.environment["LAUREL_FUZZ_RUNS"] != nil

  static func corpus(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let folder = FuzzTarget.folder.appending(path: "Corpus/\(target.name)")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
    }
  }

  /// The file that holds the input during a run. After a trap ends the process, it has the input that caused it.
  static func trying(_ target: FuzzTarget) -> URL {
    FileManager.default.temporaryDirectory.appending(path: "laurel-fuzz-\(target.name)-\(getpid())")
  }

  @Test(arguments: FuzzTarget.all)
  func theCorpusHolds(_ target: FuzzTarget) throws {
    let corpus = try Self.corpus(of: target)
    try #require(!corpus.isEmpty)
    for (name, bytes) in corpus {
      #expect(throws: Never.self, "Tests/Fuzz/Corpus/\(target.name)/\(name)") { try target.run(bytes) }
    }
  }

  @Test(arguments: FuzzTarget.all)
  func mutationsHold(_ target: FuzzTarget) throws {
    var mutator = Mutator(corpus: try Self.corpus(of: target).map(\.bytes), seed: Self.seed)
    let trying = Self.trying(target)
    let start = ContinuousClock.now
    defer { if Self.isChosen { print("\(target): \(ContinuousClock.now - start)") } }
    for run in 0..<max(1, Self.runs / target.cost) {
      let bytes = mutator.next()
      try Data(bytes).write(to: trying)
      do { try target.run(bytes) } catch {
        Issue.record("\(target), LAUREL_FUZZ_SEED=\(Self.seed), run \(run): \(error)\nthe input is in \(trying.path)")
        return
      }
    }
    try? FileManager.default.removeItem(at: trying)
  }

  /// The mutator's output depends only on the seed.
  @Test func aSeedGivesTheSameInputs() {
    let corpus: [[UInt8]] = [Array(#"{"a":12,"b":[1,2]}"#.utf8), Array("x\ny\n".utf8)]
    var first = Mutator(corpus: corpus, seed: 1)
    var second = Mutator(corpus: corpus, seed: 1)
    var other = Mutator(corpus: corpus, seed: 2)
    let inputs = (0..<500).map { _ in first.next() }
    #expect(inputs == (0..<500).map { _ in second.next() })
    #expect(inputs != (0..<500).map { _ in other.next() })
    // Most of them are different.
    #expect(Set(inputs).count > 400)
  }

  /// Checks that a target detects faults.
  @Test func plantedFaultsAreFound() throws {
    let planted: [@Sendable ([UInt8]) -> Bool] = [
      { $0.contains(0xFF) },
      { String(decoding: $0, as: UTF8.self).contains("9223372036854775808") },
      { String(decoding: $0, as: UTF8.self).contains("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[") },
      { $0.split(separator: 0x0A).dropFirst().contains { $0.starts(with: Array("first".utf8)) } },
      { $0.isEmpty },
    ]
    let corpus: [[UInt8]] = [Array("first\nsecond 12\n".utf8), Array(#"{"a":12}"#.utf8)]
    for (number, isHit) in planted.enumerated() {
      var mutator = Mutator(corpus: corpus, seed: Self.seed)
      let runs = (0..<4000).first { _ in isHit(mutator.next()) }
      #expect(runs != nil, "planted fault \(number) was not found")
    }
  }

  @Test func everyFolderOfTheCorpusHasATarget() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: FuzzTarget.folder.appending(path: "Corpus").path)
    #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
  }
}
