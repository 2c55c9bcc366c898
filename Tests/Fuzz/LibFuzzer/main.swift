import Foundation

/// Runs the target named by `LAUREL_FUZZ_TARGET` under libFuzzer, with libFuzzer's own arguments (`-help=1`). Only `make fuzz` builds it.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let name = ProcessInfo.processInfo.environment["LAUREL_FUZZ_TARGET"] ?? ""
private let target = FuzzTarget.named(name)
guard target != nil else {
  print("LAUREL_FUZZ_TARGET must be one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
  exit(2)
}

private var count = CommandLine.argc
private var arguments = CommandLine.unsafeArgv
exit(
  runDriver(&count, &arguments) { bytes, length in
    do {
      try target?.run(Array(UnsafeBufferPointer(start: bytes, count: length)))
    } catch {
      FileHandle.standardError.write(Data("does not hold: \(error)\n".utf8))
      // libFuzzer stores the input and prints its path.
      abort()
    }
    return 0
  })
