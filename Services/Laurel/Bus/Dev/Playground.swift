import CommandKit
import Contracts
import Crypto
import Foundation
import Kafka
import PortalAccess
import ServiceKit
import TermsFiles

/// A bus with all services on it, on this machine: what `laurel dev` and `laurel demo` run.
final class Playground {
  /// Where a virtual clock starts that nobody has moved: before all events that one would try.
  static let clockStart = "2020-01-01T00:00:00Z"

  let bus: Bus
  let fleet: Fleet
  /// Keeps the embedded bus alive; nil on a real one.
  private let cluster: MockCluster?
  private let temporaryState: String?

  /// Prepares bus, topics and clock; starts nothing.
  /// - Parameters:
  ///   - real: a bus that exists; nil: one of its own, in this process.
  ///   - state: a folder that stays; nil: one that is deleted at the end.
  ///   - pages: where the portal serves its pages; nil if no portal is wanted.
  ///   - print: takes the lines of the services' logs.
  init(
    real: Bus?, terms: String, state: String?, partitions: Int32, instances: Int, commitMilliseconds: Int, clockStart: Instant,
    logLevel: LogLevel, coloured: Bool, pages: String? = nil, print: @escaping @Sendable (String) -> Void
  ) throws {
    // The services would each say it; once is enough.
    _ = try TermsFiles.load(directory: terms)
    if let real {
      cluster = nil
      bus = real
      _ = try Topics.create(on: real, partitions: partitions)
    } else {
      let cluster = try MockCluster()
      for topic in Topic.catalogue { try cluster.createTopic(topic.name, partitions: partitions) }
      self.cluster = cluster
      bus = Bus(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties)
    }
    temporaryState =
      state == nil ? FileManager.default.temporaryDirectory.appendingPathComponent("laurel-\(UUID().uuidString)").path : nil
    let folder = state ?? temporaryState ?? "."
    fleet = Fleet(
      Fleet.Plan(
        bus: bus, terms: terms, state: folder, instances: instances, commitMilliseconds: commitMilliseconds, logLevel: logLevel,
        coloured: coloured, portal: try pages.map { (address: $0, keys: try Self.keyFile(in: folder)) }), print: print)
    // Before the services see anything: from the first tick on they follow this clock.
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    if try clock.now() == nil { try clock.move(to: clockStart) }
  }

  /// Keys that nobody else has: the portal lets people in without a token here, and seals its cookies.
  private static func keyFile(in folder: String) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/portal-keys.json"
    let signer = TokenSigner(key: try Ed25519.PrivateKey(), keyID: "dev", issuer: "dev", audience: "laurel")
    let written = FileManager.default.createFile(
      atPath: path, contents: Data(try signer.keyFile(secret: randomBytes(32))), attributes: [.posixPermissions: 0o600])
    guard written else { throw CommandFailure("\(path) cannot be written") }
    return path
  }

  var isEmbedded: Bool { cluster != nil }

  /// Stops the services, and deletes their state unless it is to stay.
  func stop() {
    fleet.stop()
    if let temporaryState { try? FileManager.default.removeItem(atPath: temporaryState) }
  }
}
