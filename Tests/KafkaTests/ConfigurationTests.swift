import Testing

@testable import Kafka

@Suite struct ConfigurationTests {
  /// Versions in the form of `rd_kafka_version`.
  @Test(
    arguments: [
      ("sasl.mechanism", "SCRAM-SHA-256", 0x0200_02ff, "2.0.2"), ("sasl.mechanisms", "scram-sha-512", 0x0206_00ff, "2.6.0"),
      ("sasl.mechanism", "SCRAM-SHA-512", 0x0206_01ff, nil), ("sasl.mechanism", "SCRAM-SHA-256", 0x020a_00ff, nil),
      ("sasl.mechanism", "PLAIN", 0x0200_02ff, nil), ("client.id", "SCRAM-SHA-256", 0x0200_02ff, nil),
    ] as [(String, String, Int32, String?)])
  func scramWithAnOldLibraryIsCautionedAgainst(property: String, value: String, version: Int32, reported: String?) {
    let caution = Configuration(bootstrap: "", properties: [property: value]).caution(libraryVersion: version)
    #expect((caution != nil) == (reported != nil))
    if let reported { #expect(caution?.contains("Kafka 4 and librdkafka \(reported): ") == true) }
  }

  /// Properties and the resulting time-outs: session, heartbeat, transaction, message; nil if rejected, naming the first property.
  @Test(
    arguments: [
      ([:], [8000, 500, 6000, 4800], nil), (["session.timeout.ms": "20000"], [20_000, 1250, 15_000, 12_000], nil),
      (["transaction.timeout.ms": "5000"], [8000, 500, 5000, 4000], nil),
      (["delivery.timeout.ms": "3000"], [8000, 500, 6000, 3000], nil),
      (["transaction.timeout.ms": "8000"], nil, "transaction.timeout.ms"),
      (["session.timeout.ms": "6000", "transaction.timeout.ms": "10000"], nil, "transaction.timeout.ms"),
      (["message.timeout.ms": "6000"], nil, "message.timeout.ms"),
      (["session.timeout.ms": "6000", "heartbeat.interval.ms": "6000"], nil, "heartbeat.interval.ms"),
    ] as [([String: String], [Int]?, String?)])
  func timeoutsKeepTheirOrder(properties: [String: String], expected: [Int]?, rejected: String?) throws {
    let configuration = Configuration(bootstrap: "", properties: properties)
    let result = Result { () throws(KafkaError) in try Timeouts(configuration) }
    switch result {
    case .success(let found):
      #expect([found.session, found.heartbeat, found.transaction, found.message] == expected)
    case .failure(let error):
      let rejected = try #require(rejected)
      // INVALID_ARG: a service ends with it instead of retrying.
      #expect(error.code == -186)
      #expect("\(error)".contains("\(rejected) (\(properties[rejected] ?? "")) must be below"))
    }
  }
}
