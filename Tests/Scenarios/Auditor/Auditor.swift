import Foundation

/// A second implementation of the three programs, written from the rule book alone: one world in memory, one event after another, plain
/// dictionaries. Its notices must equal those of the stages. It shares no rule, no arithmetic and no reader of terms with them.
final class Auditor {
  private(set) var said: [String] = []
  private var programs: [String: AuditedProgram] = [:]
  private var envelopes: Set<String> = []
  private var registrations: Set<String> = []
  private var businessKeys: Set<String> = []
  private var clock: Int64 = 0

  private init(_ all: [AuditedTerms]) {
    for terms in all {
      let program = AuditedProgram(terms) { [weak self] type, data in self?.say(terms.program, type, data) }
      program.settle = { [weak self] in self.map { $0.advance(to: $0.clock) } }
      programs[terms.program] = program
    }
  }

  /// The expected notices for these events in their order of arrival.
  static func notices(_ lines: [String], terms: [AuditedTerms], until: Int64? = nil) throws -> [String] {
    let auditor = Auditor(terms)
    for line in lines { try auditor.take(line) }
    if let until { auditor.advance(to: until) }
    return auditor.said
  }

  private func take(_ line: String) throws {
    guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
      let versioned = row["type"] as? String,
      let fields = row["data"] as? [String: Any], let program = programs[row["program"] as? String ?? ""],
      let kind = EventKind.all[String(versioned.dropLast(3))]
    else { return }
    let type = String(versioned.dropLast(3))
    let data = Facts(fields: fields)
    guard AuditedProgram.isWellFormed(type, data), let instant = data.instant(kind.instant) else { return }
    if let time = (row["time"] as? String).flatMap(AuditedTime.read) { advance(to: time) }
    guard isNew(type, kind, data, program: program, source: "\(row["source"] ?? "")", id: "\(row["id"] ?? "")") else { return }
    program.take(type, data, at: instant)
    advance(to: clock)
  }

  /// The first delivery of a business key counts, or of an envelope if the type has no key. Later ones never count (R3).
  private func isNew(
    _ type: String, _ kind: EventKind, _ data: Facts, program: AuditedProgram, source: String, id: String
  ) -> Bool {
    let account = data.text("account") ?? data.text("referrer") ?? data.text("code") ?? ""
    let body = data.body(of: kind.fields)
    if type == "account.registered" {
      // What is a dead letter was not taken, so it is judged anew when it comes again.
      if program.conflicts(account, data) { return false }
      // A second registration is different only if its body differs, whatever its envelope (R4).
      return registrations.insert("\(program.terms.program) \(account) \(body)").inserted
    }
    guard let own = kind.id.flatMap({ data.text($0) }) else {
      return envelopes.insert("\(program.terms.program) \(type) \(account) \(source) \(id)").inserted
    }
    return businessKeys.insert("\(program.terms.program) \(type) \(account) \(own)").inserted
  }

  /// Fires everything due up to and including this instant, in the order of time.
  private func advance(to instant: Int64) {
    clock = max(clock, instant)
    while true {
      let next = programs.values.compactMap { program in program.nextDue.map { (program, $0) } }.min { $0.1 < $1.1 }
      guard let (program, due) = next, due <= clock else { break }
      for program in programs.values { program.clock = due }
      program.fire()
    }
    for program in programs.values { program.clock = clock }
  }

  private func say(_ program: String, _ type: String, _ data: [String: Any]) {
    let row: [String: Any] = ["specversion": "1.0", "type": type + ".v1", "program": program, "data": data]
    let bytes = try? JSONSerialization.data(withJSONObject: row, options: [.sortedKeys])
    said.append(bytes.map { String(decoding: $0, as: UTF8.self) } ?? "?")
  }
}
