import Foundation
import ServiceKit

/// Ends the command with exit code 1 and this text on standard error.
package struct CommandFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Reports on the command's own work to standard error. Standard output is for results.
package func notify(_ text: String) { LineSink.standardError.line(text) }

/// This process's environment.
package var environment: [String: String] { ProcessInfo.processInfo.environment }
