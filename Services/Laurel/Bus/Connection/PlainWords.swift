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

/// Replaces everything but printable ASCII, so that a record cannot send control characters to the terminal.
func printable(_ bytes: some Sequence<UInt8>, else mark: Unicode.Scalar = "?") -> String {
  String(decoding: bytes.map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: mark) }, as: UTF8.self)
}
