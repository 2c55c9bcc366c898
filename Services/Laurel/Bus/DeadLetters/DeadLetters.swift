import CommandKit
import Contracts
import Kafka
import ServiceKit
import Worker

/// `laurel dead-letters`: lists rejected records, shows them, replays them and closes them.
package enum DeadLetters {
  package static let command = Command(
    "dead-letters", summary: "List records that services rejected, show them, send them again, or close them",
    discussion: """
      A service that rejects a record writes a dead letter to its dead-letter topic, with the record, the reason and the place \
      where the record was found, and continues. The letter's ID is its place: accrual/2/17 is offset 17 of partition 2 of \
      accrual's dead letters.
      """,
    example: """
      laurel dead-letters list --bootstrap localhost:9092
      laurel dead-letters show accrual/2/17 --bootstrap localhost:9092
      laurel dead-letters replay --reason unknown-program --bootstrap localhost:9092
      laurel dead-letters close accrual/2/17 --note "sent again as payment p-18" --bootstrap localhost:9092
      """,
    subcommands: [list, show, replay, close])

  private static let idHelp = "As in 'laurel dead-letters list': SERVICE/PARTITION/OFFSET"
  private static let filters = [
    Option(
      "service", placeholder: "SERVICE", kind: .choice(ServiceName.allCases.map(\.rawValue)),
      help: "Only letters of this service"),
    Option(
      "reason", placeholder: "REASON", kind: .choice(DeadLetterReason.allCases.map(\.rawValue)),
      help: "Only letters with this reason"),
    Option("since", placeholder: "INSTANT", kind: .instant, help: "Only records rejected at this time or later"),
  ]

  private static let list = Command(
    "list", summary: "List open dead letters, one record a line",
    discussion: """
      Only reads, and joins no consumer group. A record that several services rejected is one line, with one ID per service. STATE \
      is "open", "rejected again" after a replay, or "not replayable", for which 'show' gives the reason. Replayed and closed \
      letters are left out unless --all is given. Counts go to standard error.
      """,
    example: """
      laurel dead-letters list --bootstrap localhost:9092
      laurel dead-letters list --service accrual --reason unknown-program --bootstrap localhost:9092
      laurel dead-letters list --since 2026-01-28 --limit 20 --bootstrap localhost:9092
      laurel dead-letters list --all --json --bootstrap localhost:9092 | jq .id
      """,
    options: Settings.connection + filters + [
      Option("all", help: "Include replayed and closed letters"),
      Option("limit", placeholder: "N", kind: .integer(1...1_000_000), help: "Only the N newest"),
      Option("json", help: "Print one JSON object per line, without headers and body"),
    ], run: runList)

  private static let show = Command(
    "show", summary: "Show a dead letter with its reason, its place, its headers and its body",
    discussion: """
      A body that is not text is shown in hexadecimal. If the record was too large to be kept whole, the letter has only its \
      beginning. Then the body is read from the record's own place, if it is still there.
      """,
    example: "laurel dead-letters show accrual/2/17 --bootstrap localhost:9092", options: Settings.connection,
    operands: [Operand("ID", help: idHelp)], run: runShow)

  private static let replay = Command(
    "replay", summary: "Send dead letters to the service that rejected them, once each",
    discussion: """
      Use it after the cause is fixed, such as a program that was missing in the terms. The record goes to the service's own \
      repartition topic, so that no other service sees it again. The same transaction marks the letter as replayed. So each letter \
      is replayed once, even if a command is killed or two run at the same time. Run an interrupted command again; of two at once, \
      the later takes over. The service processes the record after others that came later. If it rejects the record again, it \
      writes a new letter, which can be replayed too.
      """,
    example: """
      laurel dead-letters replay accrual/2/17 accrual/2/18 --bootstrap localhost:9092
      laurel dead-letters replay --reason unknown-program --service accrual --dry-run --bootstrap localhost:9092
      laurel dead-letters replay --all-open --bootstrap localhost:9092
      """,
    options: Settings.connection + filters + [
      Option("all-open", help: "All open letters that can be replayed"),
      Option("dry-run", help: "Only show what would be replayed"),
    ],
    operands: [Operand("ID", help: idHelp, required: false, repeatable: true)], run: { try settle($0, .replayed) })

  private static let close = Command(
    "close", summary: "Mark dead letters as done, so that 'list' leaves them out",
    discussion: """
      Use it for letters that need no replay, for example because the sender has sent the event again. The note is kept on the \
      dead-letter topic. Nothing is sent to a service, and nothing is deleted. Even if two operators close a letter at the same \
      time, it is closed once. To replay a letter that was closed by mistake, give its ID to 'replay'.
      """,
    example: """
      laurel dead-letters close accrual/2/17 --note "sent again as payment p-18" --bootstrap localhost:9092
      laurel dead-letters close --reason malformed --since 2026-01-28 --note "load test" --bootstrap localhost:9092
      """,
    options: Settings.connection + filters + [
      Option("all-open", help: "All open letters"),
      Option("dry-run", help: "Only show what would be closed"),
      Option(
        "note", placeholder: "TEXT",
        kind: .checked(expected: "text of 1 to 1000 bytes") { 1...1000 ~= $0.utf8.count }, help: "The reason",
        required: true),
    ],
    operands: [Operand("ID", help: idHelp, required: false, repeatable: true)],
    run: { try settle($0, .closed(note: $0.text("note"))) })

  // MARK: list

  private static func runList(_ invocation: Invocation) throws -> Int32 {
    let filter = LetterFilter(invocation)
    let book = try book(LetterTopics(Bus(invocation), filter.services))
    let records = book.records(of: book.letters.filter(filter.takes))
    let listed = records.filter { invocation.flag("all") || book.state(of: $0[0]).isOpen }
    let shown = listed.suffix(invocation.optionalInteger("limit") ?? listed.count)
    try ResultOutput().print(
      invocation.flag("json") ? shown.map { LetterText.json($0, book) } : LetterText.table(Array(shown), book))
    notify(LetterText.summary(records, shown: shown.count < listed.count ? shown.count : nil, book))
    return 0
  }

  private static func book(_ topics: LetterTopics) throws -> LetterBook {
    var book = LetterBook()
    try topics.read(from: try topics.bounds().starts) { book.add($0, $1) }
    book.sort()
    return book
  }

  // MARK: show

  private static func runShow(_ invocation: Invocation) throws -> Int32 {
    let id = try ids(invocation)[0]
    let topics = try LetterTopics(Bus(invocation), [id.service])
    guard id.partition < topics.partitions else { throw UnknownLetter([id], among: try book(topics), topics) }
    var book = LetterBook()
    var found: Kafka.Record?
    // The marks and the letters of failed replays come after the letter, so read on to the end.
    try topics.read(from: [topics.place(id.service, id.partition): id.offset]) { record, service in
      if record.offset == id.offset { found = record }
      book.add(record, service)
    }
    guard let record = found, let letter = book.letters.first(where: { $0.id == id }) else {
      throw UnknownLetter([id], among: try self.book(topics), topics)
    }
    var whole: Kafka.Record?
    if letter.wholeSize != nil, case .record(let place) = letter.origin { whole = try topics.record(at: place) }
    try ResultOutput().print(LetterText.page(letter, record, whole: whole, book))
    return 0
  }

  // MARK: replay, close

  private static func settle(_ invocation: Invocation, _ kind: LetterSettlementKind) throws -> Int32 {
    let choice = try choice(invocation)
    try LetterSettlement(LetterTopics(Bus(invocation), choice.services), kind).run(choice, dry: invocation.flag("dry-run"))
    return 0
  }

  private static func ids(_ invocation: Invocation) throws -> [Letter.ID] {
    var problems: [String] = []
    let ids = invocation.operands.compactMap { text -> Letter.ID? in
      if let id = Letter.ID(text) { return id }
      let service = String(text.prefix { $0 != "/" })
      let near = nearest(service, among: ServiceName.allCases.map(\.rawValue))
      let meant = near.flatMap { $0 == service ? nil : "; did you mean '\($0)\(text.dropFirst(service.count))'?" } ?? ""
      problems.append("ID must be SERVICE/PARTITION/OFFSET such as accrual/2/17, not '\(text)'\(meant)")
      return nil
    }
    guard problems.isEmpty else { throw invocation.misuse(problems) }
    return ids
  }

  private static func choice(_ invocation: Invocation) throws -> LetterChoice {
    let verb = invocation.path.last ?? ""
    let ids = try ids(invocation)
    let filter = LetterFilter(invocation)
    if ids.isEmpty {
      guard filter.reason != nil || invocation.flag("all-open") else {
        throw invocation.misuse("name the letters to \(verb): IDs, --reason REASON or --all-open")
      }
      return .matching(filter)
    }
    guard filter.reason == nil, filter.service == nil, filter.since == nil, !invocation.flag("all-open") else {
      throw invocation.misuse("--reason, --service, --since and --all-open cannot be combined with IDs")
    }
    return .these(Set(ids))
  }
}

