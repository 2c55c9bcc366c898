import CommandKit
import Contracts
import Kafka
import Words
import Worker

/// Replays letters or closes them, each at most once.
///
/// 1. **Take over** the transactional id that all replays and closings of a deployment share. This aborts another command's open
///    transaction, and that command can commit nothing more.
/// 2. **Read** letters and marks up to the topics' present ends, and wait for transactions that are open before them. So all marks
///    of earlier commands are seen.
/// 3. **Write** each letter's mark, and in a replay its record, in one transaction. After a crash either both are there or neither.
///
/// A replayed record goes to the service's repartition topic, which only this service reads, like any of its inputs.
struct LetterSettlement {
  /// Limits of one transaction. If the command is killed, its open transaction hides later records from the service until the
  /// broker aborts it.
  private static let lettersMax = 100
  private static let bytesMax = 8 << 20
  private static let patience = Duration.seconds(60)

  private let topics: LetterTopics
  private let kind: LetterSettlementKind
  private let output = ResultOutput(flushesEachLine: true)

  init(_ topics: LetterTopics, _ kind: LetterSettlementKind) {
    self.topics = topics
    self.kind = kind
  }

  private var verb: String { kind == .replayed ? "replay" : "close" }
  private var done: String { kind == .replayed ? "replayed" : "closed" }

  /// - Throws: before it writes anything, if a named letter does not exist or cannot be replayed.
  func run(_ choice: LetterChoice, dry: Bool) throws {
    // A dry run must not abort another command.
    let producer = dry ? nil : try takeOver()
    let (starts, ends) = try topics.bounds()
    var book = LetterBook()
    try topics.read(from: starts, upTo: ends) { book.add($0, $1) }
    book.sort()
    let chosen = try chosen(choice, book)
    guard !chosen.isEmpty else { return notify("laurel: nothing to \(verb)") }
    guard let producer else {
      for letter in chosen { try output.line("would be \(done)  \(line(letter))") }
      return notify("laurel: \(counted(chosen.count, "letter")) would be \(done)")
    }
    try write(chosen, upTo: ends, producer)
    notify("laurel: \(counted(chosen.count, "letter")) \(done)")
  }

  // MARK: 1. Take over

  private func takeOver() throws -> TransactionalProducer {
    let written = ServiceName.allCases.flatMap { [Topic.repartitioned($0), .deadLetters($0)] }
    let producer = try TransactionalProducer(
      topics.bus.configuration, transactionalID: "\(topics.bus.prefix)laurel.dead-letters", topics: written.map(topics.bus.name))
    do {
      try retrying(upTo: Self.patience) { () throws(TransactionFailure) in
        try producer.initialise(timeoutMilliseconds: Bus.timeoutMilliseconds)
      }
    } catch let failure as TransactionFailure {
      throw CommandFailure("nothing was \(done): \(failure.error.plainWords)")
    }
    return producer
  }

  // MARK: 2. Choose

  /// The letters to settle, in order. Reports chosen letters that are left out.
  private func chosen(_ choice: LetterChoice, _ book: LetterBook) throws -> [Letter] {
    switch choice {
    case .these(let ids):
      let named = book.letters.filter { ids.contains($0.id) }
      let unknown = ids.subtracting(named.map(\.id))
      guard unknown.isEmpty else { throw UnknownLetter(Array(unknown), among: book, topics) }
      for letter in named {
        if let settled = book.settled[letter.id] {
          notify("laurel: \(letter.id) was \(book.state(of: letter).rawValue) already, on \(settled.at.readable)")
        }
      }
      // A letter that was closed by mistake can still be replayed, but only if it is named.
      let open = named.filter { letter in
        let state = book.state(of: letter)
        return state.isOpen || (state == .closed && kind == .replayed)
      }
      guard kind == .replayed else { return open }
      let obstacles = open.compactMap { letter in letter.obstacle.map { "\(letter.id) cannot be replayed: \($0)" } }
      guard obstacles.isEmpty else {
        throw CommandFailure((obstacles + ["nothing was replayed"]).joined(separator: "\nlaurel: "))
      }
      return open
    case .matching(let filter):
      let open = book.letters.filter { filter.takes($0) && book.state(of: $0).isOpen }
      guard kind == .replayed else { return open }
      let left = open.filter { $0.obstacle != nil }
      if !left.isEmpty {
        notify("laurel: \(counted(left.count, "letter")) cannot be replayed; see 'laurel dead-letters list' and 'show'")
      }
      return open.filter { $0.obstacle == nil }
    }
  }

