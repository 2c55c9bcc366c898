import Contracts
import Foundation
import ServiceKit
import TestSupport
import Testing
import Worker

/// The commands that a newcomer types.
@Suite(.serialized) struct ReadmeTests {
  /// Runs the lines of "Try it by hand" as written, on a new bus and after the demo's files.
  @Test(arguments: [[], ["bonus", "cash", "tiers"]])
  func theExampleWorks(after files: [String]) throws {
    let folder = try Folder()
    let typed = try Self.commands(under: "## Try it by hand")
    let publish = try #require(typed.first { $0.first == "publish" })
    let advance = try #require(typed.first { $0.first == "clock" })
    let tail = try #require(typed.first { $0.first == "tail" })

    let dev = try laurel(try #require(typed.first { $0.first == "dev" }) + ["--terms", Example.terms], folder)
    let ready = waitUntil(.seconds(60)) { dev.log.contains("All services are ready") || !dev.isRunning }
    try #require(ready, "\(dev.log)")
    let address = String(try #require(dev.log.firstMatch(of: /--bootstrap (\S+)/)?.output.1, "\(dev.log)"))
    func run(_ arguments: [String]) throws -> String {
      let process = try laurel(arguments.map { $0 == "ADDRESS" ? address : $0 }, folder)
      #expect(process.ending(within: .seconds(60)) == .status(0), "\(process.log)")
      return process.log
    }
    for file in files { _ = try run(["publish", "--in-order", "ops/demo/\(file).jsonl", "--bootstrap", address]) }

    let watching = try laurel(tail.map { $0 == "ADDRESS" ? address : $0 }, folder)
    #expect(try run(publish).contains("3 events published"))
    let accrued = waitUntil(.seconds(30)) { watching.log.contains("lumen-1") }
    #expect(accrued, "\(watching.log)")
    let before = watching.log
    #expect(try run(advance).contains("2026-05-19T09:00:00"))
    let credited = waitUntil(.seconds(30)) { watching.log.dropFirst(before.count).contains("nova") }
    #expect(credited && watching.log.dropFirst(before.count).contains("40,500.00 KZT"), "\(watching.log)")
    // Publish once more.
    #expect(try run(publish).contains("is on this bus already"))
    #expect(watching.stop() == .status(0))
    #expect(dev.stop() == .status(0), "\(dev.log)")
  }

  @Test func servicesFollowTheSystemsClockByDefault() throws {
    let command = Settings.command(.accrual, summary: "")
    func clock(_ more: [String]) throws -> Settings.ClockSetting? {
      let arguments = ["--bootstrap", "b:1", "--terms", "t", "--state", "s"] + more
      guard case .run(let invocation) = try command.parse(arguments, environment: [:]) else { return nil }
      return Settings(invocation, of: .accrual).clock
    }
    #expect(try clock([]) == .system)
    #expect(try clock(["--clock", "bus"]) == .bus)
  }

  private func laurel(_ arguments: [String], _ folder: Folder) throws -> ServiceProcess {
    // Paths relative to the checkout.
    let paths = arguments.map { $0.hasPrefix("ops/") ? Example.repository.appending(path: $0).path : $0 }
    return try ServiceProcess("laurel", name: uniqueName("laurel"), arguments: paths, folder: folder.url)
  }

  /// The arguments of each command line in a section's first block.
  private static func commands(under title: String) throws -> [[String]] {
    let readme = try String(contentsOf: Example.repository.appending(path: "README.md"), encoding: .utf8)
    let section = try #require(readme.components(separatedBy: title).dropFirst().first)
    let block = try #require(section.components(separatedBy: "```\n").dropFirst().first)
    return block.split(separator: "\n").filter { $0.hasPrefix(".build/debug/laurel ") }.map { line in
      line.prefix { $0 != "#" }.split(separator: " ").dropFirst().map(String.init)
    }
  }
}
