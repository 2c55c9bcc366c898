import Contracts

/// What a partition's inputs have, one record at a time.
public protocol EventSource: AnyObject {
  /// The next event of an input, without waiting for it.
  func take(_ input: Int) -> Taken
}

/// What an input has.
public enum Taken {
  case event(Event)
  /// Its end has been reached.
  case end
  /// Nothing at the moment.
  /// - Parameter isFarBehind: though much more is known to be on the bus.
  case nothing(isFarBehind: Bool)
}

/// Puts the events of a partition's inputs in the order of their time (KIP-353), also while some of them are still to be fetched: an
/// input that is known to have more is waited for (KIP-695), so that the order in which topics are fetched changes nothing. One that has
/// nothing more holds the others up for as long as it is given patience: once, until it has something again.
///
/// An input is behind from the start until its end has been reached once, and again when it falls far behind. A partition's own order is
/// never changed: an event that is older than one before it goes right after that one. At one instant, the order of the inputs decides.
public struct EventOrder {
  private struct Input {
    var event: Event?
    /// Of `event`: its time, or that of a later one before it.
    var place = Instant(milliseconds: .min)
    var isBehind = true
    /// Since when it has had nothing; nil: it has an event.
    var emptySince: ContinuousClock.Instant?
  }

  public enum Next {
    case event(Event)
    /// An input that is behind has nothing yet, and nothing goes before it.
    case awaits(input: Int)
    /// All that there was is run.
    case none
  }

  /// Inputs that are not behind and have nothing are asked again after so many events.
  private static let sweepLength = 64

  private var inputs: [Input]
  private let patience: Duration
  private var untilSweep = 0

  /// - Parameters:
  ///   - inputs: how many there are.
  ///   - patience: how long one that is at its end is waited for.
  public init(inputs: Int, patience: Duration = .zero) {
    self.inputs = Array(repeating: Input(), count: inputs)
    self.patience = patience
  }

  /// Every input has been read to its end: until then the system's time would fire timers before the events that precede them.
  public var isCaughtUp: Bool { inputs.allSatisfy { !$0.isBehind && $0.event == nil } }

  /// The next event, taken out.
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
    if let awaited { return .awaits(input: awaited) }
    guard let first, let event = inputs[first].event else {
      guard !sweeps else { return .none }
      untilSweep = 0
      return next(from: source)
    }
    inputs[first].event = nil
    fill(first, source)
    return .event(event)
  }

  /// The next event of one input, taken out; the others are held back.
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
      case .event(let event):
        inputs[index].event = event
        inputs[index].emptySince = nil
        if let time = event.time { inputs[index].place = max(time, inputs[index].place) }
        return
      case .end: inputs[index].isBehind = false
      case .nothing(let isFarBehind):
        if isFarBehind { inputs[index].isBehind = true }
        if patience > .zero, inputs[index].emptySince == nil { inputs[index].emptySince = .now }
        return
      }
    }
  }
}
