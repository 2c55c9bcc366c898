import Contracts
import JSON

/// What is remembered of an event forever: the fingerprint of its body, with the fields of one revision of the contract.
public struct Memory: JSONCodable, Sendable, Equatable {
  static let table = AnyTable.inner("memory", of: Memory.self, keepsDecoded: false)

  let body: Int64
  let revision: Int

  init(body: Int64, revision: Int) {
    self.body = body
    self.revision = revision
  }

  public init(json: JSONValue) throws(JSONError) {
    let numbers = try json.array(of: Int64.self)
    guard numbers.count == 2 else { throw json.error("expected two numbers") }
    self.init(body: numbers[0], revision: Int(numbers[1]))
  }

  public func write(to json: inout JSONWriter) {
    json.beginArray()
    json.element(body)
    json.element(revision)
    json.endArray()
  }
}

extension Memory: Stored {}

extension StageTask {
  func memory<M: Message>(of event: MessageEvent<M>, revision: Int = MessageRegistry.revision) -> Memory {
    Memory(body: Int64(bitPattern: event.message.fingerprint(revision: revision, in: &room)), revision: revision)
  }

  /// - Throws: `conflicting-duplicate` unless the event's body equals the remembered one.
  func compare<M: Message>(_ event: MessageEvent<M>, with known: Memory) throws(Rejection) {
    guard memory(of: event, revision: known.revision) != known else { return }
    let id = event.message.businessID.map { "'\($0)'" } ?? "with this source and id"
    throw Rejection(.conflictingDuplicate, "\(M.type) \(id) was already received with different content")
  }
}
