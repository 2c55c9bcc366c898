import CommandKit
import Deployment
import ServiceKit
import Terms
import Worker

/// `laurel topics acls`: prints what each program may do on the bus, so that the broker can enforce it.
enum TopicAccess {
  static let command = Command(
    "acls", summary: "Print the commands that give each service exactly the rights it needs",
    discussion: """
      Prints kafka-acls.sh commands, one a line, for the four services and for everything that works with them: the billing system \
      (publisher), the payment provider's adapter (provider), readers of notices (reader), the account pages (portal), operators \
      at their desk (desk) and this command (operator). It changes nothing on a broker. The broker needs \
      authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer. The rights name a service's own group and \
      transactional ids, so they depend on --group and --topic-prefix.
      """,
    example: """
      laurel topics acls --bootstrap localhost:9093 --command-config admin.properties | PATH=$KAFKA_HOME/bin:$PATH sh
      # users that log in with SASL
      laurel topics acls --principal-prefix User:
      # every right, one a line
      laurel topics acls --json
      """,
    options: Settings.connection.filter { ["topic-prefix", "config"].contains($0.name) } + [
      Option(
        "bootstrap", placeholder: "HOST:PORT", help: "For the commands' --bootstrap-server", defaultValue: "localhost:9092"),
      Option(
        "principal-prefix", placeholder: "TEXT", help: "Text before a party's name in its principal",
        defaultValue: "User:CN="),
      Option("principal-suffix", placeholder: "TEXT", help: "Text after the name, such as ',O=Example'"),
      Option("command-config", placeholder: "FILE", help: "For the commands' --command-config: how to log in to the broker"),
      Option("json", help: "Print the rights as JSON objects, one a line, instead of commands"),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let access = Access(services: Deployment.services(Programs([])), prefix: invocation.text("topic-prefix"))
    let login = invocation.optionalText("command-config").map { ["--command-config", $0] } ?? []
    let start = ["kafka-acls.sh", "--bootstrap-server", invocation.text("bootstrap")] + login
    var lines: [String] = []
    for party in Access.Party.allCases {
      let principal =
        invocation.text("principal-prefix") + party.name + (invocation.optionalText("principal-suffix") ?? "")
      let rights = access.rights(of: party)
      if invocation.flag("json") {
        lines += rights.map { json(principal, $0) }
      } else {
        lines.append("# \(party.name): \(party.summary)")
        lines += commands(rights).map { arguments in
          (start + ["--add", "--allow-principal", principal] + arguments).map(quoted).joined(separator: " ")
        }
      }
    }
    try ResultOutput().print(lines)
    return 0
  }

  /// The arguments that grant the rights, in as few commands as possible. `kafka-acls.sh` can grant one operation on many
  /// resources.
  static func commands(_ rights: [AccessRight]) -> [[String]] {
    AccessRight.Pattern.allCases.flatMap { pattern in
      AccessRight.Operation.allCases.compactMap { operation -> [String]? in
        let granted = rights.filter { $0.pattern == pattern && $0.operation == operation }
        guard !granted.isEmpty else { return nil }
        let kind = pattern == .literal ? [] : ["--resource-pattern-type", pattern.rawValue]
        return ["--operation", operation.rawValue] + kind + granted.flatMap { ["--\($0.resource.rawValue)", $0.name] }
      }
    }
  }

  /// Quotes a word so that a POSIX shell reads it as one word.
  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-:=/,".contains($0)) }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }

  private static func json(_ principal: String, _ right: AccessRight) -> String {
    let members: JSONMembers = [
      "name": right.name, "operation": right.operation.rawValue, "pattern": right.pattern.rawValue, "principal": principal,
      "resource": right.resource.rawValue,
    ]
    return members.line
  }
}
