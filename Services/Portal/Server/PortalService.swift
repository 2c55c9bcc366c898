import Contracts
import Foundation
import JSON
import PortalAccess
import ServiceKit
import TermsFiles
import Worker

/// The `main` of the portal. It reads settings, terms and keys. Then it reads the bus on this thread and serves pages on others,
/// until a stop is requested.
package enum PortalService {
  package static func run() -> Never {
    let invocation = PortalSettings.command.parseOrExit(alsoKnown: Settings.names)
    Shutdown.install(deadlineSeconds: 9)
    ParentWatch.start()
    let settings = PortalSettings(invocation)
    let log = Log(
      service: "portal", instance: "portal", invocation: invocation, environment: ProcessInfo.processInfo.environment)
    do {
      try serve(settings, log)
      log.notice("stopped")
      exit(0)
    } catch {
      log.error("fatal: \(error)")
      exit(1)
    }
  }

  private static func serve(_ settings: PortalSettings, _ log: Log) throws {
    let programs = try TermsFiles.load(directory: settings.termsDirectory)
    let keys = try readKeys(settings.keysFile)
    try FileManager.default.createDirectory(atPath: settings.stateDirectory, withIntermediateDirectories: true)
    let health = Health(silenceSecondsMax: 60)
    let registry = Metrics()
    let metrics = PortalMetrics(registry)
    let state = FeedState()
    // Serve the figures of an earlier run at once, with their age, whether or not the bus is available.
    state.isCaughtUp = (try? ReadModel(settings.modelPath).isComplete()) ?? false
    let store = try RequestStore(settings.requestsPath, now: .now)
    let sender = RequestSender(settings: settings, store: store, log: log, metrics: metrics)
    let portal = try Portal(
      settings, programs: programs, keys: keys, state: state, store: store, sender: sender, log: log, metrics: metrics)
    let site = Site(portal: portal)
    var limits = HTTPServer.Limits()
    limits.threads = settings.threads
    limits.connections = 1_000
    limits.connectionsPerAddress = settings.proxies > 0 ? 0 : 100
    let pages = try HTTPServer(address: settings.pagesAddress, limits: limits) { site.answer($0) }
    defer { pages.stop() }
    let healthServer = try HealthServer(address: settings.httpAddress, health: health, metrics: registry)
    defer { healthServer.stop() }
    sender.start()
    log.notice(
      "started",
      [
        "bootstrap": settings.bootstrap, "http": healthServer.port, "pages": pages.port,
        "programs": programs.all.map(\.id.value).joined(separator: ","), "forTrying": settings.isForTrying,
      ])
    if settings.isForTrying { log.warning("--for-trying: anyone can sign in as any account") }
    let only = programs.all.count == 1 ? programs.all.first?.id : nil
    Feed(settings: settings, only: only, state: state, log: log, health: health, metrics: metrics).run()
  }

  private static func readKeys(_ path: String) throws -> AccessKeys {
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw PortalFault("--keys \(path): \(systemReason(error))")
    }
    do throws(JSONError) { return try JSONParser().decode(AccessKeys.self, from: Array(bytes)) } catch {
      throw PortalFault("--keys \(path): \(error.path.isEmpty ? error.detail : "\(error.path): \(error.detail)")")
    }
  }
}
