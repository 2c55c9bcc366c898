import CommandKit
import Foundation
import Kafka
import Synchronization

/// Probes the broker on a thread of its own, and reports within 3 s that it is away, also while the command is inside a call of librdkafka.
final class BrokerPresence: Sendable {
  /// Of one question.
  static let answerMilliseconds: Int32 = 1_000
  /// After so long a broker that says nothing is reported.
  static let silence = Duration.seconds(2)
  private static let pauseMicroseconds: UInt32 = 300_000
  /// How long a silent broker is given: it may be slow, or about to hand its partitions to another one.
  static let patience = Duration.seconds(10)

  private struct State {
    var isWatching = false
    var absence: NoBroker?
    var lastAnswer = ContinuousClock.now
    var addition: (@Sendable () -> String)?
  }

  private let state = Mutex(State())

  var isAway: Bool { state.withLock { $0.absence != nil } }

  /// Why a command that has an end should stop waiting. Absent while the broker answers, or may only be slow.
  var lasting: NoBroker? {
    state.withLock { state in
      guard let absence = state.absence, absence.isCertain || .now - state.lastAnswer > Self.patience else { return nil }
      return absence
    }
  }

  /// Adds a line to the report that the broker is away.
  func add(_ addition: @escaping @Sendable () -> String) { state.withLock { $0.addition = addition } }

  /// Begins, once, after a first answer.
  func watch(_ bus: Bus) {
    let isFirst = state.withLock { state in
      defer { state.isWatching = true }
      state.lastAnswer = .now
      return !state.isWatching
    }
    guard isFirst else { return }
    let thread = Thread { [self] in
      // Its properties were taken before.
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
