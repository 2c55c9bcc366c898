import ContractsGenerator
import Foundation

// Run by `make contracts` in the repository's root.
do {
  let root = URL(filePath: FileManager.default.currentDirectoryPath)
  let outputs = try Outputs(root: root)
  let stale = outputs.stale(in: root)
  try outputs.write(to: root)
  print(stale.isEmpty ? "contracts: everything is as described" : stale.map { "contracts: \($0)" }.joined(separator: "\n"))
} catch {
  FileHandle.standardError.write(Data("contracts: \(error)\n".utf8))
  exit(1)
}
