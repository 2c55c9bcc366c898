import Contracts
import Foundation
import TestSupport

/// The stores that one instance is using, on disk.
struct StateFolder {
  let root: URL
  /// One folder for every partition that the instance has owned at any time.
  private let service: URL
  /// Those that it owns, or owned when it ended. Damage to others would show only when it gets them again.
  private let owned: Set<String>

  init(_ installation: Installation, _ service: ServiceName, _ number: Int) throws {
    root = installation.stateFolder("\(service.rawValue)-\(number)")
    self.service = root.appending(path: installation.prefix + service.rawValue, directoryHint: .isDirectory)
    // Each of its threads tells of its own partitions; nobody is given one before its owner has given it back.
    owned = try installation.service(service, number).lines.reduce(into: []) { owned, line in
      let told = Set((line["partitions"] as? String ?? "").split(separator: ",").map(String.init))
      switch line["message"] as? String {
      case "started": owned = []
      case "partitions assigned": owned.formUnion(told)
      case "partitions revoked", "partitions lost: the open batch is dropped": owned.subtract(told)
      default: break
      }
    }
  }

  func stores() throws -> [URL] {
    guard FileManager.default.fileExists(atPath: service.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: service, includingPropertiesForKeys: nil)
      .filter { owned.contains($0.lastPathComponent) }.sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Files of all stores that are not empty.
  func files(_ isWanted: (String) -> Bool) throws -> [URL] {
    try stores().flatMap { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: [.fileSizeKey]) }
      .filter { try isWanted($0.lastPathComponent) && ($0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) > 0 }
      .sorted { $0.path < $1.path }
  }

  func tables() throws -> [URL] { try files { $0.hasSuffix(".sst") } }
  /// The write-ahead logs, which RocksDB calls by number; its diary is called LOG.
  func logs() throws -> [URL] { try files { $0.hasSuffix(".log") } }
  func manifests() throws -> [URL] { try files { $0.hasPrefix("MANIFEST-") } }

  /// What `cp -r` makes of it: of files that vanish meanwhile nothing, of those that grow a part.
  func copy(to place: URL) throws {
    try? FileManager.default.removeItem(at: place)
    let manager = FileManager.default
    try manager.createDirectory(at: place, withIntermediateDirectories: true)
    for store in try stores() {
      let folder = place.appending(path: store.lastPathComponent, directoryHint: .isDirectory)
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in try manager.contentsOfDirectory(atPath: store.path) where name != "LOCK" {
        guard let bytes = try? Data(contentsOf: store.appending(path: name)) else { continue }
        try bytes.write(to: folder.appending(path: name))
      }
    }
  }

  /// Puts a copy in the place of the stores.
  func restore(from copy: URL) throws {
    try? FileManager.default.removeItem(at: service)
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: copy, to: service)
  }

  /// Each store in the place of the next.
  func rotate() throws {
    let stores = try stores()
    guard stores.count > 1 else { throw BrokerFailure("\(service.path) has fewer than two stores to exchange") }
    let aside = service.appending(path: "aside")
    try FileManager.default.moveItem(at: stores[0], to: aside)
    for (index, store) in stores.enumerated().dropFirst() { try FileManager.default.moveItem(at: store, to: stores[index - 1]) }
    try FileManager.default.moveItem(at: aside, to: stores[stores.count - 1])
  }
}

extension ServiceProcess {
  /// How many of its JSON log lines, from the `start`th on, say this.
  func says(_ text: String, since start: Int) -> Bool {
    lines.dropFirst(start).contains { ($0["message"] as? String)?.contains(text) ?? false }
  }

  /// Rows that it has taken from the changelog.
  func restoredRows(since start: Int) -> Int {
    lines.dropFirst(start).filter { $0["message"] as? String == "state restored" }.compactMap { $0["rows"] as? Int }.reduce(0, +)
  }
}
