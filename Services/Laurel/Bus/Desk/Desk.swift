import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import Kafka
import ServiceKit
import Words
import Worker

/// The operator's desk. Each of its commands has these steps:
///
/// 1. **Read** everything on the bus about the accounts.
/// 2. **Show** what would be published, and ask the operator.
/// 3. **Publish** each event once. If it was published before, go straight to step 4.
/// 4. **Wait** for the notices or the dead letter that answer.
///
/// After a crash, run the same command again: it finds its event and continues with step 4.
final class Desk {
  static let unansweredExitCode: Int32 = 3

  static let options: [Option] =
    Settings.connection + [
      Option("program", placeholder: "PROGRAM", kind: identifier, help: "The program, if it is not clear which one"),
      Option("at", placeholder: "INSTANT", kind: .instant, help: "When it happened or was decided (default the bus's time)"),
      Option("yes", help: "Publish without asking"),
      Option("dry-run", help: "Only show what would be published"),
      Option("json", help: "Print one JSON object per event, with its outcome"),
      Option(
        "wait", placeholder: "SECONDS", kind: .integer(0...86_400), help: "How long to wait for the answer", defaultValue: "30"),
    ]
  /// The options of commands that publish to `decisions`.
  static let decisionOptions: [Option] =
    options + [
      Option("operator", placeholder: "NAME", kind: identifier, help: "Who decides; it appears in the notices", required: true)
    ]
  static let note = Option("note", placeholder: "TEXT", kind: text, help: "A note for your records, kept with the decision")
  static let request = Option(
    "request", placeholder: "ID", kind: identifier,
    help: "Your id of the decision (by default the same command has the same id, so running it twice has one effect)")
  static let identifier = Option.Kind.checked(expected: "1 to 128 printable ASCII characters") { RequestID($0) != nil }
  static let text = Option.Kind.checked(expected: "text of 1 to 1000 bytes") { 1...1000 ~= $0.utf8.count }

  let bus: Bus
  let invocation: Invocation
  /// When the operator decides: `--at`, or the time of the bus's clock.
  let at: Instant
  private(set) var log: AccountLog
  private let partitions: Int32
  private let reader: Consumer

  // MARK: 1. Read

  /// The bus of a command that asks before it publishes.
  /// - Throws: `UsageError` if it would have to ask and there is no terminal.
  static func bus(_ invocation: Invocation) throws -> Bus {
    Shutdown.install()
    let bus = Bus(invocation)
    guard invocation.flag("yes") || invocation.flag("dry-run") || Terminal.isTerminal(STDIN_FILENO) else {
      throw invocation.misuse(
        "there is no terminal to ask at: give --yes to publish, or --dry-run to see what would be published")
    }
    return bus
  }

  init(_ bus: Bus, _ invocation: Invocation, accounts: Set<AccountID>) throws {
    self.bus = bus
    self.invocation = invocation
    let partitions = try bus.partitions()
    self.partitions = partitions
    at = try invocation.instant("at") ?? BusClock(bus: bus, partitions: partitions).now() ?? .now
    reader = try Consumer.reader(bus)
    var log = AccountLog(of: accounts)
    let numbers = Set(accounts.map { Kafka.partition(forKey: Array($0.value.utf8), count: partitions) }).sorted()
    let places = Access.deskReads.flatMap { topic in
      numbers.map { (TopicPartition(topic: bus.name(topic), partition: $0), offset: Offset.beginning) }
    }
    try reader.readToEnd(places, on: bus) { record in
      if let topic = bus.topic(named: record.topic) { log.add(record, topic) }
    }
    self.log = log
  }

  deinit { reader.close() }

  static func id<Kind>(_ text: String, _ what: String, _ invocation: Invocation) throws -> Identifier<Kind> {
    guard let id = Identifier<Kind>(text) else {
      throw invocation.misuse("\(what) must be 1 to 128 printable ASCII characters, not '\(text)'")
    }
    return id
  }

  // MARK: The steps of every ask

  /// An ask and its progress.
  private struct Pending {
    let ask: Ask
    /// An earlier event that requested the same.
    let earlier: AccountLog.Entry?
    /// The place of its event, or `nil` if it was not published.
    var place: Letter.Place?
    var outcome: AskOutcome?
  }

  /// - Returns: the exit status: 0 if all was done, 1 if something was not, `unansweredExitCode` if an answer is still missing.
  func carryOut(_ asks: [Ask]) throws -> Int32 {
    var pending = asks.map { ask in
      let earlier = log.entries.first(where: ask.repeats)
      var standing = Pending(ask: ask, earlier: earlier, place: earlier?.place)
      if earlier == nil, let obstacle = ask.obstacle { standing.outcome = .unchanged(obstacle) }
      return standing
    }
    let fresh = pending.indices.filter { pending[$0].earlier == nil && pending[$0].outcome == nil }
    let isRehearsal = invocation.flag("dry-run")
    let start = log.entries.count
    if !isRehearsal {
      if !invocation.flag("yes"), !fresh.isEmpty { try agree(fresh.map { pending[$0].ask }) }
      try publish(fresh, &pending)
    }
    try wait(for: &pending, from: start, patience: isRehearsal ? .zero : .seconds(invocation.integer("wait")))
    try ResultOutput().print(pending.flatMap { invocation.flag("json") ? [json($0)] : lines($0) })
    if let signal = Shutdown.signalNumber { return 128 + signal }
    return status(pending)
  }

