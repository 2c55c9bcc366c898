import Foundation
import Kafka
import ServiceKit
import Streaming

/// An error in plain words. The libraries' own texts name internals.
package func plainWords(_ error: any Error) -> String {
  switch error {
  case let error as TransactionFailure: error.error.plainWords
  case let error as KafkaError: error.plainWords
  case let error as StateForm:
    "\(error). Use the laurel of the release whose services run: ops/docs/RUNBOOK.md, \"Another release's state\""
  case is CocoaError, is POSIXError: systemReason(error)
  default: "\(error)"
  }
}

extension KafkaError {
  var plainWords: String {
    if meansNoRight {
      return "the broker's ACLs give this principal no right to it; 'laurel topics acls' prints the commands that grant it"
    }
    if meansNoLogin {
      return "the broker rejected the login: \(Self.withoutPlace(reason)). Check the ssl.… and sasl.… properties"
    }
    return switch name {
    case "_TIMED_OUT", "_TIMED_OUT_QUEUE", "_MSG_TIMED_OUT", "REQUEST_TIMED_OUT": "the broker stopped answering"
    case "_TRANSPORT", "_ALL_BROKERS_DOWN", "NETWORK_EXCEPTION": "the connection to the broker was lost"
    default: (isOfBroker ? "the broker rejects it: " : "") + Self.withoutPlace(reason)
    }
  }

  /// librdkafka's text without its internals: thread, the broker's alias, connection state and its duration.
  static func withoutPlace(_ text: String) -> String {
    [#/^\[thrd:[^\]]*\]: /#, #/^\S+/(?:bootstrap|[0-9]+): /#, #/ \(after [0-9]+ms in state .*$/#, #/^(?:Local|Broker): /#]
      .reduce(text) { $0.replacing($1, with: "") }
  }
}
