import Contracts
import Deployment
import JSON
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import Testing

/// The worked examples of the contract, compared with their expected notices one by one.
@Suite struct ExampleTests {
  @Test func thereAreExamples() { #expect(Examples.names.count >= 37) }

  @Test(arguments: Examples.names)
  func saysWhatMustBeSaid(name: String) throws {
    let expected = try ComparedNotices(lines: Examples.expected(name))
    let said = try Self.simulated(name)
    let differences = try ComparedNotices(lines: said).differences(from: expected)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    NoticeProperties(said).sequencesAreContiguous(name)
  }

  /// The same file gives the same bytes.
  @Test(arguments: Examples.names)
  func saysItAgain(name: String) throws {
    #expect(try Self.simulated(name) == Self.simulated(name))
  }

  /// `laurel simulate` decodes a line to check it, and the tasks do not read it again.
  @Test(arguments: Examples.names)
  func saysTheSameOfDecodedEvents(name: String) throws {
    #expect(try Self.simulated(name, record: Self.decoded) == Self.simulated(name))
  }

  static func simulated(_ name: String, record: Record = InputRecord.init(line:number:)) throws -> [String] {
    try simulate(Examples.events(name), until: Examples.until(name), programs: Examples.programs(name), record: record).notices
  }

  typealias Record = (_ line: String, _ number: Int) throws -> InputRecord

  private static func decoded(line: String, number: Int) throws -> InputRecord {
    let text = Array(line.utf8)
    let parser = JSONParser()
    let (envelope, data) = try Envelope.structured(text, parser: parser)
    let type = try #require(MessageRegistry.type(named: envelope.type))
    // A line whose data is malformed never comes so far.
    let message: (any Message)? = try? parser.read(data) { json throws(JSONError) in try type.init(json: json) }
    guard let message else { return try InputRecord(line: line, number: number) }
    return InputRecord(
      topic: type.topic, partition: 0, offset: Int64(number), memory: DecodedEvent(envelope, message, text: text))
  }

  /// The notices and rejections of a simulation of these events.
  /// - Parameter store: makes the store for each service's state.
  static func simulate(
    _ lines: [String], until: Instant? = nil, programs: Programs? = nil,
    store: (ServiceName) throws -> any StateStore = { _ in MemoryStore() }, record: Record = InputRecord.init(line:number:)
  ) throws -> (notices: [String], rejected: [Rejection]) {
    let programs = try programs ?? TermsFiles.load(directory: Examples.terms.path)
    var notices: [String] = []
    var rejected: [Rejection] = []
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids, store: store,
      notice: { notices.append(String(decoding: $0.structuredText(), as: UTF8.self)) },
      rejected: { rejected.append($0.rejection) })
    for (number, line) in lines.enumerated() { try simulation.take(record(line, number)) }
    if let until { try simulation.advance(to: until) }
    try simulation.commit()
    return (notices, rejected)
  }
}
