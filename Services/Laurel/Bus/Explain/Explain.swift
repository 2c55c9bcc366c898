import CommandKit
import Contracts
import ServiceKit
import Terms
import TermsFiles
import Words

/// `laurel explain`: why, in sentences.
package enum Explain {
  /// What there is a story of.
  enum Subject: String, CaseIterable {
    case payment, referral, company, withdrawal
  }

  package static let command = Command(
    "explain", summary: "Tell the story of one payment, referral, company or withdrawal",
    discussion: """
      What arrived, what was decided about it and by which terms, why this figure and why not another, and what happens next and when. \
      An arrow marks what Laurel decided; below it stand the reasons.
      """,
    example: """
      laurel explain payment p1 --terms ops/terms --events ops/demo/bonus.jsonl
      laurel explain withdrawal w1 --terms ops/terms --events ops/demo/cash.jsonl --until 2026-03-20
      """,
    subcommands: [
      subject(.payment, "What a payment earned, and what became of it", "p1", "bonus.jsonl"),
      subject(.referral, "How an account was brought, or why it was not; by its id", "beta", "bonus.jsonl"),
      subject(.company, "Which monthly discounts a company got, and why", "south", "tiers.jsonl"),
      subject(.withdrawal, "How a request to be paid out went", "w1", "cash.jsonl"),
    ])

  private static func subject(_ subject: Subject, _ summary: String, _ id: String, _ file: String) -> Command {
    Command(
      subject.rawValue, summary: summary,
      discussion: """
        With --events the services' stages run over the file, as in 'laurel simulate', and everything that concerns the \
        \(subject.rawValue) is printed in order. With --state, what a service's state folder holds about it now is printed; the folder is \
        only read, and can be that of a running service. With --bootstrap the same is read from the topics: inputs, notices and dead \
        letters, from their beginning.
        """,
      example: """
        laurel explain \(subject.rawValue) \(id) --terms ops/terms --events ops/demo/\(file)
        laurel explain \(subject.rawValue) \(id) --state /var/lib/laurel
        laurel explain \(subject.rawValue) \(id) --bootstrap localhost:9092
        """,
      options: Bus.optionalConnection + [
        Option(
          "terms", placeholder: "DIR",
          help: "Folder with the programs' terms (*.yaml); needed with --events, and with --bootstrap for what comes next"),
        Option("events", placeholder: "FILE", help: "Events, one a line; - is standard input"),
        Option("state", placeholder: "DIR", help: "The services' state folder"),
        Option("program", placeholder: "PROGRAM", help: "Only in this program"),
        Option("until", placeholder: "INSTANT", kind: .instant, help: "Where the clock goes after the last event"),
      ],
      operands: [Operand("ID", help: "As the events name it")])
  }

  package static func run(_ invocation: Invocation) throws -> Int32 {
    guard let subject = invocation.path.last.flatMap(Subject.init) else { return UsageError.exitCode }
    let id = invocation.operands.first ?? ""
    let stories: [Story]
    let sources = (
      invocation.optionalText("events"), invocation.optionalText("state"), Bus(of: invocation, butNot: ["events", "state"])
    )
    if invocation.optionalText("until") != nil, sources.0 == nil {
      throw misuse(invocation, "--until goes with --events: a state and a bus have no clock to move")
    }
    switch sources {
    case (let events?, nil, nil):
      guard let terms = invocation.optionalText("terms") else { throw misuse(invocation, "--terms DIR is needed with --events") }
      let programs = try TermsFiles.load(directory: terms)
      let only = try program(invocation, among: programs)
      stories = try self.stories(subject, id, Chronicle(events: events, programs, until: invocation.instant("until")), only: only)
    case (nil, nil, let bus?):
      let programs = try invocation.optionalText("terms").map { try TermsFiles.load(directory: $0) } ?? Programs([])
      let only = try program(invocation, among: programs)
      stories = try self.stories(subject, id, BusChronicle(bus).chronicle(naming: id, programs), only: only)
    case (nil, let state?, nil):
      stories = try StateStories(folder: state, program: invocation.optionalText("program")).stories(of: subject, id)
    default: throw misuse(invocation, "one of --events FILE, --state DIR and --bootstrap HOST:PORT is needed")
    }
    let output = ResultOutput()
    for (index, story) in stories.enumerated() {
      if index > 0 { try output.line("") }
      for line in story.lines { try output.line(line) }
    }
    try output.flush()
    return 0
  }

  private static func misuse(_ invocation: Invocation, _ problem: String) -> UsageError {
    UsageError(command: (["laurel"] + invocation.path).joined(separator: " "), problems: [problem])
  }

  private static func program(_ invocation: Invocation, among programs: Programs) throws -> ProgramID? {
    guard let name = invocation.optionalText("program") else { return nil }
    if let id = ProgramID(name), programs[id] != nil || programs.all.isEmpty { return id }
    let near = nearest(name, among: programs.all.map(\.id.value)).map { "; did you mean '\($0)'?" } ?? ""
    throw misuse(invocation, "no program '\(name)' in these terms\(near)")
  }

  // MARK: Stories

  /// - Throws: `CommandFailure` when nothing is known under that id.
  static func stories(_ subject: Subject, _ id: String, _ chronicle: Chronicle, only: ProgramID?) throws -> [Story] {
    let programs = chronicle.programIDs.filter { only == nil || $0 == only }
    let stories = programs.flatMap { Self.stories(subject, id, $0, chronicle) }
    guard stories.isEmpty else { return stories }
    let rejected = chronicle.unreadable(naming: id)
    guard rejected.isEmpty else {
      throw CommandFailure(
        "\(chronicle.source) knows \(subject.rawValue) \(id.inQuotes) only from what was rejected: \(listed(rejected))")
    }
    let known = Set(programs.flatMap { chronicle.inputs($0) }.compactMap { Self.id(of: subject, $0) })
    let others = Subject.allCases.filter { other in
      other != subject && programs.contains { !Self.stories(other, id, $0, chronicle).isEmpty }
    }
    throw Self.unknown(subject, id, known: known, others: others, in: chronicle.source)
  }

  private static func stories(_ subject: Subject, _ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> [Story] {
    switch subject {
    case .payment: PaymentStory.all(id, program, chronicle)
    case .referral: ReferralStory.all(id, program, chronicle)
    case .company: CompanyStory.all(id, program, chronicle)
    case .withdrawal: WithdrawalStory.all(id, program, chronicle)
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

  /// Says that an id is not known, and which ones it may have been meant for.
  static func unknown(
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
