import CommandKit
import Contracts
import Deployment
import ServiceKit
import Terms
import Worker

/// `laurel topics manifests`: prints the topics and the rights to them for Strimzi, which creates both on Kubernetes.
enum TopicManifests {
  static let command = Command(
    "manifests", summary: "Print the topics and the rights to them as Strimzi's KafkaTopic and KafkaUser",
    discussion: """
      Prints YAML for kubectl apply. Each party of 'laurel topics acls' becomes a user that logs in with the certificate in the \
      secret of the same name.
      """,
    example: """
      laurel topics manifests --partitions 12 >ops/kubernetes/base/topics.yaml
      # a second deployment on the same brokers
      laurel topics manifests --cluster main --topic-prefix staging.
      """,
    options: Settings.connection.filter { ["topic-prefix", "config"].contains($0.name) } + [
      Option("cluster", placeholder: "NAME", help: "Strimzi's Kafka cluster", defaultValue: "laurel"),
      Option("partitions", placeholder: "N", kind: .integer(1...10_000), help: "Partitions of every topic", defaultValue: "4"),
      Option("replication", placeholder: "N", kind: .integer(1...10), help: "Copies of every record", defaultValue: "3"),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let prefix = invocation.text("topic-prefix")
    let access = Access(services: Deployment.services(Programs([])), prefix: prefix)
    func resource(_ kind: String, _ name: String, _ spec: [String]) -> [String] {
      // Kubernetes allows only lower case in names, and no underscores.
      let name = (prefix + name).lowercased().replacing("_", with: "-")
      let head = """
        ---
        apiVersion: kafka.strimzi.io/v1
        kind: \(kind)
        metadata: {name: \(name), labels: {strimzi.io/cluster: \(invocation.text("cluster"))}}
        spec:
        """
      return [head] + spec.map { "  \($0)" }
    }
    let topics = Topic.catalogue.flatMap { topic in
      let settings = Topics.settings(of: topic).sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
      return resource(
        "KafkaTopic", topic.name,
        [
          "topicName: \(prefix)\(topic.name)", "partitions: \(invocation.integer("partitions"))",
          "replicas: \(invocation.integer("replication"))", "config: {\(settings.joined(separator: ", "))}",
        ])
    }
    let users = Access.Party.allCases.flatMap { resource("KafkaUser", $0.name, user(access.rights(of: $0))) }
    try ResultOutput().print(topics + users)
    return 0
  }

  /// A user's spec. It lists each resource once, with all allowed operations.
  private static func user(_ rights: [AccessRight]) -> [String] {
    var resources: [String] = []
    var operations: [String: [String]] = [:]
    for right in rights {
      let type = right.resource == .transactionalID ? "transactionalId" : right.resource.rawValue
      let pattern = right.pattern == .prefixed ? "prefix" : right.pattern.rawValue
      let resource = "{type: \(type), name: \(right.name), patternType: \(pattern)}"
      if operations[resource] == nil { resources.append(resource) }
      operations[resource, default: []].append(right.operation.rawValue)
    }
    return ["authentication: {type: tls}", "authorization:", "  type: simple", "  acls:"]
      + resources.map { "    - {resource: \($0), operations: [\(operations[$0, default: []].joined(separator: ", "))]}" }
  }
}
