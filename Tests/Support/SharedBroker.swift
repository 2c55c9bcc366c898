import Foundation
import Synchronization

/// The one broker that all suites of a test process share, and the rule for machines without one.
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

  /// Whether a missing broker is a failure: where CI=true.
  public static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

  /// For `.enabled(if:)`: false only where there is no Kafka and none is required, so that the test is seen to be skipped there
  /// and fails in CI.
  public static var runsTests: Bool { home != nil || isRequired }

  /// Beside `runsTests`: what a person who sees the test skipped can do.
  public static let skipReason = "no Kafka here: set KAFKA_HOME to an unpacked Apache Kafka"

  /// The shared broker, started at the first call.
  /// - Returns: nil where there is no Kafka and none is required.
  /// - Throws: `BrokerFailure` where it is required or does not start.
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

  /// The shared broker for a test that has asked `runsTests`.
  public static func forTest() throws -> KafkaBroker {
    guard let broker = try shared() else { throw BrokerFailure(skipReason) }
    return broker
  }
}

private let sharedBroker = Mutex<Result<KafkaBroker, any Error>?>(nil)

/// A name that no other test uses, for topics, groups and transactional ids.
public func uniqueName(_ subject: String) -> String { "\(subject)-\(UUID().uuidString.prefix(8).lowercased())" }