/// The options `--service`, `--reason` and `--since`.
struct LetterFilter {
  let service: ServiceName?
  let reason: String?
  let since: Instant?

  init(_ invocation: Invocation) {
    service = invocation.optionalText("service").flatMap(ServiceName.init)
    reason = invocation.optionalText("reason")
    since = invocation.instant("since")
  }

  var services: [ServiceName] { service.map { [$0] } ?? ServiceName.allCases }

  func takes(_ letter: Letter) -> Bool {
    (service == nil || letter.id.service == service) && (reason == nil || letter.reason == reason)
      && since.map { letter.time >= $0 } ?? true
  }
}

/// The letters that an operator chose.
enum LetterChoice {
  case these(Set<Letter.ID>)
  case matching(LetterFilter)

  var services: [ServiceName] {
    switch self {
    case .these(let ids): ServiceName.allCases.filter { service in ids.contains { $0.service == service } }
    case .matching(let filter): filter.services
    }
  }
}

/// The error for IDs that no letter has. It names the nearest letter.
struct UnknownLetter: Error, CustomStringConvertible {
  let description: String

  init(_ ids: [Letter.ID], among book: LetterBook, _ topics: LetterTopics) {
    let lines = ids.sorted().map { id -> String in
      let topic = topics.bus.name(.deadLetters(id.service))
      guard id.partition < topics.partitions else {
        return "there is no letter \(id): \(topic) has the partitions 0 to \(topics.partitions - 1)"
      }
      let there = book.letters.filter { $0.id.service == id.service && $0.id.partition == id.partition }.map(\.id)
      guard let near = there.min(by: { abs($0.offset - id.offset) < abs($1.offset - id.offset) }) else {
        return "there is no letter \(id): partition \(id.partition) of \(topic) has none"
      }
      return "there is no letter \(id): the nearest is \(near); that partition has \(there.count)"
    }
    description = lines.joined(separator: "\nlaurel: ")
  }
}
