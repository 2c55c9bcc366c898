import CommandKit
import Contracts
import ServiceKit
import Terms
import TermsFiles
import Words

/// `laurel explain`: explains in sentences what happened to one thing, and why.
package enum Explain {
  /// What can be explained.
  enum Subject: String, CaseIterable {
    case payment, referral, company, withdrawal
  }

  package static let command = Command(
    "explain", summary: "Explain what happened to one payment, referral, company or withdrawal",
    discussion: """
      Prints what arrived, what Laurel decided and by which terms, how each figure was computed, and what happens next and when. \
      An arrow marks a decision. The lines below it give the reasons.
      """,
    example: """
      laurel explain payment p1 --terms ops/terms --events ops/demo/bonus.jsonl
      laurel explain withdrawal w1 --terms ops/terms --events ops/demo/cash.jsonl --until 2026-03-20
      """,
    subcommands: [
      subject(.payment, "What a payment earned, and what happened to the reward", "p1", "bonus.jsonl"),
      subject(.referral, "Who referred an account, or why nobody did; ID is the account's", "beta", "bonus.jsonl"),
      subject(.company, "Which monthly discounts a company got, and why", "south", "tiers.jsonl"),
      subject(.withdrawal, "What happened to a withdrawal request", "w1", "cash.jsonl"),
    ])

  private static func subject(_ subject: Subject, _ summary: String, _ id: String, _ file: String) -> Command {
    Command(
      subject.rawValue, summary: summary,
      discussion: """
        With --events, the services' stages run over the file, as in 'laurel simulate', and everything about the \
        \(subject.rawValue) is printed in order. With --bootstrap, it reads the topics from their beginning: inputs, notices and \
        dead letters.
        """,
      example: """
        laurel explain \(subject.rawValue) \(id) --terms ops/terms --events ops/demo/\(file)
        laurel explain \(subject.rawValue) \(id) --bootstrap localhost:9092
        """,
      options: Bus.optionalConnection + [
        Option(
          "terms", placeholder: "DIR",
          help: "Folder with the programs' terms (*.yaml); needed with --events, and with --bootstrap to show what comes next"),
        Option("events", placeholder: "FILE", help: "Events, one per line; - is standard input"),
        Option("program", placeholder: "PROGRAM", help: "Only in this program"),
        Option("until", placeholder: "INSTANT", kind: .instant, help: "Move the clock to this instant after the last event"),
      ],
      operands: [Operand("ID", help: "The id that the events use")], run: { try explain(subject, $0) })
  }

  private static func explain(_ subject: Subject, _ invocation: Invocation) throws -> Int32 {
    let id = invocation.operands.first ?? ""
    let (events, terms) = (invocation.optionalText("events"), invocation.optionalText("terms"))
    if events == nil, invocation.optionalText("until") != nil {
      throw invocation.misuse("--until needs --events: this command does not move the clock of a bus")
    }
    if events != nil, terms == nil { throw invocation.misuse("--terms DIR is needed with --events") }
    let programs = try terms.map { try TermsFiles.load(directory: $0) } ?? Programs([])
    let only = try program(invocation, among: programs)
    let chronicle: Chronicle
    if let events {
      chronicle = try Chronicle(events: events, programs, until: invocation.instant("until"))
    } else if let bus = Bus(of: invocation) {
      chronicle = try BusChronicle(bus).chronicle(naming: id, programs)
    } else {
      throw invocation.misuse("one of --events FILE and --bootstrap HOST:PORT is needed")
    }
    try print(stories(subject, id, chronicle, only: only))
    return 0
  }

  static func print(_ stories: [Story]) throws {
    try ResultOutput().print(stories.map(\.lines).joined(separator: [""]))
  }

  private static func program(_ invocation: Invocation, among programs: Programs) throws -> ProgramID? {
    guard let name = invocation.optionalText("program") else { return nil }
    if let id = ProgramID(name), programs[id] != nil || programs.all.isEmpty { return id }
    let near = nearest(name, among: programs.all.map(\.id.value)).map { "; did you mean '\($0)'?" } ?? ""
    throw invocation.misuse("no program '\(name)' in these terms\(near)")
  }

  // MARK: Stories

  /// - Throws: `CommandFailure` if the id is unknown.
  static func stories(_ subject: Subject, _ id: String, _ chronicle: Chronicle, only: ProgramID?) throws -> [Story] {
    let programs = chronicle.programIDs.filter { only == nil || $0 == only }
    let stories = programs.flatMap { Self.stories(subject, id, $0, chronicle) }
    guard stories.isEmpty else { return stories }
    let rejected = chronicle.unreadable(naming: id)
    guard rejected.isEmpty else {
      throw CommandFailure(
        "\(chronicle.source) names \(subject.rawValue) \(id.inQuotes) only in unreadable records: \(listed(rejected))")
    }
    let known = Set(programs.flatMap { chronicle.inputs($0) }.compactMap { Self.id(of: subject, $0) })
    let others = Subject.allCases.filter { other in
      other != subject && programs.contains { !Self.stories(other, id, $0, chronicle).isEmpty }
    }
    throw Self.unknown(subject, id, known: known, others: others, in: chronicle.source)
  }

  private static func stories(_ subject: Subject, _ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> [Story] {
    if subject == .referral { return ReferralStory.all(id, program, chronicle) }
    // Two accounts can use the same id, so there is one story for each.
    let owners = Set(chronicle.inputs(program).compactMap { Self.id(of: subject, $0) == id ? AccountID($0.key) : nil })
    return owners.sorted().compactMap { owner in
      switch subject {
      case .payment: PaymentID(id).map { PaymentStory(program: program, payment: $0, payer: owner, chronicle: chronicle).story }
      case .referral: nil
      case .company: CompanyID(id).map { CompanyStory(program: program, company: $0, owner: owner, chronicle: chronicle).story }
      case .withdrawal:
        RequestID(id).map { WithdrawalStory(program: program, request: $0, owner: owner, chronicle: chronicle).story }
      }
    }
  }

  private static func id(of subject: Subject, _ message: any Message) -> String? {
    switch subject {
    case .payment: PaymentStory.payment(of: message)?.value
    case .referral: (message as? AccountRegistered)?.account.value
    case .company: CompanyStory.company(of: message)?.value
    case .withdrawal: WithdrawalStory.request(of: message)?.value
    }
  }

  /// The error for an unknown id. It suggests known ids that may have been meant.
  private static func unknown(
    _ subject: Subject, _ id: String, known: Set<String>, others: [Subject], in place: String
  ) -> CommandFailure {
    var text = "\(place) knows no \(subject.rawValue) '\(id)'"
    if let other = others.first { text += "; '\(id)' is a \(other.rawValue): try 'laurel explain \(other.rawValue) \(id)'" }
    var left = known.sorted()
    var near: [String] = []
    while near.count < 3, let next = nearest(id, among: left) {
      near.append(next)
      left.removeAll { $0 == next }
    }
    if !near.isEmpty {
      text += "; did you mean \(listed(near.map { "'\($0)'" }, "or"))?"
    } else if known.isEmpty {
      text += others.isEmpty ? ", nor any other" : ""
    } else if others.isEmpty {
      text +=
        "; it knows " + listed(known.sorted().prefix(5).map { "'\($0)'" })
        + (known.count > 5 ? ", and \(known.count - 5) more" : "")
    }
    return CommandFailure(text)
  }
}
