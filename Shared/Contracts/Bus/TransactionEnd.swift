/// A record that says nothing: a producer writes it behind records that Kafka has left without their transaction's end, so that the end of
/// its own transaction ends them too. Readers pass over it, as over every event of a type that they do not know.
public enum TransactionEnd {
  /// Its key, which no row of a state has.
  public static let key = Array("transaction-end".utf8)
  public static let type = "laurel.transaction-end.v1"

  /// - Parameters:
  ///   - source: of the service.
  ///   - place: the partition and the offset at which the hanging records begin; two records of one place say the same.
  public static func headers(source: String, place: String) -> [(String, String)] {
    Envelope(id: "end/\(place)", source: source, type: type).headers
  }
}
