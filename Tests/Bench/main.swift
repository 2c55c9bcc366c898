import Foundation
import TestSupport

// laurel-bench [PAYMENTS [PARTITIONS]]: measures how fast accrual processes payments on real Kafka, beside a plain loop of the same shape
// in the same run, and how long a payment takes to become a notice. It has no target figure.

// laurel-bench backlog [PAYMENTS]: measures one instance's memory for a tenth of a backlog and for all of it, whether it slows down, and
// how fast its state is restored afterwards. On real Kafka.

// laurel-bench state [REFEREES [PAYMENTS]]: measures the cost and the state of an event among a thousand others and among a million.
// Without Kafka.

// laurel-bench codec: measures decoding and encoding a message, beside Foundation. Without Kafka.

// laurel-bench portal [REFEREES]: measures the notices per second of the portal's read model, and the time of its queries. Without Kafka.

// laurel-bench size [REFEREES]: what one account and one payment cost a whole deployment, for `laurel size`; on real Kafka.

let subjects = ["backlog": 1, "state": 2, "codec": 0, "portal": 1, "size": 1]
let subject = CommandLine.arguments.dropFirst().first.flatMap { subjects[$0] == nil ? nil : $0 }
let numbers = CommandLine.arguments.dropFirst(subject == nil ? 1 : 2).map { Int($0) }
guard numbers.count <= subject.flatMap({ subjects[$0] }) ?? 2, numbers.allSatisfy({ ($0 ?? 0) > 0 }) else {
  FileHandle.standardError.write(
    Data(
      """
      Usage: laurel-bench [PAYMENTS [PARTITIONS]]
             laurel-bench backlog [PAYMENTS]
             laurel-bench state [REFEREES [PAYMENTS]]
             laurel-bench codec
             laurel-bench portal [REFEREES]
             laurel-bench size [REFEREES]

      """.utf8))
  exit(2)
}

do {
  switch subject {
  case "state": try StateBench().run(referees: number(0, or: 1_000_000), payments: number(1, or: 100_000))
  case "codec": try CodecBench.run()
  case "portal": try PortalBench().run(referees: number(0, or: 1_000_000))
  case "size": try SizeBench().run(referees: number(0, or: 50_000))
  case "backlog": try measureBacklog(number(0, or: 5_000_000))
  default: try measureSpeed(payments: number(0, or: 200_000), partitions: Int32(number(1, or: 4)))
  }
} catch {
  FileHandle.standardError.write(Data("laurel-bench: \(error)\n".utf8))
  exit(1)
}

func measureSpeed(payments: Int, partitions: Int32) throws {
  let broker = try startBroker()
  defer { broker.stop() }
  print("\(payments) payments of \(Ground.referees) referees, \(partitions) partitions, one instance of accrual, one broker")

  let ground = try Ground(bootstrap: broker.bootstrap, partitions: partitions)
  defer { ground.remove() }
  try ground.publish(payments)
  let accrual = try AccrualSpeed.measure(ground, payments: payments)
  let written = try ground.writtenByAccrual()
  let load = PlainLoop.Load(reads: 2, writes: written.records / payments, bytes: written.bytes / max(1, written.records))
  let plain = try PlainLoop.perSecond(ground, payments: payments, load)
  print(
    "plain loop       \(figure(plain)) payments/s   (\(load.reads) reads and \(load.writes) writes of \(load.bytes) bytes each)")
  print("accrual          \(figure(accrual.paymentsPerSecond)) payments/s   (two reads each: the payment, then its earning)")
  print("                 \(figure(accrual.recordsPerSecond)) records/s")
  print(
    "ratio            \(percent(accrual.paymentsPerSecond / plain)) of the plain loop's payments/s, with as many records and bytes"
  )
  print(
    "cost             \(decimal(accrual.cpuSecondsPerMillion)) CPU s a million payments, \(accrual.memoryBytesMax >> 20) MiB at most"
  )

  let quick = try Ground(bootstrap: broker.bootstrap, partitions: partitions)
  defer { quick.remove() }
  let latency = try NoticeLatency.measure(quick, perSecond: 500, seconds: 20)
  print("payment→notice   p50 \(decimal(latency.p50)) ms, p99 \(decimal(latency.p99)) ms at 500/s, default --commit-ms")
}

func measureBacklog(_ payments: Int) throws {
  let broker = try startBroker()
  defer { broker.stop() }
  print(
    "a backlog of payments of \(Ground.referees) referees, 4 partitions, one instance of accrual that was stopped, one broker")
  let small = try workOff(payments / 10, broker)
  let large = try workOff(payments, broker)
  print(
    "ratio            \(ratio(Double(large.memoryBytesMax) / Double(small.memoryBytesMax))) of the small backlog's memory, "
      + "\(ratio(large.perSecond / small.perSecond)) of its payments/s")
}

func workOff(_ payments: Int, _ broker: KafkaBroker) throws -> Backlog {
  let ground = try Ground(bootstrap: broker.bootstrap, partitions: 4)
  defer { ground.remove() }
  try ground.publish(payments)
  let backlog = try Backlog.measure(ground, payments: payments)
  print("\(payments) payments")
  print(
    "  worked off in  \(figure(backlog.seconds)) s, \(figure(backlog.perSecond)) payments/s; the first tenth at "
      + "\(figure(backlog.firstTenth)), the last at \(figure(backlog.lastTenth)): \(ratio(backlog.lastTenth / backlog.firstTenth))"
  )
  print("  memory at most \(figure(backlog.memoryBytesMax >> 20)) MiB; after the first tenth \(backlog.earlyBytesMax >> 20) MiB")
  let restore = try Restore.measure(ground)
  print(
    "  restored       \(figure(restore.rows)) rows at \(figure(Double(restore.rows) / restore.seconds)) rows/s a thread, ready after "
      + "\(decimal(restore.readySeconds)) s, told \(restore.progressLines) times, \(restore.memoryBytesMax >> 20) MiB at most")
  // Flush now, because the whole run takes minutes and output to a file is buffered.
  fflush(nil)
  return backlog
}

func startBroker() throws -> KafkaBroker {
  guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
  return try KafkaBroker.start(home: home)
}

func number(_ index: Int, or standard: Int) -> Int { numbers.indices.contains(index) ? numbers[index] ?? standard : standard }
func figure(_ number: Double) -> String { String(format: "%8.0f", number) }
func figure(_ number: Int) -> String { String(format: "%8d", number) }
func decimal(_ number: Double) -> String { String(format: "%.1f", number) }
func percent(_ ratio: Double) -> String { String(format: "%.0f %%", ratio * 100) }
func ratio(_ ratio: Double) -> String { String(format: "%.2f", ratio) }
