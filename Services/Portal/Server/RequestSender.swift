import Contracts
import Foundation
import Kafka
import ServiceKit
import Worker

/// Sends stored requests to the bus on its own thread, and retries until the broker has confirmed them. A request that is sent
/// twice has one effect, because its id identifies it (R3).
struct RequestSender: Sendable {
  private static let answerMilliseconds: Int32 = 10_000

  let settings: PortalSettings
  let store: RequestStore
  let log: Log
  let metrics: PortalMetrics
  private let news = DispatchSemaphore(value: 0)

  func start() {
    let thread = Thread { run() }
    thread.name = "requests"
    thread.start()
  }

  /// Wakes the thread, because there is something to send.
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
        // Confirmed requests are already marked as sent. A new client sends the rest again.
        producer = nil
        log.error("cannot send requests, retrying: \(error)")
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
