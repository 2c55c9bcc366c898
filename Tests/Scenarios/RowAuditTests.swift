import Contracts
import Deployment
import JSON
import Streaming
import Testing

/// The checks of `laurel verify` on a state hold after any history, also one that stops in the middle.
@Suite struct RowAuditTests {
  @Test(arguments: AuditTests.programs)
  func rowsOfEveryHistoryAgree(program: String) throws {
    var audited = 0
    for seed in AuditTests.seeds(byDefault: 15).map({ $0 &+ 300_000 }) {
      let history = try History.make(program: program, seed: seed)
      let terms = try history.programs()
      let cut = Int(seed % UInt64(history.lines.count)) + 1
      let states = [
        (history.lines, history.until, terms), (Array(history.lines.prefix(cut)), 0, terms),
        (history.lines, history.until, RefundWindowProperties.with(.days(20), terms)),
      ]
      for (lines, until, programs) in states {
        var stores: [ServiceName: MemoryStore] = [:]
        _ = try ExampleTests.simulate(
          lines, until: Instant(milliseconds: until), programs: programs,
          store: { name in
            let store = MemoryStore()
            stores[name] = store
            return store
          })
        for (service, store) in stores {
          let (scopes, contradictions) = try Self.audit(store, of: service)
          audited += scopes
          #expect(contradictions.isEmpty, "\(program), seed \(seed), \(lines.count) lines, \(service): \(contradictions)")
        }
      }
    }
    #expect(audited > 100)
  }

  private static func audit(_ store: MemoryStore, of service: ServiceName) throws -> (scopes: Int, contradictions: [String]) {
    var audits: [String: any RowAudit] = [:]
    for row in try store.rows(prefix: [], after: nil, limit: .max) {
      guard case .stage(let row)? = try StoredRow(row, parser: JSONParser(), store.holds) else {
        continue
      }
      let scope = "\(row.stage) \(row.program)/\(row.key)"
      guard var audit = audits[scope] ?? Deployment.audit(stage: row.stage, of: service) else { continue }
      try audit.take(row)
      audits[scope] = audit
    }
    return (audits.count, audits.flatMap { scope, audit in audit.contradictions().map { "\(scope): \($0)" } })
  }
}
