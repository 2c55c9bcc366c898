import Foundation
import ServiceKit

/// Ends the command with exit code 1 and this text on standard error.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Says something about the command's own work, on standard error: standard output is for results.
func tell(_ text: String) { LineSink.standardError.line(text) }

/// This process's environment.
var environment: [String: String] { ProcessInfo.processInfo.environment }
