import Contracts
import Foundation
import Kafka
import RocksStore
import ServiceKit
import Streaming
import Synchronization

/// Runs sessions on the bus, one after the other. An error that an abort cannot fix ends the session, and the next one starts from the
/// bus and the stores, as after a restart.
public final class Worker: Sendable {
  /// The longest delay after a disk error. It is short, because trying again is cheap.
  private static let diskDelayMax = Duration.seconds(5)
  /// How long a stop waits for the threads.
  private static let stopMax = Duration.seconds(7)
  /// The main thread's stack size. Other threads would get less.
  private static let stackBytes = 8 << 20

  private let service: Service
  private let programs: Set<ProgramID>
  private let settings: Settings
  private let log: Log
  private let health: Health
  private let metrics: WorkerMetrics
  private let resources: RocksResources
  private let hooks: FaultHooks
  /// `nil` without `--standby`.
  private let standby: Standby?
  /// The first fatal error.
  private let failure = Mutex<(any Error)?>(nil)

  package init(
    service: Service, programs: Set<ProgramID>, settings: Settings, log: Log, health: Health, metrics: Metrics, hooks: FaultHooks
  ) {
    self.service = service
    self.programs = programs
    self.settings = settings
    self.log = log
    self.health = health
    let metrics = WorkerMetrics(metrics)
    self.metrics = metrics
    self.hooks = hooks
    resources = RocksResources(blockCacheBytes: settings.blockCacheBytes)
    standby =
      settings.isStandby
      ? Standby(service: service, settings: settings, resources: resources, log: log, metrics: metrics) : nil
  }

