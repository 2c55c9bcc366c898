import CommandKit
import Contracts
import ServiceKit

/// What an operator gives with every decision.
struct Decision {
  let name: OperatorID
  let at: Instant
  /// Where it is not clear from what the bus holds.
  let program: ProgramID?
  /// Absent: derived from what is asked.
  let request: RequestID?
  let note: String?

  init(name: OperatorID, at: Instant, program: ProgramID? = nil, request: RequestID? = nil, note: String? = nil) {
    self.name = name
    self.at = at
    self.program = program
    self.request = request
    self.note = note
  }

  /// - Parameters:
  ///   - options: those of `request` and `note` that the command has.
  init(_ desk: Desk, _ options: Set<String>) throws {
    let invocation = desk.invocation
    self.init(
      name: try Desk.id(invocation.text("operator"), "--operator", invocation), at: desk.at,
      program: try invocation.optionalText("program").map { try Desk.id($0, "--program", invocation) },
      request: options.contains("request")
        ? try invocation.optionalText("request").map { try Desk.id($0, "--request", invocation) } : nil,
      note: options.contains("note") ? invocation.optionalText("note") : nil)
  }

  /// The same for the same command, so a repeated command has no further effect.
  func request(derivedFrom parts: [String]) -> RequestID { request ?? RequestID(derivedFrom: parts) }
}
