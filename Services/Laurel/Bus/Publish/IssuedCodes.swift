import CommandKit
import Contracts
import JSON
import Kafka
import ServiceKit

/// Keeps a promise of the real world that a file can break: nobody registers with a code before the code was issued to its owner. On the
/// bus a request for a code and a registration with it take different ways, and a code is judged on arrival, never again.
final class IssuedCodes {
  /// Longest wait for one answer; then no service is at work, and nothing is waited for any more.
  private static let patience = Duration.seconds(15)

  private let bus: Bus
  private let partitions: Int32
  private let parser = JSONParser()
  private var reader: Consumer?
  /// Codes asked for in this file and not yet answered, by program.
  private var open: Set<Wish> = []
  private var isGivenUp = false
  private let asksPast: Bool

  private struct Wish: Hashable {
    let program: ProgramID?
    let code: String
    let account: AccountID
    let request: RequestID
  }

  /// - Parameter asksPast: codes of the file may have been asked for, and answered, before: by an earlier publish of it.
  init(_ bus: Bus, partitions: Int32, asksPast: Bool) {
    self.bus = bus
    self.partitions = partitions
    self.asksPast = asksPast
  }

  /// Notes a request that an earlier publish has sent.
  func wasSent(_ event: FileEvent) throws {
    guard let request = event.message as? CodeRequested, let code = request.vanity else { return }
    if reader == nil { reader = try answers() }
    open.insert(Wish(program: event.envelope.program, code: code, account: request.account, request: request.request))
  }

  /// Before an event is sent: notes a request, or waits until the code that a registration names has been issued or declined.
  ///
  /// - Parameter flush: sends on what is still queued.
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
    // From where the topic ends now, unless the answers may have come already.
    let starts = try (0..<partitions).map { number in
      let partition = TopicPartition(topic: bus.name(.referrals), partition: number)
      let bounds = try reader.watermarks(partition, timeoutMilliseconds: Bus.timeoutMilliseconds)
      return (partition, offset: asksPast ? bounds.low : bounds.high)
    }
    try reader.assignByHand(starts)
    return reader
  }
}
