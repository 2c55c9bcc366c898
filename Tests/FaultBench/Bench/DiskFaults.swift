import Contracts
import Foundation
import RocksStore
import TestSupport

/// kill -9, and at the restart the instance finds changed state.
package final class StateFolderDamage: Fault {
  /// In this order. 13 kinds and 4 services have no common factor, so every service gets every kind.
  enum Kind: CaseIterable {
    /// Each store is replaced by another partition's.
    case exchanged
    case tablesFlipped
    /// A valid and complete store from two cycles before.
    case oldBackup
    case logCut
    case currentMissing
    /// Copied file by file while the service kept writing.
    case copiedLive
    case tablesCut
    case manifestCut
    /// An older store whose position row claims the position of the lost one.
    case claimsMore
    case lost
    case logFlipped
    case emptied
    /// A log is missing: a file vanished during the copy, or an older log lost its end.
    case logMissing

    enum Outcome {
      /// The service reports a rebuild and reads the whole changelog.
      case rebuilt
      /// The service reads only the missing part.
      case caughtUp
      /// Either of the two, or the store was intact.
      case any
    }

    var outcome: Outcome {
      switch self {
      case .exchanged, .tablesFlipped, .currentMissing, .tablesCut, .manifestCut, .claimsMore, .logMissing: .rebuilt
      case .oldBackup, .logCut, .lost, .logFlipped, .emptied: .caughtUp
      case .copiedLive: .any
      }
    }
  }

  /// The number of lines that the service had logged before the fault.
  private var loggedBefore = 0

  package init() {}

  private func kind(_ cycle: Int) -> Kind { Kind.allCases[cycle % Kind.allCases.count] }
  private func backup(_ campaign: Campaign) -> URL { campaign.installation.folder.appending(path: "backup") }
  private func folder(_ campaign: Campaign, _ cycle: Int) throws -> StateFolder {
    let (service, number) = campaign.victim(cycle)
    return try StateFolder(campaign.installation, service, number)
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let installation = campaign.installation
    let folder = try folder(campaign, cycle)
    let kind = kind(cycle)
    if kind == .copiedLive { try copyLive(campaign, folder) }
    if kind == .claimsMore {
      // Stop cleanly. A committed batch that is not in the store would hide the false claim from every check except a full rebuild.
      let ending = try installation.service(service, number).stop()
      guard ending == .status(0) else { throw BrokerFailure("\(service)-\(number) did not stop cleanly: \(ending)") }
    } else {
      try installation.service(service, number).kill()
    }
    if [.tablesFlipped, .tablesCut, .logMissing].contains(kind), try folder.tables().isEmpty {
      // On opening, RocksDB writes the logs' rows into tables.
      let process = try installation.start(service, number)
      let isReady = waitUntil(.seconds(60)) { process.isReady }
      guard isReady else { throw BrokerFailure("\(process.name) is not ready") }
      try campaign.keepBusy(until: .milliseconds(500)) { false }
      process.kill()
    }
    try damage(folder, kind, campaign)
    loggedBefore = try installation.service(service, number).lines.count
    let since = ContinuousClock.now
    try installation.start(service, number)
    return Blow("the state of \(service)-\(number): \(kind)", [service], since: since)
  }

  /// Checks the service's log, and makes the backup for the cycle after the next.
  package func lift(from campaign: Campaign, cycle: Int) throws {
    let (service, number) = campaign.victim(cycle)
    let process = try campaign.installation.service(service, number)
    let isRebuilt = process.says("is rebuilt", since: loggedBefore) || process.says("will be rebuilt", since: loggedBefore)
    let rows = process.restoredRows(since: loggedBefore)
    campaign.trace("\(kind(cycle)): rebuilt \(isRebuilt), \(rows) rows")
    switch kind(cycle).outcome {
    case .rebuilt where !isRebuilt: throw BrokerFailure("\(process.name) accepted a bad store: \(kind(cycle))")
    case .caughtUp where isRebuilt: throw BrokerFailure("\(process.name) rebuilt without need: \(kind(cycle))")
    case .rebuilt, .caughtUp:
      guard rows > 0 else { throw BrokerFailure("\(process.name) restored no rows: \(kind(cycle)) did not happen") }
    case .any: break
    }
    if [.oldBackup, .claimsMore].contains(kind(cycle + 2)) {
      let (service, number) = campaign.victim(cycle + 2)
      let next = try campaign.installation.service(service, number)
      // Frozen between two instructions, as a snapshot of the disk would find it.
      next.freeze()
      defer { next.thaw() }
      try self.folder(campaign, cycle + 2).copy(to: backup(campaign))
    }
  }

  private func copyLive(_ campaign: Campaign, _ folder: StateFolder) throws {
    for _ in 0..<3 {
      try campaign.keepBusy(until: .milliseconds(100)) { false }
      try folder.copy(to: backup(campaign))
    }
    try campaign.keepBusy(until: .milliseconds(500)) { false }
  }

  private func damage(_ folder: StateFolder, _ kind: Kind, _ campaign: Campaign) throws {
    switch kind {
    case .exchanged: try folder.rotate()
    case .tablesFlipped: for table in try some(folder.tables()) { try flip(table, pieces: 50) }
    case .tablesCut: for table in try some(folder.tables()) { try cut(table) }
    case .logCut: for log in try some(folder.logs()) { try cut(log) }
    case .logFlipped: for log in try some(folder.logs()) { try flip(log, pieces: 1) }
    case .manifestCut: for manifest in try some(folder.manifests()) { try cut(manifest) }
    case .currentMissing:
      for current in try some(folder.files { $0 == "CURRENT" }) { try FileManager.default.removeItem(at: current) }
    case .lost: try FileManager.default.removeItem(at: folder.root)
    case .emptied:
      for file in try some(folder.files { _ in true }) { try FileManager.default.removeItem(at: file) }
      for file in try folder.stores().flatMap({
        try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
      }) {
        try FileManager.default.removeItem(at: file)
      }
    case .oldBackup, .copiedLive: try folder.restore(from: backup(campaign))
    case .claimsMore: try claimMore(folder, backup(campaign))
    case .logMissing:
      let dropped = try some(folder.logs()).count { try dropFirstHalf($0) }
      guard dropped > 0 else { throw BrokerFailure("no log of \(folder.root.path) holds more than one record") }
    }
  }

  private func some(_ files: [URL]) throws -> [URL] {
    guard !files.isEmpty else { throw BrokerFailure("the state has no such files") }
    return files
  }

  private func cut(_ file: URL) throws {
    let bytes = try Data(contentsOf: file)
    try bytes.prefix(bytes.count / 2).write(to: file)
  }

  /// Inverts the byte in the middle of each of `pieces`.
  private func flip(_ file: URL, pieces: Int) throws {
    var bytes = try Data(contentsOf: file)
    for piece in 0..<pieces { bytes[bytes.count * (2 * piece + 1) / (2 * pieces)] ^= 0xFF }
    try bytes.write(to: file)
  }

  /// Drops the first half of a log, as if it had been in an older log that is missing. A record has a header of seven bytes, whose fifth
  /// and sixth hold its length, followed by that many bytes: db/log_format.h of RocksDB.
  /// - Returns: whether the log has more than one record.
  private func dropFirstHalf(_ log: URL) throws -> Bool {
    // Only the first block, so that the rest can move to its beginning.
    let bytes = try Data(contentsOf: log).prefix(32_768)
    var offset = 0
    while offset < bytes.count / 2 { offset += 7 + Int(bytes[offset + 4]) + Int(bytes[offset + 5]) << 8 }
    guard offset < bytes.count else { return false }
    try bytes.dropFirst(offset).write(to: log)
    return true
  }

  /// The key of the store's changelog position.
  private static let positionKey = [UInt8(ascii: "c")]

  private func claimMore(_ folder: StateFolder, _ backup: URL) throws {
    let resources = RocksResources()
    var positions: [String: [UInt8]] = [:]
    for directory in try folder.stores() {
      let store = try RocksStore(directory: directory.path, resources: resources)
      positions[directory.lastPathComponent] = try store.value(for: Self.positionKey)
      store.close()
    }
    try folder.restore(from: backup)
    for directory in try folder.stores() {
      guard let position = positions[directory.lastPathComponent] else { continue }
      let store = try RocksStore(directory: directory.path, resources: resources)
      try store.write([.init(key: Self.positionKey, value: position)])
      store.close()
    }
  }
}

