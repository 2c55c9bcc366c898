import Kafka

/// Why a connection fails, in plain words. It is taken from a line of librdkafka's log or an error's reason.
struct ConnectionFault {
  let text: String
  /// True if nothing listens there, the host is unknown or the login is rejected. If false, the other side may only be slow.
  let isCertain: Bool

  init(_ line: String) {
    let known = [
      ("Connection refused", "connection refused. Is Kafka running?"), ("Failed to resolve", "unknown host name"),
      ("Network is unreachable", "the network is unreachable"), ("No route to host", "no route to that host"),
    ]
    if let (_, words) = known.first(where: { line.contains($0.0) }) {
      self.init(text: words, isCertain: true)
    } else if line.contains("SSL") || line.contains("SASL") || line.contains("security.protocol") {
      self.init(text: KafkaError.withoutPlace(line), isCertain: true)
    } else {
      self.init(text: "no answer", isCertain: false)
    }
  }

  private init(text: String, isCertain: Bool) {
    self.text = text
    self.isCertain = isCertain
  }
}
