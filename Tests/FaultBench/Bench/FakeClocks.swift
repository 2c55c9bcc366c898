import Contracts
import Foundation
import TestSupport

/// The system time of each instance: the true time plus an offset from a file, which may change while the instance runs (`FakeTime.c`).
final class FakeClocks {
  private let folder: URL
  private let library: URL

  /// - Parameter folder: the folder of the files.
  /// - Throws: if the library to preload is not built beside this program.
  init(in folder: URL) throws {
    self.folder = folder
    library = try BuiltProgram.url("libFakeTime.so")
  }

  /// The environment for starting an instance. Its time must be set before.
  func environment(of instance: String) -> [String: String] {
    ["LD_PRELOAD": library.path, "FAKE_TIME_FILE": file(of: instance).path]
  }

  /// Sets the instance's time to `instant`. Time continues from there.
  func set(_ instance: String, to instant: Instant) throws {
    var offset = (instant.milliseconds - Int64(Date().timeIntervalSince1970 * 1000)) * 1_000_000
    let file = file(of: instance)
    if !FileManager.default.fileExists(atPath: file.path) { try Data(count: MemoryLayout<Int64>.size).write(to: file) }
    // In place, because the instance has mapped the file.
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.write(contentsOf: Data(bytes: &offset, count: MemoryLayout<Int64>.size))
  }

  private func file(of instance: String) -> URL { folder.appending(path: "time-\(instance)") }
}
