import Foundation
import JSON
import Testing

extension AnyJSON {
  static func random(_ depth: Int, _ random: inout Seeded) -> AnyJSON {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3:
      // Foundation reads a whole double as an integer; Laurel does not.
      let value = Double(bitPattern: random.next())
      return .double(value.isFinite && value != value.rounded() ? "\(value)" : "0.5")
    case 4, 5: return .string(Array(string(&random).utf8))
    case 6:
      let size = Int.random(in: 0..<5, using: &random)
      return .array((0..<size).map { _ in AnyJSON.random(depth - 1, &random) })
    default:
      let size = Int.random(in: 0..<24, using: &random)
      return .object((0..<size).map { Member(name: "\($0):" + string(&random), value: AnyJSON.random(depth - 1, &random)) })
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
    let value = AnyJSON.random(4, &random)
    let ours = value.jsonBytes()
    let theirs = [UInt8](try JSONSerialization.data(withJSONObject: object(ours), options: .fragmentsAllowed))
    let parser = JSONParser()
    #expect(try parser.decode(AnyJSON.self, from: ours) == value)
    #expect(try parser.read(ours) { $0.serialized() } == ours)

    let copy = try parser.read(theirs) { $0.serialized() }
    #expect(alike(try object(copy), try object(theirs)))
    #expect(alike(try object(copy), try object(ours)))
  }

  private func object(_ bytes: [UInt8]) throws -> NSObject {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) as? NSObject)
  }

  @Test("50,000 mutated texts: no crash, and what we accept is JSON to Foundation too", arguments: 0..<10 as Range<UInt64>)
  func mutations(_ seed: UInt64) throws {
    var random = Seeded(0xC0FFEE &+ seed)
    let sources = [
      utf8(Payment.text),
      utf8(#"{"a":[1,-2.5e3,true,null,{"b":"\u00e4\ud83d\ude00\n","c":[[],{}]}],"d":18446744073709551615}"#),
    ]
    let parser = JSONParser()
    var accepted = 0
    var decoded = 0
    for _ in 0..<5_000 {
      guard let source = sources.randomElement(using: &random) else { continue }
      let bytes = mutated(source, &random)
      do throws(JSONError) {
        let copy = try parser.read(bytes) { $0.serialized() }
        accepted += 1
        if (try? parser.decode(Payment.self, from: bytes)) != nil { decoded += 1 }
        _ = parser.unknownFields
        _ = try parser.decode(AnyJSON.self, from: bytes)
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
    // Otherwise the test would check only rejections.
    #expect(accepted > 200)
    #expect(decoded > 20)
  }

  /// Equal except for the last digits of numbers with a point: Foundation keeps long ones as Decimal, Laurel as Double.
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
