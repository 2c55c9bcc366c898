import Foundation
import Terms
import TermsFiles
import Testing

/// A directory of terms as a whole.
@Suite struct Directories {
  /// Loads a directory with these files and returns the lines of its problems, with the directory's path as `DIR`.
  private func problems(_ files: [String: String]) throws -> [String] {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("terms-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
    do {
      _ = try TermsFiles.load(directory: directory.path)
      return []
    } catch {
      return error.problems.map { $0.description.replacingOccurrences(of: directory.path, with: "DIR") }
    }
  }

  @Test func everyFileIsReadBeforeAnythingIsReported() throws {
    let found = try problems([
      "b.yaml": BrokenFiles.sound.replacing("day: 28", with: "day: 0"),
      "a.yml": BrokenFiles.sound.replacing("rate: 10%", with: "rate: 10"),
      "c.yaml": "program: [",
      "notes.txt": "nothing of ours",
      ".hidden.yaml": "nor this",
    ])
    #expect(found.map { $0.prefix { $0 != " " } } == ["a.yml:10:13:", "b.yaml:18:12:", "b.yaml:1:10:", "c.yaml:2:1:"])
  }

  @Test func aProgramHasOneFile() throws {
    #expect(
      try problems(["a.yaml": BrokenFiles.sound, "b.yaml": BrokenFiles.sound]) == [
        #"b.yaml:1:10: program: "p" is already the program of a.yaml"#
      ])
  }

  @Test func twoProgramsInTwoFiles() throws {
    let other = BrokenFiles.sound.replacing("program: p", with: "program: q")
    #expect(try problems(["a.yaml": BrokenFiles.sound, "b.yaml": other]) == [])
  }

  @Test func aDirectoryWithoutTerms() throws {
    #expect(try problems([:]) == ["DIR: contains no terms: no file ends in .yaml or .yml"])
    #expect(try problems(["readme.md": ""]) == ["DIR: contains no terms: no file ends in .yaml or .yml"])
  }

  @Test func aDirectoryThatIsNotThere() {
    let problems = #expect(throws: TermsProblems.self) { try TermsFiles.load(directory: "no/such/place") }
    #expect(problems?.description == "no/such/place: no such directory")
    let other = #expect(throws: TermsProblems.self) { try TermsFiles.load(directory: #filePath) }
    #expect(other?.description == "\(#filePath): cannot be read: Not a directory")
  }

  @Test func aFileTooLargeToBeTerms() throws {
    let comment = "# " + String(repeating: "x", count: 1 << 20)
    #expect(try problems(["a.yaml": comment]) == ["a.yaml: is larger than the limit of 1 MiB"])
  }
}
