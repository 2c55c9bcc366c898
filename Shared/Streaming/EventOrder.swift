import Contracts

/// The inputs of a partition, read one record at a time.
public protocol EventSource: AnyObject {
  /// The next event of an input, without waiting for it.
  func take(_ input: Int) -> Taken
}

/// The result of reading from an input.
public enum Taken {
  /// - Parameter at: the event's time among the events of other inputs; `nil` if it has none, or one that is not possible.
  case event(Event, at: Instant?)
  /// The end of the input has been reached.
  case end
  /// There is no record at the moment.
  case nothing(left: Left)

  /// What the bus is known to have of an input besides the records taken.
  public enum Left {
    case nothing, unknown, much
  }
}

/// Orders the events of a partition's inputs by their time (KIP-353), even while some of them are still being fetched. It waits for an
/// input that has more records (KIP-695), so that the order in which topics are fetched changes nothing. An empty input delays the
/// others for at most the given patience, and only once until it has an event again.
///
/// An input is behind from the start until its end has been reached once, and again when it falls far behind. The order within a
/// partition never changes: an event that is older than the one before it goes right after that one. Events of the same instant are
/// ordered by the order of the inputs.
public struct EventOrder {
  private struct Input {
    var event: Event?
    /// The time of `event`, or a later time of an event before it.
    var place = Instant(milliseconds: .min)
    var isBehind = true
    /// When the input became empty; `nil` if it has an event.
    var emptySince: ContinuousClock.Instant?
  }

  public enum Next {
    case event(Event)
    /// An input that is behind has no event yet, so no other event may go first.
    case awaits(input: Int)
    /// All available events have been run.
    case none
  }

  /// After this many events, empty inputs that are not behind are checked again.
  private static let sweepLength = 64

  private var inputs: [Input]
  private let patience: Duration
  private var untilSweep = 0

  /// - Parameters:
  ///   - inputs: the number of inputs.
  ///   - patience: how long to wait for an input that is at its end.
  public init(inputs: Int, patience: Duration = .zero) {
    self.inputs = Array(repeating: Input(), count: inputs)
    self.patience = patience
  }

  /// Whether every input has been read to its end. Until then, system time must not fire timers: earlier events may still arrive.
  public var isCaughtUp: Bool { inputs.allSatisfy { !$0.isBehind && $0.event == nil } }

  /// Removes and returns the next event.
  public mutating func next(from source: some EventSource) -> Next {
    var awaited: Int?
    var first: Int?
    let sweeps = untilSweep == 0
    untilSweep = sweeps ? Self.sweepLength : untilSweep - 1
    for index in inputs.indices {
      if inputs[index].event == nil, sweeps || isAwaited(index) { fill(index, source) }
      if inputs[index].event == nil {
        if awaited == nil, isAwaited(index) { awaited = index }
      } else if first.map({ inputs[index].place < inputs[$0].place }) ?? true {
        first = index
      }
    }
    if let awaited {
      // What arrives on the other inputs meanwhile may be older than what is awaited.
      untilSweep = 0
      return .awaits(input: awaited)
    }
    guard let first, let event = inputs[first].event else {
      guard !sweeps else { return .none }
      untilSweep = 0
      return next(from: source)
    }
    inputs[first].event = nil
    fill(first, source)
    return .event(event)
  }

  /// Removes and returns the next event of one input. The other inputs wait.
  public mutating func next(of input: Int, from source: some EventSource) -> Event? {
    if inputs[input].event == nil { fill(input, source) }
    defer { inputs[input].event = nil }
    return inputs[input].event
  }

  private func isAwaited(_ index: Int) -> Bool {
    if inputs[index].isBehind { return true }
    guard patience > .zero, let since = inputs[index].emptySince else { return false }
    return ContinuousClock.now - since < patience
  }

  private mutating func fill(_ index: Int, _ source: some EventSource) {
    while true {
      switch source.take(index) {
      case .event(let event, let time):
        inputs[index].event = event
        inputs[index].emptySince = nil
        if let time { inputs[index].place = max(time, inputs[index].place) }
        return
      case .end: inputs[index].isBehind = false
      case .nothing(let left):
        switch left {
        case .nothing: inputs[index].isBehind = false
        case .unknown: break
        case .much: inputs[index].isBehind = true
        }
        if patience > .zero, inputs[index].emptySince == nil { inputs[index].emptySince = .now }
        return
      }
    }
  }
}
