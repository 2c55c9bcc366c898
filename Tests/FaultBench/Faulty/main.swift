import Accrual
import Attribution
import Contracts
import Discounts
import Foundation
import Payouts
import Streaming
import Terms
import Worker

// laurel-faulty: one of the services, with a fault in it; its command line is the service's own. FAULTY_SERVICE names the service and
// FAULTY_FAULT the faults, separated by commas:
//
//   crash:CHECKPOINT:N   it ends with SIGKILL when it passes the checkpoint for the Nth time
//   stop:CHECKPOINT:N    it stops there as by SIGSTOP, and goes on with SIGCONT
//   hide:N               every Nth message that it writes for others is hidden, as Kafka does where it skips a transaction's marker
//   bug:NAME             a planted bug, from now on, by which the bench shows that its checks see it
//   none

private let variables = ProcessInfo.processInfo.environment
guard let name = variables["FAULTY_SERVICE"].flatMap(ServiceName.init(rawValue:)),
  let hooks = variables["FAULTY_FAULT"].flatMap(FaultWords.hooks)
else {
  FileHandle.standardError.write(Data("laurel-faulty: FAULTY_SERVICE and FAULTY_FAULT name no service and no fault\n".utf8))
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
