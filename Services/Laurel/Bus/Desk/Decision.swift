import CommandKit
import Contracts
import ServiceKit

/// The options that all decisions have in common.
struct Decision {
  let name: OperatorID
  let at: Instant
  /// Needed only if the bus does not show which program is meant.
  let program: ProgramID?
  /// `nil` to derive it from the content of the request.
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
  ///   - options: which of the options `request` and `note` the command has.
  init(_ desk: Desk, _ options: Set<String>) throws {
    let invocation = desk.invocation
    self.init(
      name: try Desk.id(invocation.text("operator"), "--operator", invocation), at: desk.at,
      program: try invocation.optionalText("program").map { try Desk.id($0, "--program", invocation) },
      request: options.contains("request")
        ? try invocation.optionalText("request").map { try Desk.id($0, "--request", invocation) } : nil,
      note: options.contains("note") ? invocation.optionalText("note") : nil)
  }

  /// The same id for the same command, so a repeated command has no further effect.
  func request(derivedFrom parts: [String]) -> RequestID { request ?? RequestID(derivedFrom: parts) }
}