  /// Returns when a stop is requested. A thread that waits for a dead broker is left running, and the broker aborts its transaction as
  /// if the process had been killed.
  ///
  /// - Throws: an error that a retry cannot fix, such as an invalid setting or state that contradicts the bus. It ends all threads.
  public func run() throws {
    let ended = DispatchGroup()
    start("worker", ended) { [self] in try runSessions() }
    if let standby { start("standby", ended) { try standby.run() } }
    var giveUp: ContinuousClock.Instant?
    defer { log.writeHeld(all: true) }
    while ended.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      log.writeHeld()
      checkDescriptors()
      guard Shutdown.requested else { continue }
      let limit = giveUp ?? .now + Self.stopMax
      giveUp = limit
      guard ContinuousClock.now < limit else {
        log.warning("stopping without waiting for the broker, which will abort the open transactions")
        break
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func start(_ name: String, _ ended: DispatchGroup, _ body: @escaping @Sendable () throws -> Void) {
    ended.enter()
    let thread = Thread { [self] in
      defer { ended.leave() }
      do { try body() } catch {
        failure.withLock { first in
          if first == nil { first = error }
          if !Shutdown.requested { Shutdown.request() }
        }
      }
    }
    thread.name = name
    thread.stackSize = Self.stackBytes
    thread.start()
  }

  /// Warns if no file descriptors are left. Otherwise libraries and the health server would only wait and retry silently.
  private func checkDescriptors() {
    let probe = dup(STDERR_FILENO)
    if probe >= 0 {
      close(probe)
    } else if errno == EMFILE || errno == ENFILE {
      let reason = String(cString: strerror(errno))
      log.limited(.error, kind: "descriptors", "out of file descriptors: \(reason). Raise the limit (ulimit -n, LimitNOFILE=)")
    }
  }

  private func runSessions() throws {
    var delay = GrowingDelay()
    while !Shutdown.requested {
      do {
        var configuration = settings.configuration(log)
        configuration.endsEpochOnUnknownOutcome = hooks.endsEpochOnUnknownOutcome
        guard let partitions = try waitForTopics(configuration) else { return }
        metrics.topicPartitions.set(Int(partitions))
        let session = try Session(
          service: service, programs: programs, settings: settings, configuration: configuration, partitions: partitions,
          resources: resources, log: log, health: health, metrics: metrics, hooks: hooks,
          reportOwned: { [standby] in standby?.own($0, of: partitions) })
        defer { session.close() }
        try session.run(onProgress: { delay.reset() })
      } catch let error as Disagreement {
        throw error
      } catch let error as KafkaError where error.isConfigurationMistake {
        throw error
      } catch {
        guard !Shutdown.requested else { return }
        let wait = error is StoreError ? min(delay.next(), Self.diskDelayMax) : delay.next()
        if let remedy = remedy(for: error) {
          log.error(remedy)
          health.ready = .no("starting over: \(error); \(remedy)")
        } else {
          health.ready = .no("starting over: \(error)")
        }
        metrics.sessionsEnded.add()
        log.error("starting over: \(error)", ["waitSeconds": wait.seconds])
        pause(wait)
      }
    }
  }

  /// What an operator can do about the error that ended a session; `nil` if they can only wait.
  private func remedy(for error: any Error) -> String? {
    guard let cause = (error as? TransactionFailure)?.error ?? error as? KafkaError else { return nil }
    if cause.meansNamesake {
      return "another running instance is called '\(settings.instance)' too: give each its own --instance"
    }
    if cause.meansNoRight {
      let ids = service.name.transactionalIDs(prefix: settings.topicPrefix)
      return """
        the broker's ACLs deny this principal a right: it needs its topics, the group \(settings.group) and the \
        transactional id \(ids)\(settings.instance); \(rightsCommand)
        """
    }
    return cause.meansNoLogin ? loginHint : nil
  }

  private var rightsCommand: String {
    "'laurel topics acls \(settings.flags)' prints the commands that give each service its rights"
  }

  private var loginHint: String {
    "check the ssl.… and sasl.… properties given by --kafka, LAUREL_KAFKA or --config"
  }

  /// Waits until the broker answers and has all the service's topics with the same number of partitions. Returns that number, or
  /// `nil` if a stop is requested first.
  /// - Throws: `KafkaError` if a property is invalid.
  private func waitForTopics(_ configuration: Kafka.Configuration) throws -> Int32? {
    func report(_ readiness: String, _ level: (Log, String) -> Void) {
      health.ready = .no(readiness)
      level(log, readiness)
    }
    // Retry soon: the query is cheap, and someone may just be starting the broker.
    var delay = GrowingDelay(limit: .seconds(5))
    while !Shutdown.requested {
      health.beat()
      do {
        let admin = try Admin(configuration)
        let needed = TopicNames(prefix: settings.topicPrefix, service: service, partitions: 0).all
        let counts = try admin.partitionCounts(of: needed, timeoutMilliseconds: 3000)
        let missing = needed.filter { counts[$0] == nil }
        if missing.isEmpty {
          let different = Set(needed.compactMap { counts[$0] })
          if different.count == 1, let partitions = different.first { return partitions }
          report("the topics have different numbers of partitions") { log, _ in
            log.error("the topics must all have the same number of partitions", ["numbers": "\(different.sorted())"])
          }
        } else if case let hidden = try admin.hidden(of: missing, timeoutMilliseconds: 3000).sorted(), !hidden.isEmpty {
          let names = hidden.joined(separator: ",")
          report("the broker's ACLs give this principal no right to \(names); \(rightsCommand)") { log, _ in
            log.error(
              "the broker's ACLs give this principal no right to topics that it needs; \(rightsCommand)", ["topics": names])
          }
        } else {
          report("waiting for topics") { log, _ in
            log.warning(
              "waiting for topics: create them with 'laurel topics create \(settings.flags)'",
              ["missing": missing.joined(separator: ",")])
          }
        }
      } catch {
        if error.isConfigurationMistake { throw error }
        let hint = error.meansNoLogin ? "; \(configuration.caution ?? loginHint)" : ""
        let wait = "waiting for the broker at \(settings.bootstrap): \(error)\(hint)"
        report(wait) { $0.warning($1) }
      }
      pause(delay.next())
    }
    return nil
  }

  /// Waits, at most until a stop is requested, and keeps the health check alive.
  private func pause(_ duration: Duration) {
    var left = duration
    while left > .zero, !Shutdown.requested {
      health.beat()
      _ = Shutdown.wait(upTo: min(left, .seconds(1)))
      left -= .seconds(1)
    }
  }
}

/// State and bus contradict each other. A restart cannot fix this, so an operator must.
public struct Disagreement: Error, CustomStringConvertible {
  public let description: String
}

extension Duration {
  var roundedUpMilliseconds: Int32 { Int32(clamping: (self + .nanoseconds(999_999)).milliseconds) }
}

extension Log {
  /// Writes a line of librdkafka to the service's log.
  package func kafka(_ line: Kafka.LogLine) {
    let fields: LogFields = ["facility": line.facility]
    switch line.level {
    case ...3: error("kafka: \(line.text)", fields)
    case 4: warning("kafka: \(line.text)", fields)
    case 5, 6: info("kafka: \(line.text)", fields)
    default: debug("kafka: \(line.text)", fields)
    }
  }
}
