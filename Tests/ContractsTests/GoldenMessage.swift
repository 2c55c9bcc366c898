import Contracts
import Foundation
import Testing

/// A message's data as it was when its type was published. Add lines to Golden/messages.txt, but never change one.
struct GoldenMessage: Sendable, CustomTestStringConvertible {
  let type: any Message.Type
  let json: String

  var testDescription: String { "\(type.type) \(json.prefix(60))" }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  static let all: [GoldenMessage] = {
    let text = (try? String(contentsOf: folder.appending(path: "Golden/messages.txt"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      return MessageRegistry.type(named: String(parts[0])).map { GoldenMessage(type: $0, json: String(parts[1])) }
    }
  }()
}
