import CommandKit
import Contracts
import JSON
import Kafka
import ServiceKit

/// Delays a registration until its code has been issued. In the real world nobody can register with a code earlier, but a file can.
/// On the bus, a request for a code and a registration with it take different paths, and a code is judged only once, on arrival.
final class IssuedCodes {
  /// The longest wait for one answer. If none comes, attribution is probably not running, and later registrations do not wait
  /// either.
  private static let patience = Duration.seconds(15)

  private let bus: Bus
  private let partitions: Int32
  private let parser = JSONParser()
  private var reader: Consumer?
  /// Codes that this file has requested and that are not answered yet.
  private var open: Set<Wish> = []
  private var isGivenUp = false
  private let asksPast: Bool

  private struct Wish: Hashable {
    let program: ProgramID?
    let code: String
    let account: AccountID
    let request: RequestID
  }

  /// - Parameter asksPast: whether an earlier publish of the file may have requested its codes, so that answers may already exist.
  init(_ bus: Bus, partitions: Int32, asksPast: Bool) {
    self.bus = bus
    self.partitions = partitions
    self.asksPast = asksPast
  }

  /// Notes a request for a code. Called directly for requests that an earlier publish has sent.
  func wasSent(_ event: FileEvent) throws {
    guard let request = event.message as? CodeRequested, let code = request.vanity else { return }
    if reader == nil { reader = try answers() }
    open.insert(Wish(program: event.envelope.program, code: code, account: request.account, request: request.request))
  }

  /// Call before an event is sent. Notes a request for a code. Before a registration, waits until the code that it names has been
  /// issued or declined.
  ///
  /// - Parameter flush: sends what is still queued.
  func before(_ event: FileEvent, flush: () throws -> Void) throws {
    guard !isGivenUp else { return }
    try wasSent(event)
    if let registration = event.message as? AccountRegistered, let referral = registration.referral, !open.isEmpty {
      try flush()
      let program = event.envelope.program
      try wait { wish in
        wish.program == program && (referral.code == wish.code || referral.landingURL?.contains(wish.code) ?? false)
      }
    }
  }

  private func wait(_ concerns: (Wish) -> Bool) throws {
    guard let reader else { return }
    let deadline = ContinuousClock.now + Self.patience
    while open.contains(where: concerns) {
      guard !Shutdown.requested else { throw BusWatch.Interrupted() }
      guard ContinuousClock.now < deadline else {
        isGivenUp = true
        notify("laurel: no new referral codes (attribution is not running, or far behind); continuing without waiting for them")
        return
      }
      try bus.requireBroker()
      guard case .record(let record) = reader.poll(timeoutMilliseconds: 100) else { continue }
      guard let message = try? BusMessage(record, topic: .referrals, parser: parser) else { continue }
      switch message.message(parser) {
      case let issued as CodeIssued:
        open = open.filter { $0.code != issued.code.value || $0.account != issued.account }
      case let declined as CodeDeclined:
        open = open.filter { $0.request != declined.request || $0.account != declined.account }
      default: break
      }
    }
  }

  private func answers() throws -> Consumer {
    let reader = try Consumer.reader(bus)
    // Start at the end of the topic, unless the answers may already be there.
    let starts = try (0..<partitions).map { number in
      let partition = TopicPartition(topic: bus.name(.referrals), partition: number)
      let bounds = try reader.watermarks(partition, timeoutMilliseconds: Bus.timeoutMilliseconds)
      return (partition, offset: asksPast ? bounds.low : bounds.high)
    }
    try reader.assignByHand(starts)
    return reader
  }
}
