import Accrual
import Attribution
import Contracts
import Discounts
import Foundation
import Payouts
import Streaming
import Terms
import Worker

// laurel-faulty: one of the services with a fault. It has the service's command line. FAULTY_SERVICE names the service and
// FAULTY_FAULT the faults, separated by commas:
//
//   crash:CHECKPOINT:N   sends itself SIGKILL when it passes the checkpoint for the Nth time
//   stop:CHECKPOINT:N    sends itself SIGSTOP there, and continues after SIGCONT
//   hide:N               hides every Nth message to other services, as when Kafka skips a transaction's marker
//   bug:NAME             has a planted bug from the start, which the bench must detect
//   topics               writes every internal message to its topic instead of handing some over
//   none

private let variables = ProcessInfo.processInfo.environment
guard let name = variables["FAULTY_SERVICE"].flatMap(ServiceName.init(rawValue:)),
  let hooks = variables["FAULTY_FAULT"].flatMap(FaultWords.hooks)
else {
  FileHandle.standardError.write(
    Data("laurel-faulty: FAULTY_SERVICE must name a service, and FAULTY_FAULT must name faults\n".utf8))
  exit(2)
}

private func make(_ programs: Programs) -> Service {
  switch name {
  case .attribution: AttributionService.service(programs)
  case .accrual: AccrualService.service(programs)
  case .discounts: DiscountsService.service(programs)
  case .payouts: PayoutsService.service(programs)
  }
}

ServiceMain.run(name, summary: "A service with a fault in it", hooks: hooks, make)
