/// An empty record. A producer writes it after records whose transaction Kafka has left open; the end of the producer's own transaction
/// then ends them too. Readers ignore it, like every event of an unknown type.
public enum TransactionEnd {
  /// The record's key. No row of the state has this key.
  public static let key = Array("transaction-end".utf8)
  public static let type = "laurel.transaction-end.v1"

  /// - Parameters:
  ///   - source: the service's source.
  ///   - place: the partition and the offset of the first hanging record. Two records for one place are the same event.
  public static func headers(source: String, place: String) -> [(String, String)] {
    Envelope(id: "end/\(place)", source: source, type: type).headers
  }
}
