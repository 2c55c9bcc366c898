import FaultBench
import Foundation
import TestSupport

/// Runs a POSIX shell script in a folder; its arguments are `$1`, `$2` … It must succeed within two minutes.
func runScript(_ script: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", script, "sh"] + arguments
  process.currentDirectoryURL = folder
  process.standardInput = FileHandle.nullDevice
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  try process.start()
  let ended = waitUntil(.seconds(300)) { !process.isRunning }
  if !ended { process.terminate() }
  process.waitUntilExit()
  guard ended, process.terminationStatus == 0 else { throw BrokerFailure("\(script): \(process.terminationStatus)") }
}
