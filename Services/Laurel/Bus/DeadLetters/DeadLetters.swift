import CommandKit
import Contracts
import Kafka
import ServiceKit
import Worker

/// `laurel dead-letters`: what the services rejected, and what operators do about it.
package enum DeadLetters {
  package static let command = Command(
    "dead-letters", summary: "List what services rejected, show it, send it again, or close it",
    discussion: """
      A service that cannot take a record puts it on its dead-letter topic, with the reason and the place where it was found, and goes \
      on. A letter is named by where it lies: accrual/2/17 is offset 17 of partition 2 of accrual's dead letters.
      """,
    example: """
      laurel dead-letters list --bootstrap localhost:9092
      laurel dead-letters show accrual/2/17 --bootstrap localhost:9092
      laurel dead-letters replay --reason unknown-program --bootstrap localhost:9092
      laurel dead-letters close accrual/2/17 --note "sent again as payment p-18" --bootstrap localhost:9092
      """,
    subcommands: [list, show, replay, close])

  private static let filters = [
    Option("service", placeholder: "SERVICE", kind: .choice(ServiceName.allCases.map(\.rawValue)), help: "Only of this service"),
    Option(
      "reason", placeholder: "REASON", kind: .choice(DeadLetterReason.allCases.map(\.rawValue)),
      help: "Only those rejected for this reason"),
    Option("since", placeholder: "INSTANT", kind: .instant, help: "Only those rejected at this time or later"),
  ]

  private static let list = Command(
    "list", summary: "List open dead letters, one record a line",
    discussion: """
      Reads only, and belongs to no consumer group. A record that several services rejected is one line with an ID for each of them. STATE is \
      open; "rejected again", which is open too: it was replayed in vain; or "not replayable", and 'show' says why. What has been replayed \
      or closed is left out unless --all is given. Counts go to standard error.
      """,
    example: """
      laurel dead-letters list --bootstrap localhost:9092
      laurel dead-letters list --service accrual --reason unknown-program --bootstrap localhost:9092
      laurel dead-letters list --since 2026-01-28 --limit 20 --bootstrap localhost:9092
      laurel dead-letters list --all --json --bootstrap localhost:9092 | jq .id
      """,
    options: Settings.connection + filters + [
      Option("all", help: "Also those that have been replayed or closed"),
      Option("limit", placeholder: "N", kind: .integer(1...1_000_000), help: "Only the N newest"),
      Option("json", help: "One JSON object a line, with everything but headers and body"),
    ])

  private static let show = Command(
    "show", summary: "Show all of a dead letter: why, from where, its headers and its body",
    discussion: """
      A body that is not text is shown in hexadecimal. Of a record that was too large to be kept whole the letter has only the beginning: \
      if the record is still where it was found, it is read there.
      """,
    example: "laurel dead-letters show accrual/2/17 --bootstrap localhost:9092", options: Settings.connection,
    operands: [Operand("ID", help: "As in 'laurel dead-letters list': SERVICE/PARTITION/OFFSET")])

  private static let replay = Command(
    "replay", summary: "Send dead letters to the service that rejected them, once each",
    discussion: """
      For when the cause has been mended, such as a program that the terms did not have. The record goes to the service's own \
      repartition topic, so that no other service sees it again, and in the same transaction the letter is marked as replayed. A letter is replayed \
      once, whatever is killed and whoever does it at the same time: a command that was interrupted can simply be run again, and of two \
      at once the later takes over. The record comes after all that the service has processed meanwhile. If it is rejected again that \
      makes a new letter, which can be replayed again.
      """,
    example: """
      laurel dead-letters replay accrual/2/17 accrual/2/18 --bootstrap localhost:9092
      laurel dead-letters replay --reason unknown-program --service accrual --dry-run --bootstrap localhost:9092
      laurel dead-letters replay --all-open --bootstrap localhost:9092
      """,
    options: Settings.connection + filters + [
      Option("all-open", help: "All that are open and can be replayed"),
      Option("dry-run", help: "Only say what would be replayed"),
    ],
    operands: [
      Operand("ID", help: "As in 'laurel dead-letters list': SERVICE/PARTITION/OFFSET", required: false, repeatable: true)
    ])

  private static let close = Command(
    "close", summary: "Mark dead letters as dealt with, so that 'list' leaves them out",
    discussion: """
      For what needs no replay, such as an event that its sender has sent again. The note is kept on the dead-letter topic, beside the letter. \
      Nothing is sent to a service, and nothing is deleted. Two operators at once close a letter once; 'replay' with its ID \
      still works on one that was closed by mistake.
      """,
    example: """
      laurel dead-letters close accrual/2/17 --note "sent again as payment p-18" --bootstrap localhost:9092
      laurel dead-letters close --reason malformed --since 2026-01-28 --note "load test" --bootstrap localhost:9092
      """,
    options: Settings.connection + filters + [
      Option("all-open", help: "All that are open"),
      Option("dry-run", help: "Only say what would be closed"),
      Option(
        "note", placeholder: "TEXT",
        kind: .checked(expected: "text of 1 to 1000 bytes") { 1...1000 ~= $0.utf8.count }, help: "Why it is closed",
        required: true),
    ],
    operands: [
      Operand("ID", help: "As in 'laurel dead-letters list': SERVICE/PARTITION/OFFSET", required: false, repeatable: true)
    ])

  package static func run(_ invocation: Invocation) throws -> Int32 {
    guard let bus = Bus(invocation) else { return UsageError.exitCode }
    switch invocation.path.last {
    case "list":
      try list(
        bus, LetterFilter(invocation), all: invocation.flag("all"), limit: invocation.optionalInteger("limit"),
        asJSON: invocation.flag("json"))
    case "show":
      let ids = try ids(invocation.operands, "show")
      for id in ids { try show(bus, id) }
    case let name:
      let choice = try choice(invocation)
      let kind = name == "close" ? LetterSettlementKind.closed(note: invocation.text("note")) : .replayed
      try LetterSettlement(LetterTopics(bus, choice.services), kind).run(choice, dry: invocation.flag("dry-run"))
    }
    return 0
  }

  // MARK: list

  private static func list(_ bus: Bus, _ filter: LetterFilter, all: Bool, limit: Int?, asJSON: Bool) throws {
    let book = try book(LetterTopics(bus, filter.services))
    let records = book.records(of: book.letters.filter(filter.takes))
    let listed = records.filter { all || book.state(of: $0[0]).isOpen }
    let shown = listed.suffix(limit ?? listed.count)
    let output = ResultOutput()
    let lines = try asJSON ? shown.map { try LetterText.json($0, book) } : LetterText.table(Array(shown), book)
    for line in lines { try output.line(line) }
    try output.flush()
    notify(LetterText.summary(records, shown: shown.count < listed.count ? shown.count : nil, book))
  }

  private static func book(_ topics: LetterTopics) throws -> LetterBook {
    var book = LetterBook()
    try topics.read(from: try topics.bounds().starts) { book.add($0, $1) }
    book.sort()
    return book
  }

  // MARK: show

  private static func show(_ bus: Bus, _ id: Letter.ID) throws {
    let topics = try LetterTopics(bus, [id.service])
    let partition = LetterTopics.Partition(service: id.service, number: id.partition)
    guard id.partition < topics.partitions else { throw UnknownLetter([id], among: try book(topics), topics) }
    var book = LetterBook()
    var found: Kafka.Record?
    // Marks, and second letters, come after it.
    try topics.read(from: [partition: id.offset]) { record, service in
      if record.offset == id.offset { found = record }
      book.add(record, service)
    }
    guard let record = found, let letter = book.letters.first(where: { $0.id == id }) else {
      throw UnknownLetter([id], among: try self.book(topics), topics)
    }
    var whole: Kafka.Record?
    if letter.wholeSize != nil, case .record(let place) = letter.origin { whole = try topics.record(at: place) }
    let output = ResultOutput()
    for line in LetterText.page(letter, record, whole: whole, book) { try output.line(line) }
    try output.flush()
  }

  // MARK: Operands

  private static func ids(_ operands: [String], _ command: String) throws -> [Letter.ID] {
    var problems: [String] = []
    let ids = operands.compactMap { text -> Letter.ID? in
      if let id = Letter.ID(text) { return id }
      let service = String(text.prefix { $0 != "/" })
      let near = nearest(service, among: ServiceName.allCases.map(\.rawValue))
      let meant = near.flatMap { $0 == service ? nil : "; did you mean '\($0)\(text.dropFirst(service.count))'?" } ?? ""
      problems.append("ID must be SERVICE/PARTITION/OFFSET such as accrual/2/17, not '\(text)'\(meant)")
      return nil
    }
    guard problems.isEmpty else { throw UsageError(command: "laurel dead-letters \(command)", problems: problems) }
    return ids
  }

  private static func choice(_ invocation: Invocation) throws -> LetterChoice {
    let verb = invocation.path.last ?? ""
    let ids = try ids(invocation.operands, verb)
    let filter = LetterFilter(invocation)
    func misuse(_ problem: String) -> UsageError { UsageError(command: "laurel dead-letters \(verb)", problems: [problem]) }
    if ids.isEmpty {
      guard filter.reason != nil || invocation.flag("all-open") else {
        throw misuse("say what to \(verb): IDs, --reason REASON or --all-open")
      }
      return .matching(filter)
    }
    guard filter.reason == nil, filter.service == nil, filter.since == nil, !invocation.flag("all-open") else {
      throw misuse("--reason, --service, --since and --all-open do not go with IDs")
    }
    return .these(Set(ids))
  }
}

/// `--service`, `--reason` and `--since`.
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

/// The letters that an operator means.
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

/// Names that no letter has, with the nearest that one has.
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
      return "there is no letter \(id): the nearest is \(near), of \(there.count) in that partition"
    }
    description = lines.joined(separator: "\nlaurel: ")
  }
}
