import Glibc
import Streaming

/// The folder of a store, as the file system sees it.
struct RocksFolder {
  /// Made before anything of a store is deleted and deleted last: what is left of an interrupted deletion never opens.
  private static let deletionMark = "DELETING"

  /// Without links and doubled slashes: RocksDB knows by this text which stores the process has open, and a second opening under
  /// another spelling would not be refused.
  let path: String

  /// The folder at `directory`, created with its parents when missing.
  static func create(_ directory: String) throws(StoreError) -> RocksFolder {
    var made = directory.hasPrefix("/") ? "" : "."
    for part in directory.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw Self.refused("create", made) }
    }
    guard let folder = try existing(directory) else { throw .unavailable("\(directory) vanished while it was opened") }
    return folder
  }

  /// The folder at `directory`; nil when there is none.
  static func existing(_ directory: String) throws(StoreError) -> RocksFolder? {
    guard let resolved = realpath(directory, nil) else {
      if errno == ENOENT { return nil }
      throw Self.refused("find", directory)
    }
    defer { free(resolved) }
    return RocksFolder(path: String(cString: resolved))
  }

  /// Finds what RocksDB would take for something harmless, before it opens the store and makes up for it: an empty store beside the
  /// tables of one that has lost its CURRENT, an older list of tables when the newest part of the list is cut off.
  func checkEmptyOrWhole() throws(StoreError) {
    let names = try names()
    if names.contains(Self.deletionMark) { throw .corrupt("its deletion was begun and not finished: \(path)") }
    if names.isEmpty { return }
    guard names.contains("CURRENT") else { throw .corrupt("the file CURRENT is missing in \(path)") }
    let current = try contents("CURRENT")
    let manifest = String(decoding: current.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    // A CURRENT that names no file of the folder is for RocksDB to report.
    guard names.contains(manifest) else { return }
    guard RocksManifest.endsWithWholeRecord(try contents(manifest)) else { throw .corrupt("\(manifest) is cut off in \(path)") }
  }

  func markDeletion() throws(StoreError) {
    let descriptor = open(path + "/" + Self.deletionMark, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.refused("write to", path) }
    Glibc.close(descriptor)
  }

  func removeDeletionMark() throws(StoreError) {
    guard unlink(path + "/" + Self.deletionMark) == 0 else { throw Self.refused("delete in", path) }
  }

  /// Removes the folder itself.
  /// - Throws: `unavailable` when files are in it that are none of a store's; they are left alone.
  func removeEmpty() throws(StoreError) {
    let names = try names()
    guard names.isEmpty else {
      throw .unavailable("\(path) holds what is not a store's: \(names.sorted().joined(separator: ", "))")
    }
    guard rmdir(path) == 0 else { throw Self.refused("delete", path) }
  }

  /// The folder that it is in.
  var parent: String { path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "." }

  /// The write-ahead logs, oldest first.
  func logs() throws(StoreError) -> [String] {
    // Six digits or more, without a sign: longer is newer.
    try names().filter { $0.hasSuffix(".log") }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }

  private func names() throws(StoreError) -> Set<String> {
    guard let listing = opendir(path) else { throw Self.refused("list", path) }
    defer { closedir(listing) }
    var names: Set<String> = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.insert(name) }
    }
    return names
  }

  /// For the store's lists and logs; a table would not fit.
  func contents(_ name: String) throws(StoreError) -> [UInt8] {
    let descriptor = open(path + "/" + name, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.refused("read", path + "/" + name) }
    defer { Glibc.close(descriptor) }
    var contents: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &part, part.count)
      if count == 0 { return contents }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.refused("read", path + "/" + name) }
      contents += part[..<count]
    }
  }

  private static func refused(_ what: String, _ path: String) -> StoreError {
    .unavailable("cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }
}
