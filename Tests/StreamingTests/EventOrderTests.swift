import Contracts
import Streaming
import Testing

/// The order of a partition's events over its inputs, independent of the order of fetching.
@Suite struct EventOrderTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  /// An event of an input at an instant; nil for a tombstone, which has none.
  private func event(_ input: Int, _ number: Int, at milliseconds: Int64?) -> Event {
    let value = milliseconds.map { Reported(key: "a", id: nil, at: Instant(milliseconds: $0), acts: []).jsonBytes() }
    return bench.task.admit(
      InputRecord(
        topic: .requests, partition: Int32(input), offset: Int64(number), key: nil, value: value,
        headers: headers(Envelope(id: "\(input)-\(number)", source: "/test", type: Reported.type))))
  }

  private func name(_ event: Event) -> String { "\(event.record.partition)-\(event.record.offset)" }

  /// The next event's name, or what the order returns instead.
  private func next(_ order: inout EventOrder, _ source: Inputs) -> String {
    switch order.next(from: source) {
    case .event(let event): name(event)
    case .awaits(let input): "awaits \(input)"
    case .none: "none"
    }
  }

  @Test func theOrderDoesNotDependOnWhatIsFetchedWhen() throws {
    var random = SplitMix(state: 1)
    let inputs = (0..<5).map { input in
      (0..<(input == 3 ? 0 : 60)).map { number in
        event(input, number, at: Int.random(in: 0..<8, using: &random) == 0 ? nil : Int64.random(in: 0..<300, using: &random) / 3)
      }
    }
    // Ordered by the latest time of the input so far, then by the input's number, then by position.
    let expected = inputs.enumerated().flatMap { input, events in
      var latest = Instant(milliseconds: .min)
      return events.map { event in
        latest = max(latest, event.time ?? latest)
        return (latest, input, event.record.offset, name(event))
      }
    }.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map(\.3)
    #expect(expected.count == 240)
    for seed in 0..<200 {
      var random = SplitMix(state: UInt64(seed))
      let source = Inputs(inputs)
      var order = EventOrder(inputs: inputs.count)
      var names: [String] = []
      var awaited = 0
      loop: while true {
        switch order.next(from: source) {
        case .event(let event): names.append(name(event))
        case .awaits(let input):
          #expect(source.isShort(input))
          awaited += 1
          // Other inputs may be fetched before the awaited one. Its end is detected independently.
          source.fetch(Int.random(in: 0..<inputs.count, using: &random), Int.random(in: 0...9, using: &random))
        case .none: break loop
        }
      }
      #expect(names == expected, "seed \(seed)")
      #expect(awaited > 5)
      #expect(order.isCaughtUp)
    }
  }

  @Test func anInputAtItsEndHoldsNobodyUp() {
    let source = Inputs([[], (0..<200).map { event(1, $0, at: Int64($0)) }], fetched: [0, 200])
    source.endsAreKnown()
    var order = EventOrder(inputs: 2)
    #expect(!order.isCaughtUp)
    for number in 0..<200 { #expect(next(&order, source) == "1-\(number)") }
    #expect(next(&order, source) == "none")
    #expect(order.isCaughtUp)
    // From here on, events are taken in their order of arrival.
    source.add(0, event(0, 0, at: 5))
    #expect(next(&order, source) == "0-0")
    #expect(next(&order, source) == "none")
  }

  /// The others may have to wait until this is known, but then no event overtakes it.
  @Test func anInputThatIsFarBehindAgainIsAwaited() {
    let source = Inputs([[], (0..<300).map { event(1, $0, at: Int64($0)) }], fetched: [0, 300])
    source.endsAreKnown()
    var order = EventOrder(inputs: 2)
    for number in 0..<10 { #expect(next(&order, source) == "1-\(number)") }
    source.left[0] = .much
    var passed = 10
    while passed < 300, next(&order, source) == "1-\(passed)" { passed += 1 }
    #expect(passed < 100)
    for _ in 0..<3 { #expect(next(&order, source) == "awaits 0") }
    #expect(!order.isCaughtUp)
    for number in 0..<3 {
      source.add(0, event(0, number, at: 7))
      #expect(next(&order, source) == "0-\(number)")
      #expect(next(&order, source) == "awaits 0")
    }
    source.left[0] = nil
    source.endsAreKnown()
    for number in passed..<300 { #expect(next(&order, source) == "1-\(number)") }
    #expect(next(&order, source) == "none")
  }

  /// librdkafka reports no end while each fetch brings a record.
  @Test func anInputThatIsReadToItsKnownEndHoldsNobodyUp() {
    let source = Inputs([[event(0, 0, at: 9)], [event(1, 0, at: 5), event(1, 1, at: 20)]], fetched: [1, 2])
    source.left = [1: .nothing]
    var order = EventOrder(inputs: 2)
    #expect(next(&order, source) == "1-0")
    #expect(next(&order, source) == "0-0")
    #expect(next(&order, source) == "awaits 0")
    source.left[0] = .nothing
    #expect(next(&order, source) == "1-1")
    #expect(next(&order, source) == "none")
    #expect(order.isCaughtUp)
  }

  @Test func whatArrivesWhileAnotherInputIsAwaitedGoesInItsPlace() {
    let source = Inputs([[], []])
    source.left = [1: .nothing]
    var order = EventOrder(inputs: 2)
    for _ in 0..<3 { #expect(next(&order, source) == "awaits 0") }
    source.add(1, event(1, 0, at: 5))
    source.add(0, event(0, 0, at: 9))
    #expect(next(&order, source) == "1-0")
    #expect(next(&order, source) == "0-0")
  }

  @Test func anEventWithAnImpossibleTimeIsInThePlaceOfTheOneBefore() {
    let first = [event(0, 0, at: 9), event(0, 1, at: 5_000), event(0, 2, at: 11)]
    let source = Inputs([first, [event(1, 0, at: 10)]], fetched: [3, 1])
    source.endsAreKnown()
    source.latest = Instant(milliseconds: 100)
    var order = EventOrder(inputs: 2)
    for name in ["0-0", "0-1", "1-0", "0-2"] { #expect(next(&order, source) == name) }
  }

  @Test func patienceIsGivenOnceUntilThereIsSomethingAgain() async throws {
    let patience = Duration.milliseconds(300)
    let source = Inputs([[], (0..<200).map { event(1, $0, at: Int64($0)) }], fetched: [0, 200])
    source.endsAreKnown()
    var order = EventOrder(inputs: 2, patience: patience)
    let start = ContinuousClock.now
    while next(&order, source) == "awaits 0" { try await Task.sleep(for: .milliseconds(5)) }
    #expect(ContinuousClock.now - start >= patience)
    // The first one used up the waiting time. The others are not delayed any more.
    for number in 1..<100 { #expect(next(&order, source) == "1-\(number)") }
    source.add(0, event(0, 0, at: 0))
    var passed = 100
    while passed < 200, next(&order, source) == "1-\(passed)" { passed += 1 }
    // The input was fetched again, has given its events, and is awaited again.
    #expect(passed < 200)
    #expect(next(&order, source) == "awaits 0")
    // Wait at most that long, even without a call in between.
    try await Task.sleep(for: patience)
    for number in passed..<200 { #expect(next(&order, source) == "1-\(number)") }
    // The other input is at its end too. An event that arrives in time goes before all later ones.
    #expect(next(&order, source) == "awaits 1")
    source.add(0, event(0, 1, at: 1000))
    source.add(1, event(1, 200, at: 999))
    #expect(next(&order, source) == "1-200")
  }
}

/// Inputs whose events are fetched in portions. An end is reported once each time it is reached.
private final class Inputs: EventSource {
  private struct Input {
    var events: ArraySlice<Event>
    var fetched: Int
    var isEndKnown = false
  }

  /// What is reported of an input while it has nothing; `unknown` by default.
  var left: [Int: Taken.Left] = [:]
  /// The latest possible time.
  var latest = Instant(milliseconds: .max)
  private var inputs: [Input]

  init(_ events: [[Event]], fetched: [Int]? = nil) {
    inputs = events.enumerated().map { Input(events: $1[...], fetched: fetched?[$0] ?? 0) }
  }

  func isShort(_ input: Int) -> Bool { inputs[input].fetched == 0 }

  /// Makes this many more events available. Beyond the last event, the end is reported.
  func fetch(_ input: Int, _ count: Int) {
    inputs[input].fetched = min(inputs[input].fetched + count, inputs[input].events.count)
    if inputs[input].fetched == inputs[input].events.count { inputs[input].isEndKnown = true }
  }

  /// Lets every input report its end after its last event.
  func endsAreKnown() { for input in inputs.indices { inputs[input].isEndKnown = true } }

  func add(_ input: Int, _ event: Event) {
    inputs[input].events.append(event)
    inputs[input].fetched += 1
  }

  func take(_ input: Int) -> Taken {
    if inputs[input].fetched > 0, let event = inputs[input].events.popFirst() {
      inputs[input].fetched -= 1
      return .event(event, at: event.time.flatMap { $0 <= latest ? $0 : nil })
    }
    if inputs[input].isEndKnown {
      inputs[input].isEndKnown = false
      return .end
    }
    return .nothing(left: left[input] ?? .unknown)
  }
}
