import Contracts
import Deployment
import FaultBench
import Foundation
import Kafka
import Terms
import TestSupport
import Testing

/// A broker that identifies clients by their certificates and enforces ACLs. The test's own certificate may do everything.
struct SecuredBus: Sendable {
  /// The password of the user `console`, who may do everything too.
  static let password = "pl4in-s3cret"

  /// The parties that get rights here. Each command starts a JVM, so the other parties' rights are tested only as a table.
  static let parties: [Access.Party] = ServiceName.allCases.map { .service($0) } + [.publisher, .desk]

  let broker: KafkaBroker
  let access: Access
  let prefix: String
  let folder: URL
  private let certificates: Certificates
  private let home: URL

  /// With topics, but without rights.
  static func run(_ body: (SecuredBus, Installation) throws -> Void) throws {
    let home = try #require(KafkaBroker.home, "\(KafkaBroker.skipReason)")
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-tls"), directoryHint: .isDirectory)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificates = try Certificates(in: folder, of: ["broker", "test"] + parties.map(\.name))
    let broker = try KafkaBroker.start(
      home: home,
      settings: [
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        // ANONYMOUS is the broker itself. Only it connects to the controller's port.
        "super.users": "User:ANONYMOUS;User:CN=broker;User:CN=test;User:console",
        "inter.broker.listener.name": "SSL", "ssl.client.auth": "required", "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificates.store("broker").path, "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificates.authority.path, "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config":
          "org.apache.kafka.common.security.plain.PlainLoginModule required user_console=\"\(password)\";",
      ], listeners: ["SSL", "SASL_PLAINTEXT"], client: certificates.properties("test"))
    defer { broker.stop() }
    try Installation.run(bootstrap: broker.bootstrap, properties: certificates.properties("test")) { installation in
      try installation.createTopics()
      let bus = SecuredBus(
        broker: broker, access: Access(services: Deployment.services(Programs([])), prefix: installation.prefix),
        prefix: installation.prefix, folder: folder, certificates: certificates, home: home)
      try body(bus, installation)
    }
  }

  func name(_ topic: Topic) -> String { prefix + topic.name }

  /// The client configuration for a certificate.
  func configuration(_ certificate: String) -> Configuration {
    Configuration(bootstrap: broker.bootstrap, properties: certificates.properties(certificate), log: { _ in })
  }

  /// The arguments for a service's own group and a certificate.
  func arguments(_ service: ServiceName, as certificate: String) -> [String] {
    ["--group", service.group(prefix: prefix)]
      + certificates.properties(certificate).sorted { $0.key < $1.key }.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }
  }

  /// Starts a service outside the installation.
  func process(_ service: ServiceName, as certificate: String, extra: [String] = []) throws -> ServiceProcess {
    let name = uniqueName(service.rawValue)
    return try ServiceProcess(
      service.rawValue, name: name,
      arguments: [
        "--bootstrap", broker.bootstrap, "--terms", Installation.terms.path, "--state", folder.appending(path: name).path,
        "--instance", name, "--topic-prefix", prefix,
      ] + arguments(service, as: certificate) + extra, folder: folder)
  }

  /// Runs the command with a certificate.
  func laurel(_ arguments: [String], as certificate: String) throws -> ServiceProcess {
    let login = certificates.properties(certificate).sorted { $0.key < $1.key }.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }
    return try ServiceProcess(
      "laurel", name: uniqueName("laurel"),
      arguments: arguments + ["--bootstrap", broker.bootstrap, "--topic-prefix", prefix] + login,
      folder: folder)
  }

  /// Runs the commands that `laurel topics acls` prints for these parties, two at a time, as an operator would.
  func grantRights() throws {
    let login = folder.appending(path: "admin.properties")
    try """
    security.protocol=SSL
    ssl.keystore.type=PEM
    ssl.keystore.location=\(certificates.store("test").path)
    ssl.truststore.type=PEM
    ssl.truststore.location=\(certificates.authority.path)
    """.write(to: login, atomically: true, encoding: .utf8)
    try runScript(
      #"""
      set -e
      "$1" topics acls --bootstrap "$2" --topic-prefix "$3" --command-config "$4" >acls
      sed '/^# provider/,/^# desk/d; /^# operator/,$d; /^#/d' acls | PATH="$5/bin:$PATH" xargs -d '\n' -n 1 -P 2 sh -c >acls.output 2>&1
      """#,
      [
        try BuiltProgram.url("laurel").path, broker.bootstrap, prefix, login.path, home.path,
      ], in: folder,
      // These JVMs live for a second, so optimising compilation is not worth it.
      environment: ["JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"])
  }
}

/// A certificate authority and the certificates that it has signed, as PEM files from `openssl`.
struct Certificates: Sendable {
  private let folder: URL

  /// - Parameter names: common names. The certificate `stranger` is added, which no authority has signed.
  init(in folder: URL, of names: [String]) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try runScript(
      #"""
      set -e
      make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "$@" 2>openssl.log; }
      make -subj /CN=authority -keyout authority.key -out authority.pem
      make -subj /CN=stranger -keyout stranger.key -out stranger.pem
      for name do
        make -CA authority.pem -CAkey authority.key -subj "/CN=$name" -addext subjectAltName=IP:127.0.0.1 \
          -addext basicConstraints=critical,CA:FALSE -keyout "$name.key" -out "$name.pem"
        cat "$name.key" "$name.pem" >"$name.store"
      done
      """#, names, in: folder)
  }

  var authority: URL { folder.appending(path: "authority.pem") }
  /// Key and certificate in one file, as Kafka needs them.
  func store(_ name: String) -> URL { folder.appending(path: "\(name).store") }

  /// The properties for librdkafka.
  func properties(_ name: String) -> [String: String] {
    [
      "security.protocol": "SSL", "ssl.ca.location": authority.path,
      "ssl.certificate.location": folder.appending(path: "\(name).pem").path,
      "ssl.key.location": folder.appending(path: "\(name).key").path,
    ]
  }
}
