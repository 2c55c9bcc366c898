import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import ServiceKit
import Streaming
import Words

/// `laurel balance`: an account's balances and the notices that last changed them.
package enum AccountBalance {
  package static let command = Command(
    "balance", summary: "Show an account's balance in each program, and its last notices",
    discussion: """
      With --bootstrap it reads the services' changelogs and notices, of the account's partition only. With --state it reads a \
      state folder, even of a running service, and shows no notices. It changes nothing. Amounts in --json are in minor units.
      """,
    example: """
      laurel balance acme --bootstrap localhost:9092
      laurel balance acme --state /var/lib/laurel
      laurel balance acme --bootstrap localhost:9092 --program cash --json | jq .available
      """,
    options: Bus.optionalConnection + [
      Option("state", placeholder: "DIR", help: "The services' state folder"),
      Option("program", placeholder: "PROGRAM", help: "Only in this program"),
      Option(
        "notices", placeholder: "N", kind: .integer(0...1000), help: "How many of the last notices to show", defaultValue: "5"),
      Option("json", help: "Print one JSON object per program and currency, each on a line"),
    ],
    operands: [Operand("ACCOUNT", help: "The referrer's account")], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let account = invocation.operands.first ?? ""
    let max = invocation.integer("notices")
    var reports: [BalanceReport]
    let place: String
    if let bus = Bus(of: invocation, butNot: ["state"]) {
      let partition = Kafka.partition(forKey: Array(account.utf8), count: try bus.partitions())
      reports = try BalanceReport.all(
        of: account, rows(bus, account, partition), notices(bus, account, partition), noticesMax: max)
      place = bus.bootstrap
    } else if let folder = invocation.optionalText("state") {
      reports = try BalanceReport.all(of: account, StateFolder(path: folder).rows(naming: account), nil, noticesMax: max)
      place = folder
    } else {
      throw invocation.misuse("one of --bootstrap HOST:PORT and --state DIR is needed")
    }
    if let program = invocation.optionalText("program") {
      let others = Set(reports.map(\.program.value)).subtracting([program]).sorted()
      reports.removeAll { $0.program.value != program }
      guard !reports.isEmpty || others.isEmpty else {
        throw CommandFailure("\(place) has no balance of '\(account)' in '\(program)', but in \(listed(others))")
      }
    }
    guard !reports.isEmpty else { throw CommandFailure("\(place) has no balance of '\(account)': it has earned nothing yet") }
    let lines = invocation.flag("json") ? reports.map(\.json) : Array(reports.map(\.lines).joined(separator: [""]))
    try ResultOutput().print(lines)
    return 0
  }

  // MARK: The bus

  /// The latest value of each of the account's rows in the changelogs.
  private static func rows(_ bus: Bus, _ account: String, _ partition: Int32) throws -> [(ServiceName, StageRow)] {
    let services = [ServiceName.accrual, .payouts]
    let parser = JSONParser()
    let wanted = Array(account.utf8)
    var rows: [ServiceName: [[UInt8]: [UInt8]]] = [:]
    try bus.read(services.map(Topic.changelog), [partition]) { record, topic in
      // The key of a stage's row contains the account.
      guard let service = services.first(where: { Topic.changelog($0) == topic }), let key = record.key, key.contains(wanted)
      else { return }
      rows[service, default: [:]][key] = record.value
    }
    return try rows.flatMap { service, rows in
      try rows.compactMap { key, value in
        guard case .stage(let row)? = try StoredRow(Row(key: key, value: value), parser: parser, { rows[$0] != nil }) else {
          return nil
        }
        return (service, row)
      }
    }
  }

  private static func notices(_ bus: Bus, _ account: String, _ partition: Int32) throws -> [(ProgramID?, any Notice)] {
    let parser = JSONParser()
    let key = Array(account.utf8)
    var notices: [(ProgramID?, any Notice)] = []
    try bus.read([.rewards, .payouts], [partition]) { record, topic in
      guard record.key == key, let read = try? BusMessage(record, topic: topic, parser: parser),
        let notice = read.message(parser) as? any Notice
      else { return }
      notices.append((read.envelope.program, notice))
    }
    return notices
  }
}
