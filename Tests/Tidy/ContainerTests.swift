import Foundation
import Testing

/// The image and the compose file.
@Suite struct ContainerTests {
  @Test func theImageHoldsTheExamples() throws {
    let dockerfile = try RunbookTests.text("ops/container/Dockerfile")
    for folder in ["ops/terms", "ops/demo"] { #expect(dockerfile.contains("COPY \(folder) \(folder)"), "\(folder)") }
  }

  @Test func theImageIsLabelledWithTheRelease() throws {
    let build = try RunbookTests.text("Shared/ServiceKit/Build.swift")
    let version = try #require(build.firstMatch(of: /version = "([^"]+)"/)).output.1
    #expect(try RunbookTests.text("ops/container/Dockerfile").contains("image.version=\"\(version)\""))
    #expect(try RunbookTests.text("docker-compose.yml").contains("image: laurel:\(version)\n"))
  }

  /// A port without an address is open to the network.
  @Test func everyPublishedPortIsOfThisMachine() throws {
    let compose = try RunbookTests.text("docker-compose.yml")
    let ports = compose.matches(of: /(?m)^ *ports: \[(.*)\]$/).flatMap { $0.output.1.split(separator: ",") }
    #expect(!ports.isEmpty && ports.count == compose.matches(of: /\bports:/).count)
    for port in ports { #expect(port.contains("\"127.0.0.1:"), "\(port)") }
  }
}
