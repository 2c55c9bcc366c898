import Contracts
import Foundation
import Kafka
import ServiceKit
import Streaming
import Terms
import TermsFiles

/// The `main` of a service: reads settings and terms, starts logs and health, then runs sessions on the bus until a stop is requested.
public enum ServiceMain {
  /// - Parameter make: creates the service's stages from the terms.
  public static func run(_ name: ServiceName, summary: String, _ make: (Programs) -> Service) -> Never {
    run(name, summary: summary, hooks: .none, make)
  }

  /// Runs a service with injected faults, for the faults bench.
  package static func run(_ name: ServiceName, summary: String, hooks: FaultHooks, _ make: (Programs) -> Service) -> Never {
    let invocation = Settings.command(name, summary: summary).parseOrExit()
    // A service must stop within 10 s, so end a loop that hangs on the broker before that.
    Shutdown.install(deadlineSeconds: 9)
    ParentWatch.start()
    let settings = Settings(invocation, of: name)
    let log = Log(
      service: name.rawValue, instance: settings.instance, invocation: invocation,
      environment: ProcessInfo.processInfo.environment)
    do {
      let programs = try TermsFiles.load(directory: settings.termsDirectory)
      try checkState(settings.stateDirectory)
      let health = Health(silenceSecondsMax: 60)
      let metrics = Metrics()
      let server = try HealthServer(address: settings.httpAddress, health: health, metrics: metrics)
      log.notice(
        "started",
        [
          "bootstrap": settings.bootstrap, "http": server.port, "programs": programs.all.map(\.id.value).joined(separator: ","),
          "group": settings.group, "threads": settings.threads,
        ])
      let connection = Kafka.Configuration(bootstrap: settings.bootstrap, properties: settings.kafka)
      if let caution = connection.caution { log.warning(caution) }
      let worker = Worker(
        service: make(programs), programs: programs.ids, settings: settings, log: log, health: health, metrics: metrics,
        hooks: hooks)
      try worker.run()
      log.notice("stopped")
      end(0)
    } catch {
      log.error("fatal: \(error)")
      end(1)
    }
  }

  /// Ends the process without its destructors, because a thread that still waits for the broker must not meet them.
  private static func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }

  /// Checks the state folder at the start. Later, the service would already own partitions that it cannot serve.
  private static func checkState(_ directory: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw StoreError.unavailable("--state \(directory): cannot create this folder: \(systemReason(error))")
    }
    guard access(directory, W_OK | X_OK) == 0 else {
      throw StoreError.unavailable("--state \(directory): cannot write to this folder: \(String(cString: strerror(errno)))")
    }
  }
}
