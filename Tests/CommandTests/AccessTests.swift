import Contracts
import Deployment
import Foundation
import Terms
import TestSupport
import Testing

@testable import BusCommands

/// The rights of each party on the bus, without a broker.
@Suite struct AccessTests {
  private let access = Access(services: Deployment.services(Programs([])))

  /// R reads, W writes, C creates, D describes. Each row of the catalogue has one column per party.
  @Test func everyTopicHasItsReadersAndWriters() {
    let table: [String: [String]] = [
      "accounts": ["R", "R", "R", "R", "W", "", "", "R", "D", "RWC"],
      "clicks": ["R", "", "", "", "W", "", "", "", "D", "RWC"],
      "billing": ["", "R", "R", "", "W", "", "", "", "D", "RWC"],
      "requests": ["R", "R", "R", "R", "W", "", "", "RW", "R", "RWC"],
      "decisions": ["R", "R", "", "R", "", "", "", "R", "RW", "RWC"],
      "payout-results": ["", "", "", "R", "", "RW", "", "", "RW", "RWC"],
      "clock": ["R", "R", "R", "R", "", "", "", "R", "R", "RWC"],
      "referrals": ["W", "R", "R", "", "", "", "R", "R", "R", "RWC"],
      "rewards": ["", "W", "", "R", "", "", "R", "R", "R", "RWC"],
      "discounts": ["", "", "W", "", "", "", "R", "R", "D", "RWC"],
      "payouts": ["", "R", "", "W", "", "R", "R", "R", "R", "RWC"],
      "attribution.claims": ["RW", "", "", "", "", "", "", "", "D", "RC"],
      "attribution.answers": ["RW", "", "", "", "", "", "", "", "D", "RC"],
      "accrual.earnings": ["", "RW", "", "", "", "", "", "", "D", "RC"],
      "accrual.answers": ["", "W", "", "R", "", "", "", "", "D", "RC"],
      "discounts.activity": ["", "", "RW", "", "", "", "", "", "D", "RC"],
      "attribution.rekeyed": ["RW", "", "", "", "", "", "", "", "D", "RWC"],
      "accrual.rekeyed": ["", "RW", "", "", "", "", "", "", "D", "RWC"],
      "discounts.rekeyed": ["", "", "RW", "", "", "", "", "", "D", "RWC"],
      "payouts.rekeyed": ["", "", "", "RW", "", "", "", "", "D", "RWC"],
      "attribution.changelog": ["RW", "", "", "", "", "", "", "", "D", "RC"],
      "accrual.changelog": ["", "RW", "", "", "", "", "", "", "D", "RC"],
      "discounts.changelog": ["", "", "RW", "", "", "", "", "", "D", "RC"],
      "payouts.changelog": ["", "", "", "RW", "", "", "", "", "D", "RC"],
      "attribution.dead-letters": ["W", "", "", "", "", "", "", "", "R", "RWC"],
      "accrual.dead-letters": ["", "W", "", "", "", "", "", "", "R", "RWC"],
      "discounts.dead-letters": ["", "", "W", "", "", "", "", "", "R", "RWC"],
      "payouts.dead-letters": ["", "", "", "W", "", "", "", "", "R", "RWC"],
    ]
    #expect(Set(table.keys) == Set(Topic.catalogue.map(\.name)))
    for topic in Topic.catalogue {
      let row = Access.Party.allCases.map { party in
        let rights = access.rights(of: party).filter { $0.resource == .topic && $0.name == topic.name }
        return AccessRight.Operation.allCases.flatMap { operation in
          rights.filter { $0.operation == operation && $0.pattern == .literal }.map { $0.operation.rawValue.prefix(1) }
        }.joined()
      }
      #expect(row == table[topic.name], "\(topic.name)")
    }
  }

