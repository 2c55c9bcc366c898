import Foundation
import Synchronization

/// The broker that all suites of a test process share, and the rule for machines without one.
extension KafkaBroker {
  /// KAFKA_HOME from the environment, else `../shared/kafka` beside this package, else nil.
  public static let home: URL? = {
    let manager = FileManager.default
    func holdsKafka(_ folder: URL) -> Bool {
      manager.fileExists(atPath: folder.appending(path: "bin/kafka-server-start.sh").path)
    }
    if let path = ProcessInfo.processInfo.environment["KAFKA_HOME"], !path.isEmpty {
      let folder = URL(filePath: path)
      return holdsKafka(folder) ? folder : nil
    }
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = package.deletingLastPathComponent().appending(path: "shared/kafka")
    return holdsKafka(folder) ? folder : nil
  }()

  /// Whether a missing broker is a failure: true if CI=true.
  public static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

  /// For `.enabled(if:)`. False only if there is no Kafka and none is required: then the test is reported as skipped. In CI it fails.
  public static var runsTests: Bool { home != nil || isRequired }

  /// Shown beside a skipped test: what to do about it.
  public static let skipReason = "no Kafka here: set KAFKA_HOME to an unpacked Apache Kafka"

  /// The shared broker, started at the first call.
  /// - Returns: nil if there is no Kafka and none is required.
  /// - Throws: `BrokerFailure` if it is required, or does not start.
  public static func shared() throws -> KafkaBroker? {
    try sharedBroker.withLock { known in
      if let known { return try known.get() }
      guard let home else {
        if isRequired { throw BrokerFailure(skipReason) }
        return nil
      }
      let result: Result<KafkaBroker, any Error> = Result { try start(home: home) }
      known = result
      return try result.get()
    }
  }

  /// The shared broker, for a test that has checked `runsTests`.
  public static func forTest() throws -> KafkaBroker {
    guard let broker = try shared() else { throw BrokerFailure(skipReason) }
    return broker
  }
}

private let sharedBroker = Mutex<Result<KafkaBroker, any Error>?>(nil)

/// A name that no other test uses, for topics, groups and transactional ids.
public func uniqueName(_ subject: String) -> String { "\(subject)-\(UUID().uuidString.prefix(8).lowercased())" }
