import Foundation

/// One client's connection and its connection to the broker. Confined to the proxy's thread.
///
/// If the client closes, its sent requests are still forwarded, as on a real network.
final class KafkaProxyLink {
  /// A request that the broker has not answered.
  private struct Outstanding {
    let request: KafkaRequest
    let number: Int
    /// Whether the client must not get the answer.
    let isDropped: Bool
    let wasHeld: Bool
  }

  /// A request that is held back after its client was cut off.
  private struct Held {
    let request: KafkaRequest
    let number: Int
    let frame: [UInt8]
    let until: KafkaProxy.Release
    let copies: Int
    /// The number of the request that ended the transaction, after it is answered. Later requests belong to the next transaction.
    var ended: Int?
  }

  /// What happens to the frame being read.
  private enum Fate {
    case pass(due: ContinuousClock.Instant)
    case drop
    case collect(KafkaRequest, KafkaProxy.Action)
  }

  /// Bytes beyond this wait in the sockets.
  private static let queueMax = 4 << 20
  /// How long to wait for the broker's answers after the client has closed.
  private static let linger = Duration.seconds(2)
  private static let stallMax = Duration.seconds(1)
  /// The broker answers an EndTxn before it has written the markers.
  private static let settling = Duration.milliseconds(100)

  private unowned let loop: KafkaProxyLoop
  /// -1 if closed.
  private(set) var client: Int32
  private(set) var broker: Int32
  private var clientEnded: ContinuousClock.Instant?
  private var brokerEnded = false
  private var requests = KafkaProxyOutflow()
  private var answers = KafkaProxyOutflow()
  private var requestFrames = KafkaProxyFrames()
  private var answerFrames = KafkaProxyFrames()
  private var requestFate = Fate.drop
  private var answerFate = Fate.drop
  private var collected: [UInt8] = []
  private var waiting: [Outstanding] = []
  private var held: Held?
  private var released: ContinuousClock.Instant?
  /// When the effects of the released request are complete.
  private var settles: ContinuousClock.Instant?
  private var lastWritten: ContinuousClock.Instant?

  init(_ loop: KafkaProxyLoop, client: Int32, broker: Int32) {
    self.loop = loop
    self.client = client
    self.broker = broker
  }

  // MARK: Waiting

  func clientEvents(_ now: ContinuousClock.Instant) -> Int16 {
    guard client >= 0 else { return 0 }
    var events = 0
    if readsClient { events |= Int(POLLIN) }
    if loop.state.silence != .fromBroker, let due = answers.due, due <= now { events |= Int(POLLOUT) }
    return Int16(events)
  }

  func brokerEvents(_ now: ContinuousClock.Instant) -> Int16 {
    guard broker >= 0 else { return 0 }
    var events = 0
    if readsBroker { events |= Int(POLLIN) }
    if writesBroker, let due = requests.due, due <= now { events |= Int(POLLOUT) }
    return Int16(events)
  }

  private var readsClient: Bool {
    clientEnded == nil && !loop.isStalled && loop.state.silence != .toBroker && requests.count < Self.queueMax
  }

  private var readsBroker: Bool { !brokerEnded && loop.state.silence != .fromBroker && answers.count < Self.queueMax }

  private var writesBroker: Bool { loop.state.silence != .toBroker && (!loop.isStalled || released != nil) }

  /// The next time to check the link even if no bytes arrive; nil if never.
  func due(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    let lingersUntil = clientEnded.map { max($0, lastWritten ?? $0) + Self.linger }
    let due = [requests.due, answers.due, lingersUntil, released.map { $0 + Self.stallMax }, settles]
    return due.compactMap { $0 }.filter { $0 > now }.min()
  }

  /// Whether other links wait for the answer to a released request. They wait for a limited time.
  func stallsOthers(_ now: ContinuousClock.Instant) -> Bool {
    guard let released, !brokerEnded else { return false }
    return now < (waiting.contains { $0.wasHeld } ? released + Self.stallMax : settles ?? released)
  }

  /// Whether the link has no work left.
  func isOver(_ now: ContinuousClock.Instant) -> Bool {
    if brokerEnded { return client < 0 || answers.isEmpty }
    guard let clientEnded, held == nil, requests.isEmpty else { return false }
    return (waiting.isEmpty && now >= settles ?? now) || now >= max(clientEnded, lastWritten ?? clientEnded) + Self.linger
  }

  // MARK: Bytes

  func clientIsReady(_ now: ContinuousClock.Instant) {
    if readsClient, let bytes = loop.read(client) {
      if bytes.isEmpty { clientEnded = now }
      let isKafka = requestFrames.take(
        bytes, begin: { beginRequest($0, isWhole: $1, now) }, goOn: { goOnRequest($0, isEnd: $1, now) })
      if !isKafka { clientEnded = clientEnded ?? now }
    }
    guard client >= 0, loop.state.silence != .fromBroker else { return }
    if !answers.write(to: client, now, bytesPerSecond: loop.state.bytesPerSecond) { clientIsGone(now) }
  }

