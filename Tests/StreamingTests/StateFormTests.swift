import Contracts
import JSON
import Testing

@testable import Streaming

/// A store in another format is left unchanged.
@Suite struct StateFormTests {
  private static let before = #"{"positions":{"requests":3},"clock":5,"isVirtual":false,"timerOrder":0}"#

  @Test(arguments: [
    (before, 1),
    (#"{"form":1,"positions":{"requests":3},"clock":5,"isVirtual":false,"timerOrder":0,"sent":{},"received":{}}"#, 1),
    (#"{"form":3,"positions":{}}"#, 3),
    (#"{"form":6,"something":"else"}"#, 6),
  ])
  func aStoreOfAnotherFormIsRejected(row: String, form: Int) throws {
    let store = CountingStore()
    try store.write([
      RowChange(key: RowKey.progress, value: Array(row.utf8)), RowChange(key: Array("s\u{0}x".utf8), value: [1]),
    ])
    let before = store.all
    let error = #expect(throws: StateForm.self) { try Bench(store: store) }
    #expect(error?.found == form)
    #expect(error?.description == "the state has format \(form), but this version only reads format 5")
    #expect(store.all == before)
    // Reading it from outside gives the same error.
    #expect(throws: StateForm.self) { try StoredRow(before[0], parser: JSONParser(), { _ in false }) }
    #expect(throws: StateForm.self) { try Progress.record(key: before[0].key, value: before[0].value, parser: JSONParser()) }
  }

  @Test func aRowThatIsNoProgressIsRejected() throws {
    let store = CountingStore()
    try store.write([RowChange(key: RowKey.progress, value: Array(#"{"form":5}"#.utf8))])
    let before = store.all
    #expect(throws: JSONError.self) { try Bench(store: store) }
    #expect(store.all == before)
  }

  @Test func aStoreOfThisFormSaysSo() throws {
    let bench = try Bench()
    try bench.tell("a", .put(["x"], "1"))
    try bench.commit()
    let row = try #require(try bench.store.value(for: RowKey.progress))
    #expect(String(decoding: row, as: UTF8.self).hasPrefix(#"{"form":5,"#))
    try bench.restart()
  }
}
