import Kafka
import ServiceKit

extension Session {
  /// The same call again while the failure says so, for a bounded time.
  static func retrying(_ call: () throws(TransactionFailure) -> Void) throws {
    let end = ContinuousClock.now + .seconds(30)
    while true {
      do { return try call() } catch TransactionFailure.retriable(let error) {
        guard ContinuousClock.now < end, !Shutdown.requested else { throw TransactionFailure.fatal(error) }
        _ = Shutdown.wait(upTo: .milliseconds(100))
      }
    }
  }
}
