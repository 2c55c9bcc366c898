import Foundation
import Synchronization

/// One network fault per cycle of a bench, chosen by a seed: the same seed and cycle give the same fault.
public struct NetworkFaults: Sendable {
  public enum Fault: Sendable, Equatable, CustomStringConvertible {
    /// All connections are reset.
    case cut
    /// Every answer is delayed by this.
    case slow(latency: Duration, lasting: Duration)
    case silentToBroker(lasting: Duration)
    case silentFromBroker(lasting: Duration)
    /// The next commit's connection is cut. The request arrives in the middle of the same producer's next transaction, or after 5 s if
    /// there is none.
    case lateCommit
    /// The next commit or abort is sent to the broker twice.
    case repeatedEnd

    public var description: String {
      switch self {
      case .cut: "connections cut"
      case .slow(let latency, let time): "every answer \(latency) late for \(time)"
      case .silentToBroker(let time): "nothing reaches the broker for \(time)"
      case .silentFromBroker(let time): "nothing comes from the broker for \(time)"
      case .lateCommit: "a commit held, its connection cut, released later"
      case .repeatedEnd: "an EndTxn twice"
      }
    }
  }

  /// How long a fault waits for its request.
  private static let patience = Duration.seconds(5)

  private static let kinds = Array(0..<6)

  public let seed: UInt64
  private let pace: Double
  private let onlyLateCommits: Bool

  /// Every six cycles have each kind once, in a random order.
  /// - Parameters:
  ///   - pace: factor for durations of 1 to 5 s.
  ///   - onlyLateCommits: only faults that a producer must guard against itself.
  public init(seed: UInt64, pace: Double = 1, onlyLateCommits: Bool = false) {
    self.seed = seed
    self.pace = pace
    self.onlyLateCommits = onlyLateCommits
  }

  public func fault(cycle: Int) -> Fault {
    if onlyLateCommits { return .lateCommit }
    var order = SplitMix64(seed: seed &+ UInt64(cycle / Self.kinds.count) &* 0x1000)
    var numbers = SplitMix64(seed: seed &+ UInt64(cycle) &* 0x1_0000_0001)
    func time(_ seconds: ClosedRange<Double>) -> Duration {
      .milliseconds(Int(pace * 1_000 * Double.random(in: seconds, using: &numbers)))
    }
    switch Self.kinds.shuffled(using: &order)[cycle % Self.kinds.count] {
    case 0: return .cut
    case 1: return .slow(latency: .milliseconds(Int.random(in: 20...200, using: &numbers)), lasting: time(1...3))
    case 2: return .silentToBroker(lasting: time(1...5))
    case 3: return .silentFromBroker(lasting: time(1...5))
    case 4: return .lateCommit
    default: return .repeatedEnd
    }
  }

  /// Applies the fault, waits for its duration, and removes it.
  /// - Returns: a description for a log.
  public func inflict(on proxy: KafkaProxy, cycle: Int) -> String {
    let fault = fault(cycle: cycle)
    defer { proxy.heal() }
    switch fault {
    case .cut: proxy.cut()
    case .slow(let latency, let time):
      proxy.latency = latency
      pass(time)
    case .silentToBroker(let time):
      proxy.partition = .toBroker
      pass(time)
    case .silentFromBroker(let time):
      proxy.partition = .fromBroker
      pass(time)
    case .lateCommit:
      let before = proxy.counts
      once(on: proxy, .holdAndCut(until: .answered(.produce))) { $0.commits }
      guard waitUntil(Self.patience, { proxy.counts.held > before.held }) else { return "\(fault): no commit came" }
      _ = waitUntil(Self.patience) { proxy.counts.released > before.released }
      proxy.releaseHeld()
      _ = waitUntil(.seconds(1)) { proxy.counts.answersToReleased.count > before.answersToReleased.count }
      let answers = proxy.counts.answersToReleased.dropFirst(before.answersToReleased.count)
      return "\(fault): the broker answered \(answers.map(String.init).joined(separator: ", "))"
    case .repeatedEnd:
      let before = proxy.counts.duplicated
      once(on: proxy, .duplicate) { _ in true }
      guard waitUntil(Self.patience, { proxy.counts.duplicated > before }) else { return "\(fault): none came" }
    }
    return "\(fault)"
  }

  /// Applies this action to the next EndTxn that `isMeant` accepts.
  private func once(
    on proxy: KafkaProxy, _ action: KafkaProxy.Action, _ isMeant: @escaping @Sendable (KafkaRequest.TransactionEnd) -> Bool
  ) {
    let isDone = Mutex(false)
    proxy.onRequest(.endTransaction) { request in
      guard let end = request.end, isMeant(end) else { return .pass }
      return isDone.withLock { isDone in
        defer { isDone = true }
        return isDone ? .pass : action
      }
    }
  }

  private func pass(_ time: Duration) { _ = waitUntil(time) { false } }
}
