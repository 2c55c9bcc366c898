import CommandKit
import Contracts
import JSON
import Words

/// The result of `laurel verify`.
package struct VerifyReport: Encodable, Sendable {
  package struct Partition: Encodable, Sendable {
    package let partition: Int32
    package let rows: Int
    package let notices: Int
    /// The hash of the rows. `nil` if the partition moved all the time.
    package let hash: String?
  }

  package struct Service: Encodable, Sendable {
    package let service: String
    /// The hash of all partitions' hashes. `nil` if a partition has none.
    package let hash: String?
    package let partitions: [Partition]
  }

  package struct Folder: Encodable, Sendable {
    package enum State: String, Encodable, Sendable {
      case equal
      /// The folder has not followed all records yet, and is otherwise equal.
      case behind
      case differs
      /// A worker would rebuild the folder, so its rows do not matter.
      case discarded
    }

    package let path: String
    package let state: State
    package let detail: String
  }

  package let services: [Service]
  package let folders: [Folder]
  /// Everything that does not agree, one line each.
  package let differences: [String]
  /// Partitions that moved all the time. Their rows were not compared with notices and positions.
  package let moving: [String]
  /// What could not be compared for another reason.
  package let notes: [String]
  /// The duration in seconds.
  package let seconds: Double

  package func hash(of service: ServiceName) -> String? { services.first { $0.service == service.rawValue }?.hash }

  /// Whether nothing differs and no partition was moving.
  package var agrees: Bool { differences.isEmpty && moving.isEmpty }

  /// 0: all agree; 1: something differs; 3: nothing differs, but some partitions moved all the time and were not compared.
  package var exitCode: Int32 { differences.isEmpty ? (moving.isEmpty ? 0 : 3) : 1 }
}

extension VerifyReport {
  /// As a table and sentences.
  var lines: [String] {
    var table = [["SERVICE", "PARTITION", "ROWS", "NOTICES", "HASH"]]
    for service in services {
      func row(_ name: String, _ partitions: [Partition], _ hash: String?) -> [String] {
        let (rows, notices) = (partitions.reduce(0) { $0 + $1.rows }, partitions.reduce(0) { $0 + $1.notices })
        return [service.service, name, "\(rows)", "\(notices)", hash ?? "moving"]
      }
      table += service.partitions.map { row("\($0.partition)", [$0], $0.hash) }
      table.append(row("all", service.partitions, service.hash))
    }
    var lines = columns(table)
    if !folders.isEmpty {
      lines += [""] + columns([["STATE FOLDER", "", ""]] + folders.map { [$0.path, $0.state.rawValue, $0.detail] })
    }
    lines.append("")
    lines += notes.map { "note: \($0)" } + differences.map { "difference: \($0)" }
    lines += moving.map { "moving: \($0) moved all the time; try again under less load" }
    lines.append(summary)
    return lines
  }

  private var summary: String {
    if !differences.isEmpty { return counted(differences.count, "difference") }
    if !moving.isEmpty { return "nothing differs, but \(counted(moving.count, "partition")) could not be compared" }
    return "all agree: \(services.map(\.service).joined(separator: ", ")); \(counted(folders.count, "state folder"))"
  }
}
