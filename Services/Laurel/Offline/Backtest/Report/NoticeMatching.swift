import Contracts
import JSON

/// Pairs the notices of the two terms and counts the differences.
///
/// A notice is kept until its counterpart arrives. Both terms run side by side over the history, so only notices that one side has
/// produced and the other has not are in memory. Their bodies are kept up to a limit. Beyond it only fingerprints are kept. They
/// show whether a notice has changed, but not in which field.
struct NoticeMatching {
  /// Limit for the kept bodies: 256 MiB.
  static let keptBytesMax = 256 << 20
  /// Maximum number of examples for each program and type, each of another kind of difference.
  static let examplesMax = 4

  /// How the notices of one program and type differ.
  struct Counts: Equatable, Sendable, Encodable {
    var total = Sides(both: 0)
    /// The same outcome. Terms and reasons may differ.
    var same = 0
    /// The same outcome, but another balance after it because of an earlier difference.
    var sameButBalance = 0
    var changed = 0
    /// Number of changed notices by field.
    var fields: [String: Int] = [:]
    var onlyIn = Sides(both: 0)

    /// How many have another outcome, or none, under the other terms.
    var differing: Int { changed + onlyIn.current + onlyIn.proposed }
    var isChanged: Bool { differing > 0 || sameButBalance > 0 }
  }

  struct CountsKey: Hashable, Sendable {
    let program: ProgramID
    let type: String
  }

  /// One difference, with the notices of both sides.
  struct Example {
    let program: ProgramID
    /// Fields that differ. Empty if one side has no notice, or the opposite one.
    let fields: [String]
    let notices: Sides<(any Notice)?>
    let isDecision: Bool
  }

  private struct Waiting {
    let side: Side
    let arrival: Int
    let body: Body

    enum Body {
      case kept([UInt8])
      case fingerprint(NoticeFields.Fingerprint)
    }
  }

  private let keptBytesMax: Int
  private let parser: JSONParser
  private var keptBytes = 0
  private var arrivals = 0
  /// Unmatched notices in order of arrival. Several of one identity (a reward held twice) are always of the same side.
  private var waiting: [NoticeIdentity: [Waiting]] = [:]
  private(set) var counts: [CountsKey: Counts] = [:]
  private var changedExamples: [(arrival: Int, example: Example)] = []
  private var exampleKinds: [CountsKey: Set<String>] = [:]

  init(parser: JSONParser, keptBytesMax: Int = Self.keptBytesMax) {
    self.parser = parser
    self.keptBytesMax = keptBytesMax
  }

  /// Number of notices without a counterpart so far.
  var waitingCount: Int { waiting.values.reduce(0) { $0 + $1.count } }

  mutating func take(_ notice: any Notice, data: [UInt8], program: ProgramID, _ side: Side) throws {
    let identity = NoticeIdentity(notice, program: program)
    let key = CountsKey(program: program, type: identity.type)
    counts[key, default: Counts()].total[side] += 1
    arrivals += 1
    guard let queue = waiting[identity], let first = queue.first, first.side != side else {
      waiting[identity, default: []].append(try wait(data, side))
      return
    }
    waiting[identity] = queue.count > 1 ? Array(queue.dropFirst()) : nil
    try compare(notice, data, with: first, key)
  }

  private mutating func wait(_ data: [UInt8], _ side: Side) throws -> Waiting {
    guard keptBytes + data.count <= keptBytesMax else {
      let fingerprint = try NoticeFields(data, parser: parser).fingerprint
      return Waiting(side: side, arrival: arrivals, body: .fingerprint(fingerprint))
    }
    keptBytes += data.count
    return Waiting(side: side, arrival: arrivals, body: .kept(data))
  }

