import Contracts
import Foundation
import TestSupport

/// A fault that happens repeatedly while the services work: a row of the bench's table.
package protocol Fault: AnyObject {
  /// Starts the services as this fault needs them.
  func prepare(_ campaign: Campaign) throws
  /// Injects the fault, which may take time. It returns when the rest of the round should be published.
  func fall(on campaign: Campaign, cycle: Int) throws -> Blow
  /// Repairs what has to be repaired by hand, after the affected services work again.
  func lift(from campaign: Campaign, cycle: Int) throws
  /// A round's events in the form and order in which this fault lets them arrive.
  func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) throws -> [BenchRecord]
  /// The payment provider's answers as this fault lets them arrive. It is called when all instructions are out.
  func answers(_ events: [BenchEvent], _ campaign: Campaign) throws -> [BenchRecord]
  /// The expected dead letters of a campaign under this fault.
  var deadLetters: [BenchLetter] { get }
  /// Whether the provider may answer while the events of the same round are still being processed.
  var answersEarly: Bool { get }
  /// Whether the fault may hide records. Missing messages that Laurel reports are then repaired as in the runbook. Unreported ones are a
  /// violation.
  var mayHideRecords: Bool { get }
  /// Other violations at the end, also if the fault did not happen at all.
  func violations(on installation: Installation) throws -> [String]
}

/// The fault that happened, and its targets.
package struct Blow {
  package let what: String
  /// The services that must recover.
  package let services: [ServiceName]
  /// The start of the recovery time.
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

  /// Each of the eight instances in turn, with a different service every time.
  package func victim(_ cycle: Int) -> (service: ServiceName, number: Int) { Self.victim(cycle) }

  package static func victim(_ cycle: Int) -> (service: ServiceName, number: Int) {
    let services: [ServiceName] = [.accrual, .payouts, .attribution, .discounts]
    return (services[cycle % 4], 1 + (cycle / 4 + cycle) % 2)
  }
}
