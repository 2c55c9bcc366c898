import ContractsGenerator
import Foundation

// `make contracts` runs this in the root of the repository.
do {
  let root = URL(filePath: FileManager.default.currentDirectoryPath)
  let outputs = try Outputs(root: root)
  let stale = outputs.stale(in: root)
  try outputs.write(to: root)
  print(stale.isEmpty ? "contracts: all files are up to date" : stale.map { "contracts: \($0)" }.joined(separator: "\n"))
} catch {
  FileHandle.standardError.write(Data("contracts: \(error)\n".utf8))
  exit(1)
}
