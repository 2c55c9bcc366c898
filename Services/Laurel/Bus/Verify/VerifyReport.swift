import Contracts
import JSON
import Words

/// What `laurel verify` has found.
package struct VerifyReport: Encodable, Sendable {
  package struct Partition: Encodable, Sendable {
    package let partition: Int32
    package let rows: Int
    package let notices: Int
    /// Of the rows; nil: the partition moved all the time, so that there was no moment to take one of.
    package let hash: String?
  }

  package struct Service: Encodable, Sendable {
    package let service: String
    /// Of all partitions' hashes; nil: not all have one.
    package let hash: String?
    package let partitions: [Partition]
  }

  package struct Folder: Encodable, Sendable {
    package enum State: String, Encodable, Sendable {
      case equal
      /// And equal after the rows that it has not followed yet.
      case behind
      case differs
      /// A worker would rebuild it, so it says nothing.
      case discarded
    }

    package let path: String
    package let state: State
    package let detail: String
  }

  package let services: [Service]
  package let folders: [Folder]
  /// What does not agree; a line each.
  package let differences: [String]
  /// Partitions that moved all the time: their rows are not compared with notices and positions.
  package let moving: [String]
  /// What could not be compared for another reason.
  package let notes: [String]
  /// Seconds that it took.
  package let seconds: Double

  package func hash(of service: ServiceName) -> String? { services.first { $0.service == service.rawValue }?.hash }

  /// Nothing differs, and everything was compared.
  package var agrees: Bool { differences.isEmpty && moving.isEmpty }

  /// 0: all agrees; 1: something differs; 3: nothing differs, but some partitions did not stand still to be compared.
  package var exitCode: Int32 { differences.isEmpty ? (moving.isEmpty ? 0 : 3) : 1 }
}

extension VerifyReport {
  /// As a table and sentences.
  var lines: [String] {
    var table = [["SERVICE", "PARTITION", "ROWS", "NOTICES", "HASH"]]
    for service in services {
      for partition in service.partitions {
        table.append(
          [
            service.service, String(partition.partition), String(partition.rows), String(partition.notices),
            partition.hash ?? "moving",
          ])
      }
      table.append(
        [
          service.service, "all", String(service.partitions.reduce(0) { $0 + $1.rows }),
          String(service.partitions.reduce(0) { $0 + $1.notices }), service.hash ?? "moving",
        ])
    }
    var lines = Topics.columns(table)
    if !folders.isEmpty {
      lines += [""] + Topics.columns([["STATE FOLDER", "", ""]] + folders.map { [$0.path, $0.state.rawValue, $0.detail] })
    }
    lines.append("")
    lines += notes.map { "note: \($0)" } + differences.map { "difference: \($0)" }
    lines += moving.map { "moving: \($0) did not stand still; try again when less is going on" }
    lines.append(summary)
    return lines
  }

  private var summary: String {
    if !differences.isEmpty { return counted(differences.count, "difference") }
    if !moving.isEmpty { return "nothing differs, but \(counted(moving.count, "partition")) could not be compared" }
    return "all agree: \(services.map(\.service).joined(separator: ", ")); \(counted(folders.count, "state folder"))"
  }
}
