import CommandKit
import Foundation
import Kafka
import Synchronization

/// Probes the broker on its own thread, to report a lost broker within 3 s even while the command is inside a call of librdkafka.
final class BrokerPresence: Sendable {
  /// The timeout of one probe.
  static let answerMilliseconds: Int32 = 1_000
  /// How long a broker may be silent before that is reported.
  static let silence = Duration.seconds(2)
  private static let pauseMicroseconds: UInt32 = 300_000
  /// How long to wait for a silent broker. It may be slow, or its partitions may be about to move to another broker.
  static let patience = Duration.seconds(10)

  private struct State {
    var isWatching = false
    var absence: NoBroker?
    var lastAnswer = ContinuousClock.now
    var addition: (@Sendable () -> String)?
  }

  private let state = Mutex(State())

  var isAway: Bool { state.withLock { $0.absence != nil } }

  /// Why a command should stop waiting. `nil` while the broker answers or may only be slow.
  var lasting: NoBroker? {
    state.withLock { state in
      guard let absence = state.absence, absence.isCertain || .now - state.lastAnswer > Self.patience else { return nil }
      return absence
    }
  }

  /// Adds a line to the report that the broker is away.
  func add(_ addition: @escaping @Sendable () -> String) { state.withLock { $0.addition = addition } }

  /// Starts probing. Call it after the first answer; further calls only count as an answer.
  func watch(_ bus: Bus) {
    let isFirst = state.withLock { state in
      defer { state.isWatching = true }
      state.lastAnswer = .now
      return !state.isWatching
    }
    guard isFirst else { return }
    let thread = Thread { [self] in
      // Never fails: a client with these properties exists already.
      guard let admin = try? Admin(bus.configuration) else { return }
      while true {
        usleep(Self.pauseMicroseconds)
        ask(admin, bus)
      }
    }
    thread.start()
  }

  private func ask(_ admin: Admin, _ bus: Bus) {
    do throws(KafkaError) {
      try admin.reachBroker(timeoutMilliseconds: Self.answerMilliseconds)
      bus.forgetComplaint()
      let wasAway = state.withLock { state in
        defer { state.absence = nil }
        state.lastAnswer = .now
        return state.absence != nil
      }
      if wasAway { notify("laurel: the broker answers again") }
    } catch {
      let absence = bus.absence("lost the connection to \(bus.bootstrap)", error)
      let (isNew, addition) = state.withLock { state in
        let wasAway = state.absence != nil
        if absence.isCertain || .now - state.lastAnswer > Self.silence { state.absence = absence }
        return (!wasAway && state.absence != nil, state.addition)
      }
      if isNew { notify((["laurel: \(absence)"] + (addition.map { [$0()] } ?? [])).joined(separator: "\nlaurel: ")) }
    }
  }
}
