import Contracts
import Foundation
import Kafka
import PortalModel
import ServiceKit
import Worker

/// Puts kept requests on the bus, on a thread of its own, again and again until the broker has confirmed them. A request has one effect
/// however often it is sent: its id decides (R3).
final class RequestSender: Sendable {
  private static let answerMilliseconds: Int32 = 10_000

  private let settings: PortalSettings
  private let store: RequestStore
  private let log: Log
  private let metrics: PortalMetrics
  private let news = DispatchSemaphore(value: 0)

  init(_ settings: PortalSettings, store: RequestStore, log: Log, metrics: PortalMetrics) {
    self.settings = settings
    self.store = store
    self.log = log
    self.metrics = metrics
  }

  func start() {
    let thread = Thread { [self] in run() }
    thread.name = "requests"
    thread.start()
  }

  /// There is something to send.
  func wake() { news.signal() }

  private func run() {
    var producer: Producer?
    while !Shutdown.requested {
      do {
        let unsent = try store.unsent()
        metrics.requestsOpen.set(unsent.count)
        if unsent.isEmpty {
          _ = news.wait(timeout: .now() + .milliseconds(500))
          continue
        }
        let open = try producer ?? Producer(settings.configuration(log), topics: [topic])
        producer = open
        try send(unsent, open)
      } catch {
        // What was confirmed is marked; the rest is sent again by a new client.
        producer = nil
        log.error("requests could not be sent and will be sent again: \(error)")
        _ = Shutdown.wait(upTo: .seconds(1))
      }
    }
  }

  private var topic: String { settings.topicPrefix + Topic.requests.name }

  private func send(_ requests: [RequestStore.Kept], _ producer: Producer) throws {
    for (index, kept) in requests.enumerated() {
      let envelope = Envelope(
        id: "\(kept.request.value)/\(kept.type)", source: "/laurel/portal", type: kept.type, time: kept.at, program: kept.program,
        partitionKey: kept.account.value)
      try producer.produce(
        topic: topic, key: Array(kept.account.value.utf8), value: kept.body,
        headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) }, token: index + 1)
    }
    defer { for delivery in producer.takeDeliveries() { try? store.sent(requests[delivery.token - 1]) } }
    try producer.flush(timeoutMilliseconds: Self.answerMilliseconds)
  }
}