  private func status(_ pending: [Pending]) -> Int32 {
    let isAllDone = pending.allSatisfy {
      switch $0.outcome {
      case .done, nil: true
      case .declined, .rejected, .unchanged: false
      }
    }
    guard isAllDone else { return 1 }
    return pending.contains { $0.outcome == nil && $0.place != nil } ? Self.unansweredExitCode : 0
  }

  // MARK: 2. Show

  /// - Throws: `CommandFailure` if the operator does not agree.
  private func agree(_ asks: [Ask]) throws {
    for ask in asks { notify("laurel: \(ask.preview)") }
    notify("laurel: publish \(counted(asks.count, "event"))? Type y for yes:")
    guard Shutdown.waitToRead(STDIN_FILENO), ["y", "yes"].contains(readLine()?.lowercased()) else {
      throw CommandFailure("nothing was published")
    }
  }

  // MARK: 3. Publish

  private func publish(_ fresh: [Int], _ pending: inout [Pending]) throws {
    guard !fresh.isEmpty else { return }
    var place: Letter.Place?
    let producer = try ConfirmedProducer(bus, partitions: partitions) {
      place = Letter.Place(topic: $0.name, partition: $1, offset: $2)
    }
    for (done, index) in fresh.enumerated() {
      let ask = pending[index].ask
      do {
        try producer.send(
          ask.envelope, data: ask.message.jsonBytes(), topic: type(of: ask.message).topic, key: ask.message.key)
        try producer.flush()
      } catch {
        throw CommandFailure(
          "\(plainWords(error)); \(done) of \(counted(fresh.count, "event")) published. Run the same command again: nothing is published twice"
        )
      }
      pending[index].place = place
    }
  }

  // MARK: 4. Wait

  private func wait(for pending: inout [Pending], from start: Int, patience: Duration) throws {
    let end = ContinuousClock.now + patience
    while true {
      for index in pending.indices where pending[index].outcome == nil {
        guard let place = pending[index].place else { continue }
        let first = pending[index].earlier == nil ? start : 0
        pending[index].outcome = pending[index].ask.outcome(in: log, at: place, from: first)
      }
      let isWaiting = pending.contains { $0.outcome == nil && $0.place != nil }
      guard isWaiting, .now < end, !Shutdown.requested else { return }
      if case .record(let record) = try reader.next(), let topic = bus.topic(named: record.topic) { log.add(record, topic) }
    }
  }

  // MARK: The outcome

  private func lines(_ standing: Pending) -> [String] {
    let ask = standing.ask
    let retry = ask.canBeRetried ? "; to make it again, give --request ID" : ""
    let before = standing.earlier.map { " (published before, dated \($0.message.instant.readable)\(retry))" } ?? ""
    func sentence(_ entry: AccountLog.Entry) -> String { NoticeText.sentence(entry.message) ?? entry.envelope.type }
    switch standing.outcome {
    case .done(let notices):
      return ["done        \(ask.name)\(before)"] + notices.map { "            \(sentence($0))" }
    case .declined(let entry):
      let notice = entry.message as? any Notice
      let reasons = notice.map { Story.because($0, currency: NoticeText.currency(of: $0)) } ?? []
      return ["declined    \(ask.name)\(before): \(sentence(entry))"] + reasons.map { "            · \($0)" }
    case .rejected(let letter):
      let detail = LetterText.plain("\(letter.reason): \(letter.detail)")
      return ["rejected    \(ask.name)\(before): \(detail) (dead letter \(letter.id))"]
    case .unchanged(let why): return ["unchanged   \(ask.name): \(why)"]
    case nil:
      guard let place = standing.place else { return ["planned     \(ask.preview)"] }
      return [
        "unanswered  \(ask.name)\(before): no answer yet. The event is on the bus (\(place)) and nothing is lost; "
          + "run the same command again to see the answer"
      ]
    }
  }

  private func json(_ standing: Pending) -> String {
    let ask = standing.ask
    let event = standing.earlier.map(StructuredEvent.init) ?? StructuredEvent(ask.envelope, ask.message.jsonBytes())
    let members: JSONMembers = [
      "name": ask.name, "account": ask.message.key, "program": ask.program, "outcome": word(standing),
      "publishedBefore": standing.earlier != nil, "place": standing.place.map { "\($0)" }, "event": event,
    ]
    let answer: JSONMembers =
      switch standing.outcome {
      case .done(let notices): ["notices": notices.map(StructuredEvent.init)]
      case .declined(let notice): ["notices": [StructuredEvent(notice)]]
      case .rejected(let letter): ["reason": letter.reason, "detail": letter.detail, "deadLetter": "\(letter.id)"]
      case .unchanged(let why): ["detail": why]
      case nil: ["detail": standing.place == nil ? ask.preview : nil]
      }
    return (members + answer).line
  }

  private func word(_ standing: Pending) -> String {
    switch standing.outcome {
    case .done: "done"
    case .declined: "declined"
    case .rejected: "rejected"
    case .unchanged: "unchanged"
    case nil: standing.place == nil ? "planned" : "unanswered"
    }
  }
}

/// An event in structured mode, inside other JSON.
private struct StructuredEvent: JSONEncodable {
  private let bytes: [UInt8]

  init(_ envelope: Envelope, _ data: [UInt8]) { bytes = envelope.structuredText(data: data) }

  init(_ entry: AccountLog.Entry) { self.init(entry.envelope, entry.data) }

  func write(to json: inout JSONWriter) { json.raw(bytes) }
}
