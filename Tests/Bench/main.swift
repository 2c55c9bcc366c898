import Foundation
import TestSupport

// laurel-bench [PAYMENTS [PARTITIONS]]: how fast accrual works off payments on real Kafka, beside a plain loop of the same shape in the
// same run, and how long a payment takes to become a notice. No figure is asked for; honest ones are.

// laurel-bench state [REFEREES [PAYMENTS]]: what an event costs and leaves behind when there are a thousand others, and when there are
// a million; without Kafka.

let isAboutState = CommandLine.arguments.dropFirst().first == "state"
let numbers = CommandLine.arguments.dropFirst(isAboutState ? 2 : 1).map { Int($0) }
guard numbers.count <= 2, numbers.allSatisfy({ ($0 ?? 0) > 0 }) else {
  FileHandle.standardError.write(
    Data("Usage: laurel-bench [PAYMENTS [PARTITIONS]]\n       laurel-bench state [REFEREES [PAYMENTS]]\n".utf8))
  exit(2)
}
if isAboutState {
  do {
    try StateBench().run(
      referees: numbers.first.flatMap { $0 } ?? 1_000_000, payments: numbers.dropFirst().first.flatMap { $0 } ?? 100_000)
    exit(0)
  } catch {
    FileHandle.standardError.write(Data("laurel-bench: \(error)\n".utf8))
    exit(1)
  }
}
guard let home = KafkaBroker.home else {
  FileHandle.standardError.write(Data("laurel-bench: \(KafkaBroker.skipReason)\n".utf8))
  exit(1)
}

do {
  let payments = numbers.first.flatMap { $0 } ?? 200_000
  let partitions = Int32(numbers.dropFirst().first.flatMap { $0 } ?? 4)
  let broker = try KafkaBroker.start(home: home)
  defer { broker.stop() }
  print("\(payments) payments of \(Ground.referees) referees, \(partitions) partitions, one instance of accrual, one broker")

  let ground = try Ground(bootstrap: broker.bootstrap, partitions: partitions)
  defer { ground.remove() }
  try ground.publish(payments)
  let plain = try PlainLoop.perSecond(ground, records: payments)
  print("plain loop       \(figure(plain)) records/s    (one read, one output and one changelog record each, nothing decoded)")
  let accrual = try AccrualSpeed.measure(ground, payments: payments)
  print("accrual          \(figure(accrual.paymentsPerSecond)) payments/s   (two reads each: the payment, then its earning)")
  print("                 \(figure(accrual.recordsPerSecond)) records/s")
  print("ratio            \(percent(accrual.recordsPerSecond / plain)) of the plain loop's records/s")
  print(
    "cost             \(decimal(accrual.cpuSecondsPerMillion)) CPU s a million payments, \(accrual.memoryBytesMax >> 20) MiB at most"
  )

  let quick = try Ground(bootstrap: broker.bootstrap, partitions: partitions)
  defer { quick.remove() }
  let latency = try NoticeLatency.measure(quick, perSecond: 500, seconds: 20)
  print("payment→notice   p50 \(decimal(latency.p50)) ms, p99 \(decimal(latency.p99)) ms at 500/s, --commit-ms as by default")
} catch {
  FileHandle.standardError.write(Data("laurel-bench: \(error)\n".utf8))
  exit(1)
}

func figure(_ number: Double) -> String { String(format: "%8.0f", number) }
func decimal(_ number: Double) -> String { String(format: "%.1f", number) }
func percent(_ ratio: Double) -> String { String(format: "%.0f %%", ratio * 100) }
