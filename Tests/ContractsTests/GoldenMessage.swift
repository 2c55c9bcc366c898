import Contracts
import Testing

/// A message's data as it stood on the bus when its type was published.
struct GoldenMessage: Sendable, CustomTestStringConvertible {
  let type: any Message.Type
  let json: String

  init(_ type: any Message.Type, _ json: String) {
    self.type = type
    self.json = json
  }

  var testDescription: String { "\(type.type) \(json.prefix(60))" }

  static let all = goldenInputs + goldenAttributionAndRewards + goldenDiscountsAndPayouts
}
