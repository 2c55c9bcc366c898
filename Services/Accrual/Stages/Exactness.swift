import Contracts

/// Does arithmetic on amounts; what leaves Int64 refuses the event that asked for it, and nothing of it has happened.
func exactly<Result>(
  _ what: @autoclosure () -> String, _ work: () throws(ArithmeticOverflow) -> Result
) throws(Rejection) -> Result {
  do {
    return try work()
  } catch {
    throw Rejection(.overflow, "\(what()) is beyond 64 bits")
  }
}
