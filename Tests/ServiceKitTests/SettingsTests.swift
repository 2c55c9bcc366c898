import Foundation
import Testing

@testable import ServiceKit

/// Runs the body with a temporary file of this text.
private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
  try withFile(Data(text.utf8), body)
}

private func withFile<Result>(_ data: Data, _ body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "laurel-settings-\(UUID().uuidString).conf"
  try data.write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

@Suite struct SettingsTests {
  @Test(
    arguments: [
      (nil, nil, nil, "localhost:9092"),
      (nil, nil, "file:1", "file:1"),
      (nil, "env:1", nil, "env:1"),
      (nil, "env:1", "file:1", "env:1"),
      ("flag:1", nil, "file:1", "flag:1"),
      ("flag:1", "env:1", nil, "flag:1"),
      ("flag:1", "env:1", "file:1", "flag:1"),
      (nil, "", "file:1", "file:1"),
    ] as [(String?, String?, String?, String)])
  func flagsThenEnvironmentThenFileThenDefault(flag: String?, variable: String?, line: String?, expected: String) throws {
    try withFile(line.map { "bootstrap = \($0)\n" } ?? "# nothing\n") { path in
      var environment = ["PATH": "/bin", "LAUREL_CONFIG": path]
      environment["LAUREL_BOOTSTRAP"] = variable
      let invocation = try run("topics list" + (flag.map { " --bootstrap \($0)" } ?? ""), environment: environment)
      #expect(invocation.text("bootstrap") == expected)
    }
  }

  @Test func keysAreMergedAndTheStrongerSourceHasTheLastWord() throws {
    try withFile("kafka = security.protocol=ssl\n  kafka=ssl.ca.location = /file # part of it \r\n") { path in
      let invocation = try run(
        "topics list --kafka debug=all --config \(path)",
        environment: ["LAUREL_KAFKA": "security.protocol=sasl_ssl\nclient.id=x,y", "LAUREL_TERMS": "elsewhere"])
      #expect(
        invocation.list("kafka") == [
          "security.protocol=sasl_ssl", "ssl.ca.location = /file # part of it", "client.id=x,y", "debug=all",
        ])
    }
  }

  @Test func otherListsAreReplacedAsAWhole() throws {
    try withFile("tag = a\ntag = b\n") { path throws in
      #expect(try run("publish f --config \(path)").list("tag") == ["a", "b"])
      #expect(try run("publish f --config \(path)", environment: ["LAUREL_TAG": "c\nd"]).list("tag") == ["c", "d"])
      #expect(try run("publish f --config \(path) --tag e").list("tag") == ["e"])
    }
  }

  @Test func everythingWrongWithAFileIsNamedByLine() throws {
    let text = """
      # settings
      bootstap = a:1

      batch-records = many
      just words
      in-order = perhaps
      = x
      batch-records = 5
      config = other.conf
      until = 2026-01-01T00:00:00Z
      """
    try withFile(text) { path in
      #expect(
        problems("publish f --config \(path)") == [
          "\(path):5: expected 'name = value'",
          "\(path):7: expected 'name = value'",
          "\(path):2: unknown setting 'bootstap'; did you mean 'bootstrap'?",
          "\(path):8: 'batch-records' is set twice",
          "\(path):9: unknown setting 'config'",
          "\(path):6: 'in-order' must be true or false, not 'perhaps'",
          "\(path):4: 'batch-records' must be a whole number from 1 to 10000, not 'many'",
        ])
    }
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    #expect(problems("topics list --config /nowhere/x.conf") == ["/nowhere/x.conf: cannot be read: No such file or directory"])
    #expect(problems("topics list --config /tmp") == ["/tmp: cannot be read: not a file"])
    try withFile(Data([0x61, 0x20, 0x3D, 0xFF, 0xFE])) { path in
      #expect(problems("topics list --config \(path)") == ["\(path): is not UTF-8 text"])
    }
  }

  @Test(arguments: [
    (["LAUREL_BOOTSTAP": "x"], "unknown environment variable 'LAUREL_BOOTSTAP'; did you mean 'LAUREL_BOOTSTRAP'?"),
    (["LAUREL_HTTP_PORT": "8080"], "unknown environment variable 'LAUREL_HTTP_PORT'"),
    (["LAUREL_QQQQQQQQQQQQQQQ": "x"], "unknown environment variable 'LAUREL_QQQQQQQQQQQQQQQ'"),
    (["LAUREL_BATCH_RECORDS": "x"], "'LAUREL_BATCH_RECORDS' must be a whole number from 1 to 10000, not 'x'"),
    (["LAUREL_IN_ORDER": "2"], "'LAUREL_IN_ORDER' must be true or false, not '2'"),
  ])
  func anEnvironmentThatIsWrongIsRejected(environment: [String: String], problem: String) {
    #expect(problems("publish f", environment: environment) == [problem])
    // A stronger source does not hide it.
    #expect(problems("publish f --batch-records 5 --in-order", environment: environment) == [problem])
  }

  @Test(arguments: [
    ["HOME": "/x", "LAURELS": "x"], ["LAUREL_PARENT_WATCH": "stdin"], ["LAUREL_TERMS": "d"], ["LAUREL_STATE": "d"],
    ["LAUREL_FLAGS": "--threads 2"],
    // Variables that Kubernetes sets for the services "laurel-portal" and "laurel" in the same namespace.
    [
      "LAUREL_PORTAL_SERVICE_HOST": "10.0.0.1", "LAUREL_PORTAL_SERVICE_PORT": "80", "LAUREL_PORTAL_SERVICE_PORT_HTTP": "80",
      "LAUREL_PORTAL_PORT": "tcp://10.0.0.1:80", "LAUREL_PORTAL_PORT_8080_TCP": "tcp://10.0.0.1:8080",
      "LAUREL_PORTAL_PORT_8080_TCP_PROTO": "tcp", "LAUREL_PORTAL_PORT_8080_TCP_PORT": "8080",
      "LAUREL_PORTAL_PORT_8080_TCP_ADDR": "10.0.0.1", "LAUREL_SERVICE_HOST": "10.0.0.2", "LAUREL_PORT": "tcp://10.0.0.2:80",
      "LAUREL_PORT_80_UDP_ADDR": "10.0.0.2",
    ],
  ])
  func anEnvironmentOfOthersIsLeftAlone(environment: [String: String]) {
    #expect(problems("publish f", environment: environment, alsoKnown: ["state"]) == [])
  }

  @Test func requiredSettingsMayComeFromAnySource() throws {
    #expect(try run("simulate", environment: ["LAUREL_TERMS": "d"]).text("terms") == "d")
    let terms = try withFile("terms=e") { try run("simulate --config \($0)").text("terms") }
    #expect(terms == "e")
  }
}
