import Contracts
import Foundation
import TestSupport

/// The system's time of each instance: the true one and what a file says, which may change while the instance runs (`FakeTime.c`).
final class FakeClocks {
  private let folder: URL
  private let library: URL

  /// - Parameter folder: where the files are.
  /// - Throws: when the library that is loaded before the services is not built beside this program.
  init(in folder: URL) throws {
    self.folder = folder
    library = try BuiltProgram.url("libFakeTime.so")
  }

  /// What an instance must be started with; its time must have been set.
  func environment(of instance: String) -> [String: String] {
    ["LD_PRELOAD": library.path, "FAKE_TIME_FILE": file(of: instance).path]
  }

  /// From now on it is `instant` there, and time goes on from it.
  func set(_ instance: String, to instant: Instant) throws {
    var offset = (instant.milliseconds - Int64(Date().timeIntervalSince1970 * 1000)) * 1_000_000
    let file = file(of: instance)
    if !FileManager.default.fileExists(atPath: file.path) { try Data(count: MemoryLayout<Int64>.size).write(to: file) }
    // In place: the instance has the file in its memory.
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.write(contentsOf: Data(bytes: &offset, count: MemoryLayout<Int64>.size))
  }

  private func file(of instance: String) -> URL { folder.appending(path: "time-\(instance)") }
}