  func brokerIsReady(_ now: ContinuousClock.Instant) {
    if readsBroker, let bytes = loop.read(broker) {
      if bytes.isEmpty { brokerEnded = true }
      let isKafka = answerFrames.take(bytes, begin: { beginAnswer($0, isWhole: $1, now) }, goOn: { goOnAnswer($0, isEnd: $1) })
      if !isKafka { brokerEnded = true }
    }
    guard !brokerEnded, writesBroker, !requests.isEmpty else { return }
    lastWritten = now
    if !requests.write(to: broker, now, bytesPerSecond: loop.state.bytesPerSecond) { brokerEnded = true }
  }

  /// Requests that the client sent before it closed are still forwarded.
  private func clientIsGone(_ now: ContinuousClock.Instant) {
    if clientEnded == nil, loop.state.silence == .none { return resetClient(now) }
    // Earlier requests may still wait in the socket, behind the partition.
    answers.removeAll()
  }

  private func resetClient(_ now: ContinuousClock.Instant) {
    if client >= 0 { Sockets.reset(client) }
    client = -1
    clientEnded = clientEnded ?? now
    answers.removeAll()
  }

  func close(reset: Bool) {
    for socket in [client, broker] where socket >= 0 {
      if reset { Sockets.reset(socket) } else { Glibc.close(socket) }
    }
    client = -1
    broker = -1
  }

  // MARK: Requests

  private func beginRequest(_ start: ArraySlice<UInt8>, isWhole: Bool, _ now: ContinuousClock.Instant) {
    // After a cut, accept nothing more from this client.
    guard client >= 0 else {
      requestFate = .drop
      return
    }
    guard let request = KafkaRequest(start.dropFirst(4)) else {
      requestFate = .pass(due: now)
      return
    }
    let action = loop.action(for: request)
    switch action {
    case .pass: requestFate = .pass(due: now)
    case .delay(let time): requestFate = .pass(due: now + time)
    case .dropResponse:
      requestFate = .pass(due: now)
      expect(request, isDropped: true)
      return requests.append(start, due: now)
    case .duplicate, .holdAndCut:
      requestFate = .collect(request, action)
      collected = []
      return goOnRequest(start, isEnd: isWhole, now)
    }
    expect(request)
    if case .pass(let due) = requestFate { requests.append(start, due: due) }
  }

  private func goOnRequest(_ part: ArraySlice<UInt8>, isEnd: Bool, _ now: ContinuousClock.Instant) {
    switch requestFate {
    case .pass(let due): requests.append(part, due: due)
    case .drop: break
    case .collect(let request, let action):
      collected += part
      guard isEnd else { return }
      if case .holdAndCut(let until, let copies) = action {
        held = Held(request: request, number: loop.nextNumber(), frame: collected, until: until, copies: copies)
        loop.count {
          $0.held += 1
          $0.cut += 1
        }
        resetClient(now)
        requestFate = .drop
      } else {
        loop.count { $0.duplicated += 1 }
        for isCopy in [false, true] {
          expect(request, isDropped: isCopy)
          requests.append(collected[...], due: now)
        }
      }
    }
  }

  private func expect(_ request: KafkaRequest, isDropped: Bool = false, wasHeld: Bool = false) {
    waiting.append(Outstanding(request: request, number: loop.nextNumber(), isDropped: isDropped, wasHeld: wasHeld))
  }

  /// Forwards a held request.
  func release(_ now: ContinuousClock.Instant) {
    guard let held else { return }
    self.held = nil
    released = now
    for _ in 0..<held.copies {
      expect(held.request, isDropped: true, wasHeld: true)
      requests.append(held.frame[...], due: now)
    }
    loop.count { $0.released += held.copies }
  }

  /// Whether the held request was waiting for this answer.
  func waits(for answered: KafkaRequest, number: Int) -> Bool {
    guard let held, case .answered(let api) = held.until, number > held.number,
      answered.transactionalID == held.request.transactionalID
    else { return false }
    if let ended = held.ended { return number > ended && answered.api == api }
    // A producer that does not know how its transaction ended starts with InitProducerId.
    if answered.api == .endTransaction || answered.api == .initProducerID { self.held?.ended = number }
    return false
  }

  // MARK: Answers

  private func beginAnswer(_ start: ArraySlice<UInt8>, isWhole: Bool, _ now: ContinuousClock.Instant) {
    let answer = start.dropFirst(4)
    let correlationID = answer.prefix(4).reduce(Int32(0)) { ($0 &<< 8) | Int32($1) }
    answerFate = .pass(due: now + loop.state.latency)
    if let index = waiting.firstIndex(where: { $0.request.correlationID == correlationID }) {
      let asked = waiting.remove(at: index)
      if asked.isDropped { answerFate = .drop }
      if asked.wasHeld {
        settles = now + Self.settling
        loop.count { $0.answersToReleased.append(asked.request.errorCode(in: answer) ?? -1) }
      }
      loop.answered(asked.request, number: asked.number, now)
    }
    goOnAnswer(start, isEnd: isWhole)
  }

  private func goOnAnswer(_ part: ArraySlice<UInt8>, isEnd: Bool) {
    guard client >= 0, case .pass(let due) = answerFate else { return }
    answers.append(part, due: due)
  }
}
