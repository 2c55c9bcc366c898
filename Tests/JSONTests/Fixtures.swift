import JSON

/// A payment of CONTRACTS.md's shape, with plain fields.
struct Payment: Codable, Equatable {
  struct Line: Codable, Equatable {
    var sku: String
    var kind: String
    var plan: String?
    var amount: Int64
  }

  var payment: String
  var account: String
  var paidAt: String
  var currency: String
  var lines: [Line]

  static let text =
    #"{"payment":"p1","account":"beta","paidAt":"2026-01-10T09:00:00.000Z","currency":"KZT","lines":["#
    + #"{"sku":"plan","kind":"plan","plan":"Corporate","amount":30000000},"#
    + #"{"sku":"service","kind":"service","amount":10500000}]}"#

  static let value = Payment(
    payment: "p1", account: "beta", paidAt: "2026-01-10T09:00:00.000Z", currency: "KZT",
    lines: [
      Line(sku: "plan", kind: "plan", plan: "Corporate", amount: 30_000_000),
      Line(sku: "service", kind: "service", plan: nil, amount: 10_500_000),
    ])
}

/// Every width and optional, so that each overload of the containers is reached.
struct Everything: Codable, Equatable {
  var flag: Bool
  var text: String
  var real: Double
  var small: Float
  var int: Int
  var int8: Int8
  var int16: Int16
  var int32: Int32
  var int64: Int64
  var uint: UInt
  var uint8: UInt8
  var uint16: UInt16
  var uint32: UInt32
  var uint64: UInt64
  var maybeFlag: Bool?
  var maybeText: String?
  var maybeReal: Double?
  var maybeInt: Int?
  var maybeInt32: Int32?
  var maybeInt64: Int64?
  var maybeUInt64: UInt64?
  var maybeNested: [String: [Int64]]?
  var list: [String?]
  var table: [String: Bool]

  static let full = Everything(
    flag: true, text: "ä\"\\\n\u{1}\u{1F600}/", real: -0.1, small: 1.5, int: .min, int8: .min, int16: .max, int32: .min,
    int64: .min, uint: .max, uint8: .max, uint16: .max, uint32: .max, uint64: .max, maybeFlag: false, maybeText: "",
    maybeReal: .leastNonzeroMagnitude, maybeInt: 0, maybeInt32: -1, maybeInt64: .max, maybeUInt64: 1 << 63,
    maybeNested: ["a": [1, -2], "": []], list: ["x", nil, ""], table: ["b": true, "a": false])

  static let sparse = Everything(
    flag: false, text: "", real: 0, small: 0, int: 0, int8: 0, int16: 0, int32: 0, int64: 0, uint: 0, uint8: 0, uint16: 0,
    uint32: 0, uint64: 0, list: [], table: [:])
}

/// A type that validates itself: 1–4 characters.
struct Code: Codable, Equatable {
  var text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    text = try container.decode(String.self)
    guard (1...4).contains(text.utf8.count) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a code has 1 to 4 characters")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// A type that throws the module's own error, without a path.
struct Percent: Codable, Equatable {
  var value: Int64

  init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Int64.self)
    if value > 100 { throw JSONError(reason: .outOfRange, detail: "more than 100 %") }
  }
}

enum Kind: String, Codable { case plan, service }

/// A small repeatable source of randomness (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func utf8(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func decode<T: Decodable>(_ type: T.Type, _ text: String) throws(JSONError) -> T {
  try JSONParser().decode(type, from: utf8(text))
}

func encoded<T: Encodable>(_ value: T) throws(JSONError) -> String {
  String(decoding: try JSONEncoding.encode(value), as: UTF8.self)
}

/// The error that decoding ends with; nil when it does not.
func refusal<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) -> JSONError? {
  do {
    _ = try JSONParser().decode(type, from: bytes)
    return nil
  } catch {
    return error
  }
}
