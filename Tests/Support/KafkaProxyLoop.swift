import Foundation
import Synchronization

/// The proxy's thread, which waits on all its sockets at once. Everything here is confined to it.
final class KafkaProxyLoop {
  private let control: KafkaProxy.Control
  private let listener: Int32
  private let brokerPort: UInt16
  private var links: [KafkaProxyLink] = []
  private var room = [UInt8](repeating: 0, count: 1 << 16)
  private var lastNumber = 0
  /// The settings at the beginning of this cycle.
  private(set) var state: KafkaProxy.State
  /// Whether a released request must be answered before anything else is forwarded.
  private(set) var isStalled = false

  init(_ control: KafkaProxy.Control, listener: Int32, broker: UInt16) {
    self.control = control
    self.listener = listener
    brokerPort = broker
    state = KafkaProxy.State()
  }

  deinit { close(listener) }

  func run() {
    while true {
      let before = state
      state = control.state.withLock { $0 }
      guard !state.isStopping else { break }
      let now = ContinuousClock.now
      if state.cutsWanted != before.cutsWanted { cutAll() }
      if state.releasesWanted != before.releasesWanted { for link in links { link.release(now) } }
      isStalled = links.contains { $0.stallsOthers(now) }
      wait(now)
    }
    for link in links { link.close(reset: true) }
    links.removeAll()
  }

  private func wait(_ now: ContinuousClock.Instant) {
    var waited = [
      pollfd(fd: control.bell, events: Int16(POLLIN), revents: 0), pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
    ]
    for link in links {
      // Leave out sockets that need nothing, or poll would report their end again and again.
      let client = link.clientEvents(now)
      let broker = link.brokerEvents(now)
      waited.append(pollfd(fd: client == 0 ? -1 : link.client, events: client, revents: 0))
      waited.append(pollfd(fd: broker == 0 ? -1 : link.broker, events: broker, revents: 0))
    }
    let due = links.compactMap { $0.due(now) }.min()
    // Rounded up, because waking early would be useless.
    let milliseconds = due.map { Int32(min(60_000, ($0 - now) / .milliseconds(1)).rounded(.up)) } ?? -1
    guard poll(&waited, nfds_t(waited.count), milliseconds) >= 0 else { return }
    if waited[0].revents != 0 { _ = read(control.bell) }
    let after = ContinuousClock.now
    for (index, link) in links.enumerated() {
      if waited[2 + 2 * index].revents != 0 { link.clientIsReady(after) }
      if waited[3 + 2 * index].revents != 0 { link.brokerIsReady(after) }
    }
    if waited[1].revents != 0 { accept() }
    links.removeAll { link in
      guard link.isOver(after) else { return false }
      link.close(reset: false)
      return true
    }
  }

  private func accept() {
    while let client = Sockets.accept(listener) {
      guard let broker = Sockets.connect(brokerPort) else {
        Sockets.reset(client)
        continue
      }
      count { $0.connections += 1 }
      links.append(KafkaProxyLink(self, client: client, broker: broker))
    }
  }

  private func cutAll() {
    links.removeAll { link in
      guard link.client >= 0 else { return false }
      link.close(reset: true)
      count { $0.cut += 1 }
      return true
    }
  }

  // MARK: For the links

  /// The bytes that have arrived; empty if the other side has closed, nil if nothing is available now.
  func read(_ socket: Int32) -> ArraySlice<UInt8>? {
    let count = recv(socket, &room, room.count, 0)
    if count < 0, errno == EAGAIN || errno == EINTR { return nil }
    return room[..<max(0, count)]
  }

  func action(for request: KafkaRequest) -> KafkaProxy.Action {
    count { $0.requests[request.apiKey, default: 0] += 1 }
    return state.rules[request.apiKey]?(request) ?? .pass
  }

  /// Requests are numbered in their order of arrival.
  func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  func answered(_ request: KafkaRequest, number: Int, _ now: ContinuousClock.Instant) {
    for link in links where link.waits(for: request, number: number) {
      link.release(now)
      isStalled = true
    }
  }

  func count(_ change: (inout KafkaProxy.Counts) -> Void) { control.state.withLock { change(&$0.counts) } }
}
