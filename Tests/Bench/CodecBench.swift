import Contracts
import Foundation
import JSON

/// The cost of decoding and encoding a message, beside Foundation's Codable of the same type. No Kafka.
enum CodecBench {
  static func run() throws {
    print("ns per message, the best of 150 rounds; Foundation's is the same type through JSONDecoder and JSONEncoder")
    try measure(PaymentSettled.self, payment)
    try measure(RewardAccrued.self, accrued)
  }

  private static func measure<M: Message & Codable>(_ type: M.Type, _ text: String) throws {
    let bytes = Array(text.utf8)
    let parser = JSONParser()
    let message = try parser.decode(type, from: bytes)
    var writer = JSONWriter()
    let parse = try best { try parser.read(bytes) { _ in } }
    let decode = try best { _ = try parser.decode(type, from: bytes) }
    let encode = best {
      writer.removeAll()
      message.write(to: &writer)
    }
    let data = Data(bytes)
    let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
    let foundationDecode = try best(rounds: 300) { _ = try decoder.decode(type, from: data) }
    let foundationEncode = try best(rounds: 300) { _ = try encoder.encode(message) }
    print(
      "\(type.type) (\(bytes.count) B): parse \(parse), decode with parse \(decode) (Foundation \(foundationDecode)), "
        + "encode \(encode) (Foundation \(foundationEncode)), fingerprint \(best { _ = message.fingerprint() })")
  }

  /// Nanoseconds of one call.
  private static func best(rounds: Int = 2_000, _ body: () throws -> Void) rethrows -> Int {
    var times: [Int] = []
    for _ in 0..<150 {
      let start = ContinuousClock.now
      for _ in 0..<rounds { try body() }
      let spent = (ContinuousClock.now - start).components
      times.append(Int((Double(spent.seconds) * 1e9 + Double(spent.attoseconds) / 1e9) / Double(rounds)))
    }
    return times.min() ?? 0
  }

  static let payment =
    #"{"payment":"p-0000001","account":"beta-000123","company":"beta-main","paidAt":"2026-01-10T09:00:00.000Z","currency":"KZT","#
    + #""lines":[{"sku":"plan","kind":"plan","plan":"Corporate","amount":30000000},{"sku":"service","kind":"service","amount":10500000}]}"#

  static let accrued =
    #"{"reward":"p-0000001/beta-000123/acme/payment","referrer":"acme","referee":"beta-000123","payment":"p-0000001","amount":4050000,"#
    + #""currency":"KZT","base":40500000,"rate":1000,"accruedAt":"2026-01-10T09:00:00.000Z","availableAt":"2026-01-24T09:00:00.000Z","#
    + #""balance":{"currency":"KZT","pending":4050000,"available":0,"locked":0,"reserved":0,"spent":0,"paid":0,"reversed":0},"#
    + #""terms":"bonus@1","because":[{"code":"lines","plan":30000000,"service":10500000},{"code":"rate","rate":1000,"base":40500000},"#
    + #"{"code":"hold","creditAfter":"14d","creditAt":"2026-01-24T09:00:00.000Z","availableAfter":"14d","availableAt":"2026-01-24T09:00:00.000Z"}]}"#
}
