import Testing

@testable import Kafka

@Suite struct ConfigurationTests {
  /// Versions as `rd_kafka_version` has them.
  @Test(
    arguments: [
      ("sasl.mechanism", "SCRAM-SHA-256", 0x0200_02ff, "2.0.2"), ("sasl.mechanisms", "scram-sha-512", 0x0206_00ff, "2.6.0"),
      ("sasl.mechanism", "SCRAM-SHA-512", 0x0206_01ff, nil), ("sasl.mechanism", "SCRAM-SHA-256", 0x020a_00ff, nil),
      ("sasl.mechanism", "PLAIN", 0x0200_02ff, nil), ("client.id", "SCRAM-SHA-256", 0x0200_02ff, nil),
    ] as [(String, String, Int32, String?)])
  func scramWithAnOldLibraryIsCautionedAgainst(property: String, value: String, version: Int32, told: String?) {
    let caution = Configuration(bootstrap: "", properties: [property: value]).caution(libraryVersion: version)
    #expect((caution != nil) == (told != nil))
    if let told { #expect(caution?.contains("librdkafka \(told), only from 2.6.1 on") == true) }
  }
}
