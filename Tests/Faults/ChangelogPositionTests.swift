import Contracts
import JSON
import Testing

@testable import Worker

/// Which stores may follow the changelog, and which are rebuilt completely.
struct ChangelogPositionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// The row as stored.
    let row: String
    var end: Int64 = 10
    var cluster: String? = "one"
    let rejection: String?
    var testDescription: String { row }
  }

  private static let now: Int64 = 1_767_603_600_000

  @Test(arguments: [
    Case(row: #"{"next":10,"writtenAt":1767603600000,"cluster":"one","changelog":"a.changelog/2"}"#, rejection: nil),
    Case(row: #"{"next":4,"writtenAt":1767570000000,"cluster":"one","changelog":"a.changelog/2"}"#, rejection: nil),
    Case(
      row: #"{"next":4,"writtenAt":1767560399999,"cluster":"one","changelog":"a.changelog/2"}"#,
      rejection: "is too old for the changelog"),
    Case(
      row: #"{"next":11,"writtenAt":1767603600000,"cluster":"one","changelog":"a.changelog/2"}"#,
      rejection: "is ahead of the changelog"),
    Case(
      row: #"{"next":4,"writtenAt":1767603600000,"cluster":"two","changelog":"a.changelog/2"}"#,
      rejection: "belongs to another cluster"),
    Case(
      row: #"{"next":4,"writtenAt":1767603600000,"cluster":"one","changelog":"a.changelog/3"}"#,
      rejection: "belongs to a.changelog/3"),
    Case(
      row: #"{"next":4,"writtenAt":1767603600000,"cluster":"one","changelog":"b.changelog/2"}"#,
      rejection: "belongs to b.changelog/2"),
    Case(row: #"{"next":4,"writtenAt":1767603600000,"changelog":"a.changelog/2"}"#, rejection: nil),
    Case(
      row: #"{"next":4,"writtenAt":1767603600000,"cluster":"two","changelog":"a.changelog/2"}"#, cluster: nil, rejection: nil),
    // As earlier versions wrote it, without the owner.
    Case(row: #"{"next":4,"writtenAt":1767603600000,"cluster":"one"}"#, rejection: nil),
    Case(row: #"{"next":4,"writtenAt":1767603600000}"#, rejection: nil),
  ])
  func aStoreIsTakenOrRebuilt(_ example: Case) throws {
    let position = try JSONParser().decode(ChangelogPosition.self, from: Array(example.row.utf8))
    let rejection = position.rejection(
      of: ChangelogIdentity(cluster: example.cluster, partition: "a.changelog/2"), end: example.end,
      now: Instant(milliseconds: Self.now), ageMax: .hours(12))
    #expect(rejection == example.rejection)
  }

  @Test func whatIsWrittenIsRead() throws {
    let identity = ChangelogIdentity(cluster: nil, partition: "a.changelog/2")
    let value = try #require(ChangelogPosition(next: 7, writtenAt: 5, of: identity).row.value)
    let position = try JSONParser().decode(ChangelogPosition.self, from: value)
    #expect(position.next == 7)
    #expect(position.writtenAt == 5)
    #expect(position.cluster == nil)
    #expect(position.changelog == "a.changelog/2")
  }
}