  /// Only services describe Kafka's own topics, to learn the outcome of a transaction without an end.
  @Test func kafkasOwnTopicsAreOnlySeen() {
    let own = Set(Topic.catalogue.map(\.name))
    for party in Access.Party.allCases {
      let foreign = access.rights(of: party).filter { $0.resource == .topic && !own.contains($0.name) }
        .map { "\($0.operation.rawValue) \($0.name)" }
      if case .service = party {
        #expect(foreign == ["Read __transaction_state", "Describe __consumer_offsets"])
      } else {
        #expect(foreign.isEmpty)
      }
    }
  }

  @Test func groupsAndTransactionalIDsAreOnesOwn() {
    let own = Access(services: Deployment.services(Programs([])), prefix: "staging.")
    let others = Access.Party.allCases.map { party in
      own.rights(of: party).filter { $0.resource != .topic }.map {
        "\($0.operation.rawValue) \($0.resource.rawValue) \($0.pattern.rawValue) \($0.name)"
      }
    }
    #expect(
      others == [
        ["Read group literal staging.laurel.attribution", "Write transactional-id prefixed staging.attribution."],
        ["Read group literal staging.laurel.accrual", "Write transactional-id prefixed staging.accrual."],
        ["Read group literal staging.laurel.discounts", "Write transactional-id prefixed staging.discounts."],
        ["Read group literal staging.laurel.payouts", "Write transactional-id prefixed staging.payouts."],
        [], ["Read group literal staging.provider"], ["Read group prefixed staging.reader"],
        ["Read group literal staging.laurel.portal"],
        ["Read group prefixed staging.laurel.command"],
        [
          "Describe group literal staging.laurel.attribution", "Describe group literal staging.laurel.accrual",
          "Describe group literal staging.laurel.discounts", "Describe group literal staging.laurel.payouts",
          "Read group prefixed staging.laurel.command", "Write transactional-id prefixed staging.laurel.",
        ],
      ])
  }

  /// The commands grant every right exactly once, and nothing else.
  @Test func commandsGrantEachRightOnce() {
    for party in Access.Party.allCases {
      let rights = access.rights(of: party)
      #expect(Set(rights).count == rights.count)
      let granted = TopicAccess.commands(rights).flatMap { arguments -> [String] in
        let pairs = stride(from: 0, to: arguments.count, by: 2).map { (arguments[$0], arguments[$0 + 1]) }
        let pattern = pairs.first { $0.0 == "--resource-pattern-type" }?.1 ?? "literal"
        let resources = pairs.filter { !["--operation", "--resource-pattern-type"].contains($0.0) }
        return pairs.filter { $0.0 == "--operation" }.flatMap { operation in
          resources.map { "\(operation.1) \($0.0) \(pattern) \($0.1)" }
        }
      }
      let wanted = rights.map { "\($0.operation.rawValue) --\($0.resource.rawValue) \($0.pattern.rawValue) \($0.name)" }
      #expect(granted.sorted() == wanted.sorted(), "\(party.name)")
    }
  }

  @Test func theProgramPrintsCommandsForAShellOrOneRightALine() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-acls"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func lines(_ arguments: [String]) throws -> [String] {
      let process = try ServiceProcess(
        "laurel", name: uniqueName("laurel"), arguments: ["topics", "acls"] + arguments, folder: folder)
      #expect(process.ending(within: .seconds(20)) == .status(0), "\(process.log)")
      return process.log.split(separator: "\n").map(String.init)
    }
    let commands = try lines([
      "--bootstrap", "broker:9093", "--command-config", "my admin.properties", "--principal-suffix", ",O=It's",
    ])
    let start =
      #"kafka-acls.sh --bootstrap-server broker:9093 --command-config 'my admin.properties' --add --allow-principal "#
      + #"'User:CN=payouts,O=It'\''s' --operation "#
    #expect(commands.contains(start + "Write --resource-pattern-type prefixed --transactional-id payouts."))
    let all = Access.Party.allCases.flatMap { access.rights(of: $0) }
    let rights = try lines(["--json", "--principal-prefix", "User:"])
    #expect(rights.count == all.count)
    #expect(
      rights.first
        == #"{"name":"accounts","operation":"Read","pattern":"literal","principal":"User:attribution","resource":"topic"}"#)
  }
}
