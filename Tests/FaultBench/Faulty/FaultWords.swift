import Contracts
import Foundation
import Streaming
import Synchronization
import Worker

/// Faults by their names on the command line.
enum FaultWords {
  /// nil: there is none of that name.
  static func hooks(_ text: String) -> FaultHooks? {
    var hooks = FaultHooks.none
    for word in text.split(separator: ",") {
      let parts = word.split(separator: ":").map(String.init)
      switch parts.first {
      case "none": break
      case "crash", "stop":
        guard parts.count == 3, let point = Checkpoint(rawValue: parts[1]), let passing = Int(parts[2]) else { return nil }
        hooks.reached = signal(parts[0] == "crash" ? SIGKILL : SIGSTOP, at: point, passing: passing)
      case "bug":
        guard parts.count == 2, let bug = PlantedBug(rawValue: parts[1]) else { return nil }
        bug.plant(in: &hooks)
      default: return nil
      }
    }
    return hooks
  }

  /// The process sends itself a signal that nobody can catch, when it passes the point for the `passing`th time.
  private static func signal(_ number: Int32, at point: Checkpoint, passing: Int) -> @Sendable (Checkpoint) -> Void {
    let left = Atomic(passing)
    return { reached in
      guard reached == point, left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
      kill(getpid(), number)
    }
  }
}

/// Mistakes that a worker could make, one for each thing that the bench watches.
enum PlantedBug: String, CaseIterable {
  /// Every 20th notice is not written.
  case lostNotice
  /// Every 20th notice is written twice.
  case doubledNotice
  /// Every 20th notice with a balance has another one.
  case wrongBalance
  /// Every 20th change of the state is not in the changelog.
  case lostChange
  /// No transaction asks whose partition it is.
  case noFence
  /// A producer whose request was lost with its connection goes on under its old epoch.
  case noGuard

  func plant(in hooks: inout FaultHooks) {
    let count = Atomic(0)
    /// Every 20th time.
    @Sendable func falls() -> Bool { count.add(1, ordering: .relaxed).newValue.isMultiple(of: 20) }
    switch self {
    case .noFence: hooks.fencesFormerOwners = false
    case .noGuard: hooks.endsEpochOnUnknownOutcome = false
    case .lostNotice: hooks.planted = { $0.with { outputs in outputs.filter { $0.topic.kind != .notices || !falls() } } }
    case .doubledNotice:
      hooks.planted = { $0.with { outputs in outputs.flatMap { $0.topic.kind == .notices && falls() ? [$0, $0] : [$0] } } }
    case .wrongBalance:
      hooks.planted = {
        $0.with { outputs in outputs.map { $0.topic == .rewards && falls() ? $0.withAnotherBalance : $0 } }
      }
    case .lostChange:
      hooks.planted = { batch in
        var batch = batch
        batch.changes.removeAll { $0.key.first == UInt8(ascii: "s") && falls() }
        return batch
      }
    }
  }
}

extension Batch {
  fileprivate func with(_ change: ([OutputRecord]) -> [OutputRecord]) -> Batch {
    var batch = self
    batch.outputs = change(outputs)
    return batch
  }
}

extension OutputRecord {
  /// One minor unit more is pending.
  fileprivate var withAnotherBalance: OutputRecord {
    let text = String(decoding: data, as: UTF8.self)
    guard let place = text.range(of: #""pending":"#) else { return self }
    return OutputRecord(
      topic: topic, key: key, envelope: envelope, data: Array(text.replacingCharacters(in: place, with: #""pending":1"#).utf8))
  }
}