  private func line(_ letter: Letter) -> String {
    "\(letter.id)  \(letter.reason)  \(LetterText.plain(letter.type ?? "-"))  \(LetterText.plain(letter.key ?? "-"))"
  }

  // MARK: 3. Write

  /// Reads the chosen letters again, now with their bodies, which may not fit into memory together.
  private func write(_ chosen: [Letter], upTo ends: [TopicPartition: Int64], _ producer: TransactionalProducer) throws {
    let byID = Dictionary(uniqueKeysWithValues: chosen.map { ($0.id, $0) })
    let starts = Dictionary(
      chosen.map { (topics.place($0.id.service, $0.id.partition), $0.id.offset) }, uniquingKeysWith: min)
    var batch: [(Letter, Kafka.Record)] = []
    var bytes = 0
    var done = 0
    try topics.read(from: starts, upTo: ends) { record, service in
      let id = Letter.ID(service: service, partition: record.partition, offset: record.offset)
      guard let letter = byID[id] else { return }
      batch.append((letter, record))
      bytes += record.value?.count ?? 0
      if batch.count >= Self.lettersMax || bytes >= Self.bytesMax {
        try commit(batch, after: done, producer)
        done += batch.count
        (batch, bytes) = ([], 0)
      }
    }
    try commit(batch, after: done, producer)
    guard done + batch.count == chosen.count else {
      throw CommandFailure(
        "only \(done + batch.count) of \(counted(chosen.count, "letter")) \(self.done): the others could not be read again")
    }
  }

  /// - Parameter done: the number of letters settled before this batch.
  private func commit(_ batch: [(Letter, Kafka.Record)], after done: Int, _ producer: TransactionalProducer) throws {
    guard !batch.isEmpty else { return }
    do {
      try producer.begin()
      for (letter, record) in batch { try produce(letter, record, producer) }
      try producer.flush(timeoutMilliseconds: Bus.timeoutMilliseconds)
      try retrying(upTo: Self.patience) { () throws(TransactionFailure) in
        try producer.commit(timeoutMilliseconds: Bus.timeoutMilliseconds)
      }
    } catch let failure as TransactionFailure {
      if case .abortable = failure { try? producer.abort(timeoutMilliseconds: Bus.timeoutMilliseconds) }
      throw CommandFailure(text(failure, batch.count, after: done))
    }
    for (letter, _) in batch { try output.line("\(self.done)  \(line(letter))") }
  }

  private func produce(_ letter: Letter, _ record: Kafka.Record, _ producer: TransactionalProducer) throws(TransactionFailure) {
    if kind == .replayed {
      // The key's partition. A record without a key goes to the task that rejected it, which repartitions it if necessary.
      let partition = record.key.map { Kafka.partition(forKey: $0, count: topics.partitions) } ?? record.partition
      try producer.produce(
        topic: topics.bus.name(.repartitioned(letter.id.service)), partition: partition, key: record.key, value: record.value,
        headers: record.headersForReplay(of: letter.id))
    }
    try producer.produce(
      topic: topics.bus.name(.deadLetters(letter.id.service)), partition: letter.id.partition, key: record.key, value: nil,
      headers: LetterMark(letter: letter.id, kind: kind).headers)
  }

  private func text(_ failure: TransactionFailure, _ count: Int, after done: Int) -> String {
    let before = "\(counted(done, "letter")) \(self.done) before it"
    if failure.error.meansTakenOver {
      return
        "another replay or close started and took over; \(before). Check 'laurel dead-letters list', and run it again if necessary"
    }
    if case .abortable(let error) = failure {
      return "\(counted(count, "letter")) not \(self.done): \(error.plainWords); \(before)"
    }
    return """
      the broker did not confirm \(counted(count, "letter")): \(failure.error.plainWords); \(before). Run the same command again: \
      no letter is \(self.done) twice
      """
  }
}

extension KafkaError {
  /// Another producer has taken over the transactional id: `_FENCED`, `INVALID_PRODUCER_EPOCH`, `PRODUCER_FENCED`.
  fileprivate var meansTakenOver: Bool { [-144, 47, 90].contains(code) }
}
