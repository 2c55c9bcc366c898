import JSON

/// A payment of CONTRACTS's shape, with plain fields.
struct Payment: JSONCodable, Equatable {
  struct Line: JSONCodable, Equatable {
    var sku: String
    var kind: String
    var plan: String?
    var amount: Int64

    init(sku: String, kind: String, plan: String?, amount: Int64) {
      (self.sku, self.kind, self.plan, self.amount) = (sku, kind, plan, amount)
    }

    init(json: JSONValue) throws(JSONError) {
      let object = try json.object()
      self.init(
        sku: try object.required("sku"), kind: try object.required("kind"), plan: try object.optional("plan"),
        amount: try object.required("amount"))
    }

    func write(to json: inout JSONWriter) {
      json.beginObject()
      json.member("sku", sku)
      json.member("kind", kind)
      json.member("plan", plan)
      json.member("amount", amount)
      json.endObject()
    }
  }

  var payment: String
  var account: String
  var paidAt: String
  var currency: String
  var lines: [Line]

  init(payment: String, account: String, paidAt: String, currency: String, lines: [Line]) {
    (self.payment, self.account, self.paidAt, self.currency, self.lines) = (payment, account, paidAt, currency, lines)
  }

  init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    self.init(
      payment: try object.required("payment"), account: try object.required("account"), paidAt: try object.required("paidAt"),
      currency: try object.required("currency"), lines: try object.required("lines"))
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("paidAt", paidAt)
    json.member("currency", currency)
    json.member("lines", lines)
    json.endObject()
  }

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

/// Any JSON, with members in their order.
indirect enum AnyJSON: JSONCodable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// The number as written.
  case double(String)
  case string([UInt8])
  case array([AnyJSON])
  case object([Member])

  struct Member: Equatable {
    let name: String
    let value: AnyJSON
  }

  init(json: JSONValue) throws(JSONError) {
    if json.isNull {
      self = .null
    } else if let members = try? json.object().members() {
      var read: [Member] = []
      for (name, value) in members { read.append(Member(name: name, value: try AnyJSON(json: value))) }
      self = .object(read)
    } else if let bool = try? json.bool() {
      self = .bool(bool)
    } else if let number = try? json.integer() {
      self = .integer(number)
    } else if let text = try? json.string() {
      self = .string(Array(text.utf8))
    } else if let elements = try? json.array(of: AnyJSON.self) {
      self = .array(elements)
    } else {
      self = .double(String(decoding: json.serialized(), as: UTF8.self))
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .bool(let value): value.write(to: &json)
    case .integer(let value): value.write(to: &json)
    case .double(let text): json.raw(Array(text.utf8))
    case .string(let bytes): bytes.withUnsafeBufferPointer { json.string($0) }
    case .array(let elements): elements.write(to: &json)
    case .object(let members):
      json.beginObject()
      for member in members { json.member(named: member.name, member.value) }
      json.endObject()
    }
  }
}

enum Kind: String, JSONWord { case plan, service }

/// A small, repeatable random generator (SplitMix64).
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

func decode<T: JSONDecodable>(_ type: T.Type, _ text: String) throws(JSONError) -> T {
  try JSONParser().decode(type, from: utf8(text))
}

func encoded(_ value: some JSONEncodable) -> String { String(decoding: value.jsonBytes(), as: UTF8.self) }

/// The error with which decoding ends; nil if it succeeds.
func rejection<T: JSONDecodable>(_ type: T.Type, _ bytes: [UInt8]) -> JSONError? {
  do {
    _ = try JSONParser().decode(type, from: bytes)
    return nil
  } catch {
    return error
  }
}
