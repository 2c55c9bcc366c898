import CommandKit
import Contracts
import Deployment
import JSON
import Streaming
import Terms
import Words

/// Events and everything that the services report about them, in order.
struct Chronicle {
  struct Entry {
    /// Where the event was read: `line 5` of a file or `billing/0/17` on a bus. In a simulation, a notice has the line that caused
    /// it.
    let place: String
    let program: ProgramID?
    var happening: Happening
  }

  enum Happening {
    /// - Parameter again: whether it repeats an earlier event. A repeat changes nothing.
    case arrived(any Message, again: Bool)
    /// An event that a service rejected.
    case rejected(any Message, reason: String, detail: String)
    /// - Parameter text: the line of the file, or the record's value.
    case unreadable(text: String, reason: String, detail: String)
    case notice(any Notice)
  }

  private(set) var entries: [Entry] = []
  /// Empty if no terms were given.
  let programs: Programs
  /// The name of the file, or the address of the bus.
  let source: String
  /// The clock's time at the end.
  private(set) var clock = Instant(milliseconds: 0)

  /// Runs the simulation over a file.
  /// - Parameter until: the time to which the clock moves at the end.
  init(events path: String, _ programs: Programs, until: Instant?) throws {
    self.programs = programs
    let file = try EventFile(path: path)
    source = file.name
    let record = Record(only: programs.all.count == 1 ? programs.all[0].id : nil)
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids, notice: { record.notice($0) },
      rejected: { record.rejected($0) })
    while let entry = try file.next() {
      // Timers that are due before the event come before it in the story.
      if let time = entry.time { try simulation.advance(to: time) }
      if case .event(let event) = entry { record.arrives(event) }
      switch entry {
      case .event(let event):
        if event.topic.kind == .input { try simulation.take(event.record()) }
      case .unknownType: break
      case .rejected(let line, _, let reason, let detail):
        let text = String(decoding: line.bytes, as: UTF8.self)
        record.entries.append(
          Entry(place: "line \(line.number)", program: nil, happening: .unreadable(text: text, reason: reason, detail: detail)))
      }
    }
    if let until { try simulation.advance(to: until) }
    clock = simulation.clock
    entries = record.entries
  }

  /// Collects the entries while the simulation runs.
  private final class Record {
    var entries: [Entry] = []
    private let only: ProgramID?
    private let parser = JSONParser()
    private var known: Set<String> = []
    private var line = 0
    /// The index of each line's entry, so that a rejection can replace the entry.
    private var places: [Int: Int] = [:]

    init(only program: ProgramID?) { only = program }

    func arrives(_ event: FileEvent) {
      line = event.line
      guard event.topic.kind == .input else { return }
      let program = event.envelope.program ?? only
      let again = !known.insert(Chronicle.identity(of: event.message, event.envelope, program)).inserted
      places[line] = entries.count
      entries.append(Entry(place: "line \(line)", program: program, happening: .arrived(event.message, again: again)))
    }

    func rejected(_ letter: DeadLetter) {
      // A service can keep an event and reject it at a later line. The rejection is shown at the event's own line.
      let number = letter.line(or: line)
      guard let place = places[number], case .arrived(let message, _) = entries[place].happening else { return }
      entries[place].happening = .rejected(
        message, reason: letter.rejection.reason.rawValue, detail: letter.rejection.detail)
    }

    func notice(_ output: OutputRecord) {
      guard let (envelope, data) = try? output.event(),
        let type = MessageRegistry.type(named: envelope.type) as? any Notice.Type,
        let notice = try? parser.decode(type, from: data)
      else { return }
      entries.append(Entry(place: "line \(line)", program: envelope.program, happening: .notice(notice)))
    }
  }
}

extension Chronicle {
  /// - Parameter entries: the entries, in order.
  init(_ entries: [Entry], _ programs: Programs, source: String, clock: Instant) {
    (self.entries, self.programs, self.source, self.clock) = (entries, programs, source, clock)
  }

  /// Identifies an input. Its repeats have the same identity.
  static func identity(of message: any Message, _ envelope: Envelope, _ program: ProgramID?) -> String {
    let own = message.businessID ?? "\(envelope.source)\u{1f}\(envelope.id)"
    return [program?.value ?? "", envelope.type, message.key, own].joined(separator: "\u{1f}")
  }

  /// The place and reason of each unreadable line or record that names an id.
  func unreadable(naming id: String) -> [String] {
    entries.compactMap { entry in
      guard case .unreadable(let text, let reason, let detail) = entry.happening, text.contains("\"\(id)\"") else { return nil }
      return "\(entry.place) (\(reason): \(detail))"
    }
  }

  /// The programs of the terms. Without terms, the programs of the entries.
  var programIDs: [ProgramID] {
    programs.all.isEmpty ? Set(entries.compactMap(\.program)).sorted() : programs.all.map(\.id)
  }

  /// All inputs of a program, including rejected ones that could be read.
  func inputs(_ program: ProgramID) -> [any Message] {
    entries.compactMap { entry in
      guard entry.program == program else { return nil }
      switch entry.happening {
      case .arrived(let message, _), .rejected(let message, _, _): return message
      case .unreadable, .notice: return nil
      }
    }
  }

  func notices<N: Notice>(_ type: N.Type, _ program: ProgramID) -> [N] {
    entries.compactMap { entry in
      guard entry.program == program, case .notice(let notice) = entry.happening else { return nil }
      return notice as? N
    }
  }

  /// The last reported balance of an account.
  func balance(of account: AccountID, in currency: Currency, _ program: ProgramID) -> Balance? {
    for entry in entries.reversed() where entry.program == program {
      guard case .notice(let notice) = entry.happening, notice.key == account.value,
        let balance = NoticeText.balance(after: notice),
        balance.currency == currency
      else { continue }
      return balance
    }
    return nil
  }

  /// The passages about one subject, including unreadable lines that name it.
  ///
  /// - Parameter concerns: whether a message is about the subject.
  func passages(_ program: ProgramID, naming id: String, currency: Currency?, _ concerns: (any Message) -> Bool) -> [Story
    .Passage]
  {
    entries.compactMap { entry in
      guard entry.program == program || entry.program == nil else { return nil }
      switch entry.happening {
      case .arrived(let message, let again):
        guard concerns(message), let sentence = InputText.sentence(message) else { return nil }
        return Story.Passage(at: message.instant, text: sentence + (again ? " (repeated: it changes nothing)" : ""))
      case .rejected(let message, let reason, let detail):
        guard concerns(message) else { return nil }
        let what = InputText.sentence(message) ?? type(of: message).type
        return Story.Passage(
          at: message.instant, text: "rejected, in \(entry.place): \(what)", because: ["\(reason): \(detail)"])
      case .unreadable(let text, let reason, let detail):
        guard text.contains("\"\(id)\"") else { return nil }
        return Story.Passage(
          at: nil, text: "\(entry.place) names it, but cannot be read", because: ["\(reason): \(detail)"])
      case .notice(let notice):
        guard concerns(notice), let sentence = NoticeText.sentence(notice) else { return nil }
        return Story.Passage(
          at: notice.instant, isDecision: true, text: sentence,
          because: Story.because(notice, currency: NoticeText.currency(of: notice) ?? currency))
      }
    }
  }
}
