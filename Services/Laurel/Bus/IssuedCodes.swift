import CommandKit
import Contracts
import JSON
import Kafka

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

  private struct Wish: Hashable {
    let program: ProgramID?
    let code: String
    let account: AccountID
    let request: RequestID
  }

  init(_ bus: Bus, partitions: Int32) {
    self.bus = bus
    self.partitions = partitions
  }

  /// Before an event is sent: notes a request, or waits until the code that a registration names has been issued or declined.
  ///
  /// - Parameter flush: sends on what is still queued.
  func before(_ event: FileEvent, flush: () throws -> Void) throws {
    guard !isGivenUp else { return }
    if let request = event.message as? CodeRequested, let code = request.vanity {
      if reader == nil { reader = try readerAtEnd() }
      open.insert(Wish(program: event.envelope.program, code: code, account: request.account, request: request.request))
    } else if let registration = event.message as? AccountRegistered, let referral = registration.referral, !open.isEmpty {
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
      guard ContinuousClock.now < deadline else {
        isGivenUp = true
        tell("laurel: no code was issued within \(Self.patience): registrations are published without waiting for their codes")
        return
      }
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

  private func readerAtEnd() throws -> Consumer {
    let reader = try Consumer.reader(bus)
    // From where the topic ends now: the answers come later.
    let ends = try (0..<partitions).map { number in
      let partition = TopicPartition(topic: bus.name(.referrals), partition: number)
      return (partition, offset: try reader.watermarks(partition, timeoutMilliseconds: Bus.timeoutMilliseconds).high)
    }
    try reader.assignByHand(ends)
    return reader
  }
}
