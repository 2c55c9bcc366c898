import Foundation
import JSON
import Testing

/// Any JSON, as a Codable type of its own.
private indirect enum Value: Codable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case string(String)
  case array([Value])
  case object([String: Value])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([Value].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: Value].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  static func random(_ depth: Int, _ random: inout Seeded) -> Value {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3:
      // A double that is a whole number is an integer to Foundation and none to us.
      let value = Double(bitPattern: random.next())
      return value.isFinite && value != value.rounded() ? .double(value) : .double(0.5)
    case 4, 5: return .string(string(&random))
    case 6:
      let size = Int.random(in: 0..<5, using: &random)
      return .array((0..<size).map { _ in Value.random(depth - 1, &random) })
    default:
      let size = Int.random(in: 0..<24, using: &random)
      let members = (0..<size).map { ("\($0)" + string(&random), Value.random(depth - 1, &random)) }
      return .object(Dictionary(members) { $1 })
    }
  }

  private static func string(_ random: inout Seeded) -> String {
    let sources: [ClosedRange<UInt32>] = [0x20...0x7E, 0...0x1F, 0x80...0x7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF, 0x22...0x22]
    var text = ""
    for _ in 0..<Int.random(in: 0..<20, using: &random) {
      let source = sources[min(Int.random(in: 0..<12, using: &random) / 2, Bool.random(using: &random) ? 0 : 5)]
      if let scalar = Unicode.Scalar(UInt32.random(in: source, using: &random)) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}

@Suite struct SecondOpinionTests {
  @Test("random documents mean the same to Foundation, both ways", arguments: 0..<300 as Range<UInt64>)
  func random(_ seed: UInt64) throws {
    var random = Seeded(seed)
    let value = Value.random(4, &random)
    let ours = try JSONEncoding.encode(value)
    let theirs = [UInt8](try JSONEncoder().encode(value))
    let parser = JSONParser()

    #expect(try JSONDecoder().decode(Value.self, from: Data(ours)) == value)
    #expect(try parser.decode(Value.self, from: ours) == value)
    #expect(try parser.decode(Value.self, from: theirs) == value)

    let copy = try #require(try parser.parse(theirs).serialized())
    #expect(alike(try object(copy), try object(theirs)))
    // The same value is the same text, whatever order its dictionaries have today.
    #expect(try JSONEncoding.encode(parser.decode(Value.self, from: theirs)) == ours)
  }

  private func object(_ bytes: [UInt8]) throws -> NSObject {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) as? NSObject)
  }

  @Test("50,000 mutated texts: no crash, and what we accept is JSON to Foundation too", arguments: 0..<10 as Range<UInt64>)
  func mutations(_ seed: UInt64) throws {
    var random = Seeded(0xC0FFEE &+ seed)
    let sources = [
      utf8(Payment.text), try JSONEncoding.encode(Everything.full),
      utf8(#"{"a":[1,-2.5e3,true,null,{"b":"\u00e4\ud83d\ude00\n","c":[[],{}]}],"d":18446744073709551615}"#),
    ]
    let parser = JSONParser()
    var accepted = 0
    var decoded = 0
    for _ in 0..<5_000 {
      guard let source = sources.randomElement(using: &random) else { continue }
      let bytes = mutated(source, &random)
      do throws(JSONError) {
        let document = try parser.parse(bytes)
        accepted += 1
        let copy = document.serialized() ?? []
        if (try? document.decode(Payment.self)) != nil { decoded += 1 }
        if (try? document.decode(Everything.self)) != nil { decoded += 1 }
        _ = try? document.decode(Value.self)
        _ = document.unknownFields
        let theirs = try? object(bytes)
        #expect(theirs != nil, "accepted here only: \(String(decoding: bytes, as: UTF8.self))")
        if let theirs {
          let ours = try? object(copy)
          #expect(ours.map { alike($0, theirs) } == true, "\(String(decoding: bytes, as: UTF8.self))")
        }
      } catch {
        #expect(!error.detail.isEmpty)
      }
    }
    // Else the test would look at nothing but refusals.
    #expect(accepted > 200)
    #expect(decoded > 20)
  }

  /// Equal, but for the last digits of numbers with a point: Foundation keeps long ones as Decimal, we as Double.
  private func alike(_ a: NSObject, _ b: NSObject) -> Bool {
    switch (a, b) {
    case (let a as [String: NSObject], let b as [String: NSObject]):
      return a.count == b.count && a.allSatisfy { key, value in b[key].map { alike(value, $0) } ?? false }
    case (let a as [NSObject], let b as [NSObject]):
      return a.count == b.count && zip(a, b).allSatisfy { alike($0, $1) }
    case (let a as NSNumber, let b as NSNumber):
      return a.isEqual(b) || b is NSDecimalNumber && abs(a.doubleValue - b.doubleValue) <= abs(b.doubleValue) * 1e-15
    default:
      return a.isEqual(b)
    }
  }

  private func mutated(_ source: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = source
    let alphabet = utf8("{}[]:,\"\\0123456789-+.eEtrufalsn \n") + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard !bytes.isEmpty else { return bytes }
      let at = Int.random(in: 0..<bytes.count, using: &random)
      let other = Int.random(in: at..<min(bytes.count, at + 20), using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] = alphabet.randomElement(using: &random) ?? 0
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
      case 3: bytes.removeSubrange(at...other)
      case 4: bytes.insert(contentsOf: bytes[at...other], at: at)
      default: if random.next() % 8 == 0 { bytes.removeSubrange(at...) } else { bytes.swapAt(at, other) }
      }
    }
    return bytes
  }
}
