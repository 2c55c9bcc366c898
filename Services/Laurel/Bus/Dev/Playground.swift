import CommandKit
import Contracts
import Crypto
import Foundation
import Kafka
import PortalAccess
import ServiceKit
import TermsFiles

/// A bus and all services on this machine, for `laurel dev` and `laurel demo`.
final class Playground {
  /// The start of a new virtual clock. It is earlier than any event that people are likely to try.
  static let clockStart = "2020-01-01T00:00:00Z"

  let bus: Bus
  let fleet: Fleet
  /// Keeps the embedded bus alive. `nil` on a real bus.
  private let cluster: MockCluster?
  private let temporaryState: String?

  /// Prepares the bus, its topics and the clock. Starts no service.
  /// - Parameters:
  ///   - real: an existing bus, or `nil` to embed one in this process.
  ///   - state: a folder to keep, or `nil` for a temporary one that `stop` deletes.
  ///   - pages: the address of the portal's pages, or `nil` to run no portal.
  ///   - print: called with each line of the services' logs.
  init(
    real: Bus?, terms: String, state: String?, partitions: Int32, instances: Int, commitMilliseconds: Int, clockStart: Instant,
    logLevel: LogLevel, coloured: Bool, pages: String? = nil, print: @escaping @Sendable (String) -> Void
  ) throws {
    // Report a mistake in the terms once, instead of once per service.
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
    // Before the services start: they follow this clock from its first tick on.
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    if try clock.now() == nil { try clock.move(to: clockStart) }
  }

  /// Writes a file of new keys. The portal needs them to seal its cookies, although here it lets people in without a token.
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

  /// Stops the services and deletes their state if it is temporary.
  func stop() {
    fleet.stop()
    if let temporaryState { try? FileManager.default.removeItem(atPath: temporaryState) }
  }
}
