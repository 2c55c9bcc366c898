import Contracts

/// Does arithmetic on amounts. An overflow of `Int64` rejects the event.
func exactly<Result>(
  _ what: @autoclosure () -> String, _ work: () throws(ArithmeticOverflow) -> Result
) throws(Rejection) -> Result {
  do {
    return try work()
  } catch {
    throw Rejection(.overflow, "\(what()) exceeds 64 bits")
  }
}
