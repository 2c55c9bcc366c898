import Foundation
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
    do { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) } catch {
      throw .unavailable("cannot create \(directory): \(error.localizedDescription)")
    }
    guard let folder = try existing(directory) else { throw .unavailable("\(directory) vanished while it was opened") }
    return folder
  }

  /// The folder at `directory`; nil when there is none.
  static func existing(_ directory: String) throws(StoreError) -> RocksFolder? {
    guard let resolved = realpath(directory, nil) else {
      let code = errno
      if code == ENOENT { return nil }
      throw .unavailable("cannot open \(directory): \(String(cString: strerror(code)))")
    }
    defer { free(resolved) }
    return RocksFolder(path: String(cString: resolved))
  }

  /// RocksDB would make a new store beside the tables of one that has lost its CURRENT; an empty state would then be served.
  func checkEmptyOrWhole() throws(StoreError) {
    let names = try names()
    if names.contains(Self.deletionMark) { throw .corrupt("its deletion was begun and not finished: \(path)") }
    if !names.isEmpty, !names.contains("CURRENT") { throw .corrupt("the file CURRENT is missing in \(path)") }
  }

  func markDeletion() throws(StoreError) {
    guard FileManager.default.createFile(atPath: path + "/" + Self.deletionMark, contents: nil) else {
      throw .unavailable("cannot write to \(path)")
    }
  }

  func removeDeletionMark() throws(StoreError) {
    do { try FileManager.default.removeItem(atPath: path + "/" + Self.deletionMark) } catch {
      throw .unavailable("cannot delete in \(path): \(error.localizedDescription)")
    }
  }

  /// Removes the folder itself.
  /// - Throws: `unavailable` when files are in it that are none of a store's; they are left alone.
  func removeEmpty() throws(StoreError) {
    let names = try names()
    guard names.isEmpty else { throw .unavailable("\(path) holds what is not a store's: \(names.sorted().joined(separator: ", "))") }
    guard rmdir(path) == 0 else { throw .unavailable("cannot delete \(path): \(String(cString: strerror(errno)))") }
  }

  private func names() throws(StoreError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw .unavailable("cannot list \(path): \(error.localizedDescription)")
    }
  }
}
