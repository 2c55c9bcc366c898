import Contracts
import Deployment
import ScenarioFiles
import Streaming
import TermsFiles
import Testing

/// Which services read which topics.
@Suite struct TopologyTests {
  /// A message that its writer also reads may run without going through its topic (ops/docs/decisions/0009), so no other service may read it.
  @Test func `An internal topic has one reader`() throws {
    let services = Deployment.services(try TermsFiles.load(directory: Examples.terms.path))
    for topic in Topic.catalogue where topic.kind == .internal && !topic.isRepartitioned {
      #expect(services.filter { $0.inputs.contains(topic) }.count == 1, "\(topic.name)")
    }
  }
}