  private mutating func compare(_ notice: any Notice, _ data: [UInt8], with earlier: Waiting, _ key: CountsKey) throws {
    switch earlier.body {
    case .kept(let kept):
      keptBytes -= kept.count
      guard kept != data else {
        counts[key]?.same += 1
        return
      }
      let fields = try NoticeFields(data, parser: parser)
      let earlierFields = try NoticeFields(kept, parser: parser)
      let differences = fields.differences(from: earlierFields)
      guard !differences.isEmpty else {
        if fields.hasBalance(of: earlierFields) { counts[key]?.same += 1 } else { counts[key]?.sameButBalance += 1 }
        return
      }
      counts[key]?.changed += 1
      for field in differences { counts[key]?.fields[field, default: 0] += 1 }
      guard exampleKinds[key, default: []].count < Self.examplesMax else { return }
      var notices = Sides<(any Notice)?>(both: notice)
      notices[earlier.side] = try decoded(key.type, kept)
      guard exampleKinds[key, default: []].insert(Self.kind(notices, differences)).inserted else { return }
      changedExamples.append(
        (
          arrivals,
          Example(
            program: key.program, fields: differences, notices: notices, isDecision: NoticeIdentity.isDecision(notice))
        ))
    case .fingerprint(let fingerprint):
      let now = try NoticeFields(data, parser: parser).fingerprint
      if now.outcome != fingerprint.outcome {
        counts[key]?.changed += 1
      } else if now.balance != fingerprint.balance {
        counts[key]?.sameButBalance += 1
      } else {
        counts[key]?.same += 1
      }
    }
  }

  /// Call this at the end of the history. Notices that are still unmatched have no counterpart.
  func finished() throws -> (counts: [CountsKey: Counts], examples: [Example]) {
    var counts = counts
    var alone: [(identity: NoticeIdentity, waiting: Waiting)] = []
    for (identity, queue) in waiting {
      let key = CountsKey(program: identity.program, type: identity.type)
      for one in queue {
        counts[key, default: Counts()].onlyIn[one.side] += 1
        alone.append((identity, one))
      }
    }
    alone.sort { $0.waiting.arrival < $1.waiting.arrival }
    let examples = changedExamples + (try examples(alone))
    return (counts, examples.sorted { ($0.example.program, $0.arrival) < ($1.example.program, $1.arrival) }.map(\.example))
  }

  private struct AloneKey: Hashable {
    let key: CountsKey
    let side: Side
  }

  private func examples(_ alone: [(identity: NoticeIdentity, waiting: Waiting)]) throws -> [(arrival: Int, example: Example)] {
    var found: [(arrival: Int, example: Example)] = []
    var taken: [AloneKey: Int] = [:]
    // Across all types, because a reward that became a rejection is found twice: once as each of the two types.
    var kinds: [ProgramID: Set<String>] = [:]
    var shown: Set<Int> = []
    for (identity, one) in alone {
      let key = AloneKey(key: CountsKey(program: identity.program, type: identity.type), side: one.side)
      guard taken[key, default: 0] < Self.examplesMax, !shown.contains(one.arrival), case .kept(let data) = one.body,
        let notice = try decoded(identity.type, data)
      else { continue }
      var notices = Sides<(any Notice)?>(nil, nil)
      notices[one.side] = notice
      let opposite = identity.opposite(of: notice)
      let other = opposite.flatMap { waiting[$0]?.first }
      if let opposite, let other, other.side != one.side, case .kept(let otherData) = other.body {
        notices[one.side.other] = try decoded(opposite.type, otherData)
      }
      guard kinds[identity.program, default: []].insert(Self.kind(notices, [])).inserted else { continue }
      taken[key, default: 0] += 1
      if let other { shown.insert(other.arrival) }
      let example = Example(
        program: identity.program, fields: [], notices: notices, isDecision: NoticeIdentity.isDecision(notice))
      found.append((one.arrival, example))
    }
    return found
  }

  /// The kind of a difference. A second example of the same kind would show nothing new.
  private static func kind(_ notices: Sides<(any Notice)?>, _ fields: [String]) -> String {
    func reported(_ notice: any Notice) -> String {
      switch notice {
      case let n as RewardAccrued: n.rate?.description ?? ""
      case let n as RewardDeclined: "\(n.reasons.map(\.rawValue))"
      case let n as ReferralRejected: "\(n.reasons.map(\.rawValue))"
      case let n as DiscountAssigned: "\(n.percent)"
      case let n as DiscountSkipped: "\(n.reasons.map(\.rawValue))"
      default: ""
      }
    }
    let both = [notices.current, notices.proposed].map { $0.map { "\(type(of: $0).type) \(reported($0))" } ?? "" }
    return "\(fields) \(both)"
  }

  private func decoded(_ type: String, _ data: [UInt8]) throws -> (any Notice)? {
    try (MessageRegistry.type(named: type) as? any Notice.Type).map { try parser.decode($0, from: data) }
  }
}
