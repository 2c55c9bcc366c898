import Contracts
import Foundation
import TestSupport

/// The stores on disk of one instance.
struct StateFolder {
  let root: URL
  /// One folder for every partition that the instance has ever owned.
  private let service: URL
  /// The stores that it owns, or owned when it ended. Damage to others would have an effect only after it gets them again.
  private let owned: Set<String>

  init(_ installation: Installation, _ service: ServiceName, _ number: Int) throws {
    root = installation.stateFolder("\(service.rawValue)-\(number)")
    self.service = root.appending(path: installation.prefix + service.rawValue, directoryHint: .isDirectory)
    // Each thread logs its own partitions. A partition is assigned only after its owner has released it.
    owned = try installation.service(service, number).lines.reduce(into: []) { owned, line in
      let reported = Set((line["partitions"] as? String ?? "").split(separator: ",").map(String.init))
      switch line["message"] as? String {
      case "started": owned = []
      case "partitions assigned": owned.formUnion(reported)
      case "partitions revoked", "partitions lost: the open batch is dropped": owned.subtract(reported)
      default: break
      }
    }
  }

  func stores() throws -> [URL] {
    guard FileManager.default.fileExists(atPath: service.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: service, includingPropertiesForKeys: nil)
      .filter { owned.contains($0.lastPathComponent) }.sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Non-empty files of all stores.
  func files(_ isWanted: (String) -> Bool) throws -> [URL] {
    try stores().flatMap { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: [.fileSizeKey]) }
      .filter { try isWanted($0.lastPathComponent) && ($0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) > 0 }
      .sorted { $0.path < $1.path }
  }

  func tables() throws -> [URL] { try files { $0.hasSuffix(".sst") } }
  /// The write-ahead logs, whose names are numbers. RocksDB's text log is called LOG.
  func logs() throws -> [URL] { try files { $0.hasSuffix(".log") } }
  func manifests() throws -> [URL] { try files { $0.hasPrefix("MANIFEST-") } }

  /// Copies like `cp -r`: skips files that vanish, and copies a part of files that grow.
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

  /// Replaces the stores with a copy.
  func restore(from copy: URL) throws {
    try? FileManager.default.removeItem(at: service)
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: copy, to: service)
  }

  /// Moves each store to the place of the next.
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
  /// Whether a JSON log line from line `start` on contains this.
  func says(_ text: String, since start: Int) -> Bool {
    lines.dropFirst(start).contains { ($0["message"] as? String)?.contains(text) ?? false }
  }

  /// Rows restored from the changelog.
  func restoredRows(since start: Int) -> Int {
    lines.dropFirst(start).filter { $0["message"] as? String == "state restored" }.compactMap { $0["rows"] as? Int }.reduce(0, +)
  }
}
