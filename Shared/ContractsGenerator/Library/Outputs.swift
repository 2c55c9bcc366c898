import Foundation

/// The generated files. `make contracts` writes them, and a test checks that they match the descriptions.
package struct Outputs {
  package struct File {
    /// The path relative to the root of the repository.
    package let path: String
    package let text: String
  }

  package static let source = "ops/contracts/messages"
  private static let swift = "Shared/Contracts/Generated"
  private static let schemas = "ops/contracts/schemas"
  private static let page = "ops/docs/MESSAGES.md"
  /// Folders whose `Stored` types and internal messages need codecs.
  private static let storing = [
    "Services/Accrual/Stages", "Services/Attribution/Stages", "Services/Discounts/Stages", "Services/Payouts/Stages",
    "Shared/Contracts/Bus", "Shared/Streaming", "Shared/Terms", "Shared/Worker", "Tests/StreamingTests",
  ]
  private static let mark = "<!-- What follows is made by `make contracts` of ops/contracts/messages. -->\n"

  package let files: [File]

  package init(root: URL) throws {
    let description = try DescriptionReader.read(root.appending(path: Self.source))
    var files = [
      File(path: "\(Self.swift)/Types.swift", text: description.swiftTypes()),
      File(path: "\(Self.swift)/Topics.swift", text: description.swiftTopics()),
      File(
        path: "ops/contracts/asyncapi.yaml",
        text: "# Made by `make contracts` of ops/contracts/messages.\n\(description.asyncAPI().yaml())\n"),
    ]
    for topic in description.topics {
      guard let text = description.swiftMessages(of: topic) else { continue }
      let name = topic.name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
      files.append(File(path: "\(Self.swift)/\(name).swift", text: text))
    }
    for message in description.messages {
      files.append(File(path: "\(Self.schemas)/\(message.type).json", text: description.schema(of: message).json() + "\n"))
    }
    for folder in Self.storing { files.append(try Self.codecs(of: folder, root)) }
    let preface = try String(contentsOf: root.appending(path: Self.page), encoding: .utf8)
    guard let end = preface.range(of: Self.mark)?.upperBound else {
      throw DescriptionError(description: "\(Self.page) lacks the line \(Self.mark)")
    }
    files.append(File(path: Self.page, text: preface[..<end] + description.page()))
    self.files = files
  }

  private static func codecs(of folder: String, _ root: URL) throws -> File {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
    let types = try names.filter { $0.hasSuffix(".swift") && $0 != "Codecs.swift" }.sorted().map { name in
      let path = "\(folder)/\(name)"
      return try StoredTypes(file: path, text: String(contentsOf: root.appending(path: path), encoding: .utf8))
    }
    let extensions = types.map { $0.swift() }.filter { !$0.isEmpty }.joined(separator: "\n")
    let text = """
      // Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
      // swift-format-ignore-file

      \(folder == "Shared/Contracts/Bus" ? "" : "import Contracts\n")import JSON

      \(extensions)
      """
    return File(path: "\(folder)/Codecs.swift", text: text)
  }

  /// The files that differ from their descriptions, and the files that no description produces any more.
  package func stale(in root: URL) -> [String] {
    let differing = files.filter { (try? String(contentsOf: root.appending(path: $0.path), encoding: .utf8)) != $0.text }.map(
      \.path)
    let made = Set(files.map(\.path))
    let leftOver = [Self.swift, Self.schemas].flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []).map { "\(folder)/\($0)" }
    }
    return (differing + leftOver.filter { !made.contains($0) }).sorted()
  }

  package func write(to root: URL) throws {
    for path in stale(in: root) {
      let place = root.appending(path: path)
      guard let file = files.first(where: { $0.path == path }) else {
        try FileManager.default.removeItem(at: place)
        continue
      }
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try file.text.write(to: place, atomically: true, encoding: .utf8)
    }
  }
}
