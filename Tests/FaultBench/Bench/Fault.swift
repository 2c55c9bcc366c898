import Contracts
import Foundation
import TestSupport

/// Something bad that happens again and again while the services work: a row of the bench's table.
package protocol Fault: AnyObject {
  /// Starts the services, with what this fault needs.
  func prepare(_ campaign: Campaign) throws
  /// The blow; it may last. It returns when the rest of the round is to be published.
  func fall(on campaign: Campaign, cycle: Int) throws -> Blow
  /// After the struck services have worked again: whatever has to be put right by hand.
  func lift(from campaign: Campaign, cycle: Int) throws
  /// A round's events as this fault lets them arrive.
  func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) throws -> [BenchRecord]
  /// The payment provider's answers as this fault lets them arrive: asked for when all instructions are there.
  func answers(_ events: [BenchEvent], _ campaign: Campaign) throws -> [BenchRecord]
  /// What a campaign under this fault leaves in the dead-letter topics.
  var deadLetters: [BenchLetter] { get }
  /// Whether the provider may answer while the events of the same round are still worked off.
  var answersEarly: Bool { get }
  /// Whether records may be hidden under it. What Laurel reports missing is then repaired as the runbook says; what it does not report is
  /// a violation.
  var mayHideRecords: Bool { get }
  /// What else is wrong at the end, and whether the fault did not happen at all.
  func violations(on installation: Installation) throws -> [String]
}

/// What has happened, and to whom.
package struct Blow {
  package let what: String
  /// Who has to work again.
  package let services: [ServiceName]
  /// From when on the time until then counts.
  package let since: ContinuousClock.Instant

  package init(_ what: String, _ services: [ServiceName], since: ContinuousClock.Instant = .now) {
    self.what = what
    self.services = services
    self.since = since
  }
}

extension Fault {
  /// Two instances of every service.
  package func prepare(_ campaign: Campaign) throws { try campaign.startAll() }
  package func lift(from campaign: Campaign, cycle: Int) throws {}
  package func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) -> [BenchRecord] {
    events.map(BenchRecord.init)
  }
  package func answers(_ events: [BenchEvent], _ campaign: Campaign) throws -> [BenchRecord] { events.map(BenchRecord.init) }
  package var deadLetters: [BenchLetter] { [] }
  package var answersEarly: Bool { false }
  package var mayHideRecords: Bool { false }
  package func violations(on installation: Installation) throws -> [String] { [] }
}

extension Campaign {
  package func startAll(fault: String? = nil) throws {
    for service in ServiceName.allCases { for number in 1...2 { try installation.start(service, number, fault: fault) } }
  }

  /// Each of the eight instances in turn, the service changing every time.
  package func victim(_ cycle: Int) -> (service: ServiceName, number: Int) { Self.victim(cycle) }

  package static func victim(_ cycle: Int) -> (service: ServiceName, number: Int) {
    let services: [ServiceName] = [.accrual, .payouts, .attribution, .discounts]
    return (services[cycle % 4], 1 + (cycle / 4 + cycle) % 2)
  }
}
