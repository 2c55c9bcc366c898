import Foundation
import ServiceKit
import TestSupport
import Testing

/// `laurel health` as a program, against a health server of this process.
@Suite struct HealthProbeTests {
  private func ask(_ arguments: String...) throws -> (ending: ServiceProcess.Ending, log: String) {
    let folder = try Folder()
    let process = try ServiceProcess("laurel", name: "health", arguments: ["health"] + arguments, folder: folder.url)
    return (process.ending(within: .seconds(20)), process.log)
  }

  @Test(arguments: ["127.0.0.1", "[::1]"])
  func itSaysWhetherAServiceIsReadyAndWhyNot(host: String) throws {
    let health = Health()
    let server = try HealthServer(address: "\(host):0", health: health, metrics: Metrics())
    let url = "http://\(host):\(server.port)"
    health.ready = .no("waiting for topics")
    #expect(try ask(url) == (.status(1), "laurel: not ready: waiting for topics\n"))
    // It is alive: a restart would not create the topics.
    #expect(try ask(url, "--live") == (.status(0), "ok\n"))
    health.ready = .yes
    #expect(try ask(url + "/") == (.status(0), "ok\n"))
  }

  @Test func aLoopThatHangsIsNotAlive() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(silenceSecondsMax: -1), metrics: Metrics())
    let answer = try ask("http://localhost:\(server.port)", "--live")
    #expect(
      answer.ending == .status(1) && answer.log.hasPrefix("laurel: not alive: the loop has been silent for"), "\(answer.log)")
  }

  @Test func itSaysWhyNothingAnswers() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: Metrics())
    let port = server.port
    server.stop()
    #expect(
      try ask("http://127.0.0.1:\(port)") == (.status(1), "laurel: cannot connect to 127.0.0.1:\(port): Connection refused\n"))
    #expect(try ask("http://nowhere.invalid").log.hasPrefix("laurel: cannot resolve nowhere.invalid: "))
  }

  @Test(arguments: ["localhost:8080", "https://localhost:8080", "http://", "http://localhost:8080/readyz"])
  func otherAddressesAreRejected(url: String) throws {
    let answer = try ask(url)
    #expect(answer.ending == .status(2) && answer.log.hasPrefix("laurel: '\(url)' must be http://HOST:PORT\n"), "\(answer.log)")
  }
}