/// The state is on a small disk that fills up while the service works. Later there is room again.
package final class DiskFull: Fault {
  static let row = FaultRow(
    "disk-full", "the state's disk (a small tmpfs) fills up while the service works, then has room again", smokeCycles: 1
  ) { plan in
    let installation = try Installation(bootstrap: try KafkaBroker.forTest().bootstrap)
    let fault = DiskFull()
    // By then the services have ended, but their folder could not be removed.
    defer {
      fault.unmount()
      installation.remove()
    }
    return try plan.campaign(on: installation, under: fault)
  }

  /// Less than RocksDB would preallocate for one log or list (4 MB), so every write has to allocate room.
  private static let sizeKilobytes = 3_800
  private var mounted: [URL] = []

  package init() {}

  package func prepare(_ campaign: Campaign) throws {
    for service in ServiceName.allCases {
      for number in 1...2 {
        let folder = campaign.installation.stateFolder("\(service.rawValue)-\(number)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Tool.run("mount", ["-t", "tmpfs", "-o", "size=\(Self.sizeKilobytes)k", "laurel-faults", folder.path])
        mounted.append(folder)
      }
    }
    try campaign.startAll()
  }

  func unmount() {
    for folder in mounted {
      do { try Tool.run("umount", [folder.path]) } catch { FileHandle.standardError.write(Data("\(error)\n".utf8)) }
    }
    mounted = []
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let process = try campaign.installation.service(service, number)
    let ballast = campaign.installation.stateFolder("\(service.rawValue)-\(number)").appending(path: "ballast")
    let loggedBefore = process.lines.count
    try fill(ballast)
    try campaign.keepBusy(until: .seconds(30)) { process.says("No space left on device", since: loggedBefore) }
    guard process.says("No space left on device", since: loggedBefore) else {
      throw BrokerFailure("\(process.name) kept writing: the disk was not full")
    }
    let isReported = waitUntil(.seconds(10)) {
      process.page("/readyz").map { $0.status != 200 && $0.body.contains("No space left on device") } ?? false
    }
    guard isReported else { throw BrokerFailure("\(process.name) does not report the full disk at /readyz") }
    // The service retries, and cannot even open its stores.
    try campaign.keepBusy(until: .milliseconds(500 + campaign.random.upTo(8000))) { false }
    guard process.isRunning else { throw BrokerFailure("\(process.name) ended because the disk was full") }
    try FileManager.default.removeItem(at: ballast)
    return Blow("the disk of \(process.name) was full", [service])
  }

  private func fill(_ file: URL) throws {
    guard FileManager.default.createFile(atPath: file.path, contents: nil) else { throw BrokerFailure("no \(file.path)") }
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    for size in [65_536, 4096] {
      let piece = Data(count: size)
      // Fill the disk completely.
      while (try? handle.write(contentsOf: piece)) != nil {}
    }
  }
}

/// Writes to the state's files fail for seconds, as on a broken disk. strace answers the calls instead of the kernel.
package final class WritesFail: Fault {
  package init() {}

  package func prepare(_ campaign: Campaign) throws {
    try Tool.run("strace", ["--version"])
    try campaign.startAll()
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let process = try campaign.installation.service(service, number)
    let folder = try StateFolder(campaign.installation, service, number)
    let loggedBefore = process.lines.count
    // Either only the logs, or also the files that opening a store writes.
    let paths = try cycle.isMultiple(of: 2) ? folder.logs() : upcoming(folder)
    let record = campaign.installation.folder.appending(path: "strace")
    let calls = "write,pwrite64,fsync,fdatasync,ftruncate"
    let tracer = try Tool.start(
      "strace",
      [
        "-f", "-qq", "-p", "\(process.processID)", "-o", record.path, "-e", "trace=\(calls)", "-e", "signal=none",
        "-e", "inject=\(calls):error=EIO",
      ] + paths.flatMap { ["-P", $0.path] })
    defer { Tool.end(tracer) }
    try campaign.keepBusy(until: .seconds(30)) {
      process.says("Input/output error", since: loggedBefore) || !tracer.isRunning
    }
    guard process.says("Input/output error", since: loggedBefore) else {
      throw BrokerFailure("no write of \(process.name) failed; strace \(tracer.isRunning ? "runs" : "has ended")")
    }
    try campaign.keepBusy(until: .milliseconds(campaign.random.upTo(3000))) { false }
    Tool.end(tracer)
    let since = ContinuousClock.now
    let injected = try String(contentsOf: record, encoding: .utf8).split(separator: "\n").count { $0.contains("(INJECTED)") }
    campaign.trace("\(injected) calls have failed")
    guard injected > 0 else { throw BrokerFailure("strace injected no error") }
    guard process.isRunning else { throw BrokerFailure("\(process.name) ended because writes failed") }
    return Blow("\(injected) writes of \(process.name) failed", [service], since: since)
  }

  /// The names of existing files and of the next ones, which the stores number.
  private func upcoming(_ folder: StateFolder) throws -> [URL] {
    try folder.stores().flatMap { store in
      let names = try FileManager.default.contentsOfDirectory(atPath: store.path)
      let last = names.compactMap { Int($0.filter(\.isNumber)) }.max() ?? 0
      return (max(0, last - 10)...(last + 40)).flatMap { number in
        let digits = String(format: "%06d", number)
        return ["\(digits).log", "\(digits).sst", "MANIFEST-\(digits)", "\(digits).dbtmp"].map { store.appending(path: $0) }
      }
    }
  }
}

/// Tools from Debian packages.
private enum Tool {
  static func start(_ name: String, _ arguments: [String], errors: Pipe? = nil) throws -> Process {
    guard
      let folder = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].first(where: {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
      })
    else { throw BrokerFailure("this row needs '\(name)', which is not installed; run make setup") }
    let process = Process()
    process.executableURL = URL(filePath: "\(folder)/\(name)")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors ?? FileHandle.standardError
    try process.start()
    return process
  }

  /// - Throws: the tool's output, if it failed.
  static func run(_ name: String, _ arguments: [String]) throws {
    let errors = Pipe()
    let process = try start(name, arguments, errors: errors)
    let said = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BrokerFailure(
        "\(name) \(arguments.joined(separator: " ")) was rejected (root is needed): \(String(decoding: said, as: UTF8.self))")
    }
  }

  static func end(_ process: Process) {
    if process.isRunning { process.terminate() }
    // A tracer that waits for a sleeping thread ignores SIGTERM. When it is killed, the kernel releases the threads.
    if !waitUntil(.seconds(3), { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}
