import Contracts
import Foundation
import ServiceKit

@testable import BusCommands
@testable import OfflineCommands
@testable import Worker

/// A configuration file and a command line: wrong ones are reported, others give settings.
///
/// The input is the file. From the first zero byte on it has arguments, each ended by a zero byte.
enum SettingsTarget {
  private static let service = Settings.command(.accrual, summary: "")
  private static let laurel = Command(
    "laurel", summary: "", subcommands: [Publish.command, Simulate.command, TermsCheck.command, Clock.command, Topics.command])
  /// All required settings, so that only the input decides.
  private static let given = ["--bootstrap", "b:1", "--terms", "t", "--state", "s"]

  static func run(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    let file = parts.first.map { Array($0) } ?? []
    let arguments = parts.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    // A file named in the input would be a file of this machine.
    guard !arguments.contains(where: { $0.hasPrefix("--c") }) else { return }
    try check(service, given + arguments, file) { _ = Settings($0, of: .accrual) }
    try check(laurel, arguments, nil) { _ in }
  }

  private static func check(
    _ command: Command, _ arguments: [String], _ file: [UInt8]?, _ use: (Invocation) -> Void
  ) throws {
    let first = try outcome(command, arguments, file)
    switch first {
    case .success(.run(let invocation)): use(invocation)
    case .success(.answer(let text)): try hold(!text.isEmpty, "an empty answer")
    case .failure(let error):
      try hold(!error.problems.isEmpty && error.problems.allSatisfy { !$0.isEmpty }, "rejected without a reason")
      if case .failure(let again) = try outcome(command, arguments, file) {
        // The path of the pipe may differ, so compare only the number.
        try hold(again.problems.count == error.problems.count, "rejected twice with different problems")
      } else {
        throw Broken("rejected once, accepted once: \(error)")
      }
    }
  }

  private static func outcome(_ command: Command, _ arguments: [String], _ file: [UInt8]?) throws -> Result<Parsed, UsageError> {
    func parse(_ arguments: [String]) -> Result<Parsed, UsageError> {
      Result { () throws(UsageError) in try command.parse(arguments, environment: [:]) }
    }
    guard let file else { return parse(arguments) }
    return try EventFileTarget.read(file) { parse(["--config", $0] + arguments) }
  }
}
