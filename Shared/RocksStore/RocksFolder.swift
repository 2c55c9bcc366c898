import Glibc
import Streaming

/// The folder of a store in the file system.
struct RocksFolder {
  /// Created before anything of a store is deleted, and deleted last, so that the rest of an interrupted deletion is never opened.
  private static let deletionMark = "DELETING"

  /// Without links and doubled slashes. RocksDB identifies the open stores of the process by this text and would not reject a second
  /// opening under another spelling.
  let path: String

  /// The folder at `directory`. Creates it and its parents if missing.
  static func create(_ directory: String) throws(StoreError) -> RocksFolder {
    var made = directory.hasPrefix("/") ? "" : "."
    for part in directory.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw Self.rejected("create", made) }
    }
    guard let folder = try existing(directory) else { throw .unavailable("\(directory) vanished while it was opened") }
    return folder
  }

  /// The folder at `directory`, or `nil` if there is none.
  static func existing(_ directory: String) throws(StoreError) -> RocksFolder? {
    guard let resolved = realpath(directory, nil) else {
      if errno == ENOENT { return nil }
      throw Self.rejected("find", directory)
    }
    defer { free(resolved) }
    return RocksFolder(path: String(cString: resolved))
  }

  /// Finds damage that RocksDB would silently work around when it opens the store. If the file CURRENT is lost, RocksDB creates an empty
  /// store beside the old tables. If the list of tables is cut off, it uses an older list.
  func checkEmptyOrWhole() throws(StoreError) {
    let names = try names()
    if names.contains(Self.deletionMark) { throw .corrupt("an earlier deletion of \(path) was interrupted") }
    if names.isEmpty { return }
    guard names.contains("CURRENT") else { throw .corrupt("the file CURRENT is missing in \(path)") }
    let current = try contents("CURRENT")
    let manifest = String(decoding: current.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    // If CURRENT names a missing file, RocksDB reports that itself.
    guard names.contains(manifest) else { return }
    guard RocksManifest.endsWithWholeRecord(try contents(manifest)) else { throw .corrupt("\(manifest) is cut off in \(path)") }
  }

  func isEmpty() throws(StoreError) -> Bool { try names().isEmpty }

  func markDeletion() throws(StoreError) {
    let descriptor = open(path + "/" + Self.deletionMark, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.rejected("write to", path) }
    Glibc.close(descriptor)
  }

  func removeDeletionMark() throws(StoreError) {
    guard unlink(path + "/" + Self.deletionMark) == 0 else { throw Self.rejected("delete in", path) }
  }

  /// Removes the folder itself.
  /// - Throws: `unavailable` if it contains files that do not belong to a store; they are not deleted.
  func removeEmpty() throws(StoreError) {
    let names = try names()
    guard names.isEmpty else {
      throw .unavailable("\(path) contains files that are not of a store: \(names.sorted().joined(separator: ", "))")
    }
    guard rmdir(path) == 0 else { throw Self.rejected("delete", path) }
  }

  /// The folder that contains it.
  var parent: String { path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "." }

  /// The write-ahead logs, oldest first.
  func logs() throws(StoreError) -> [String] {
    // The numbers have six digits or more and no sign, so a longer one is newer.
    try names().filter { $0.hasSuffix(".log") }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }

  private func names() throws(StoreError) -> Set<String> {
    guard let listing = opendir(path) else { throw Self.rejected("list", path) }
    defer { closedir(listing) }
    var names: Set<String> = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.insert(name) }
    }
    return names
  }

  /// For the store's lists and logs; a table may be too large for memory.
  func contents(_ name: String) throws(StoreError) -> [UInt8] {
    let descriptor = open(path + "/" + name, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.rejected("read", path + "/" + name) }
    defer { Glibc.close(descriptor) }
    var contents: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &part, part.count)
      if count == 0 { return contents }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.rejected("read", path + "/" + name) }
      contents += part[..<count]
    }
  }

  private static func rejected(_ what: String, _ path: String) -> StoreError {
    .unavailable("cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }
}
