import Contracts
import Testing

@testable import BusCommands

/// The examples of `make demo`.
@Suite struct DemoTests {
  /// The files give the figures that the demo promises, and each figure is really checked.
  @Test func figuresOfTheExamples() throws {
    let notices = try simulated()
    for figure in DemoFigure.all {
      #expect(figure.holds(notices), "\(figure.program): \(figure.text)")
      #expect(!figure.holds([]), "\(figure.program): \(figure.text)")
    }
  }

  @Test func aNoticeTwiceIsSeen() throws {
    let notices = try simulated()
    let once = try #require(DemoFigure.all.last)
    #expect(!once.holds(notices + [try #require(notices.last)]))
    let gap = try #require(notices.firstIndex { $0.message is RewardAccrued })
    #expect(!once.holds(Array(notices[..<gap] + notices[(gap + 1)...])))
  }

  private func simulated() throws -> [DemoNotice] {
    try ["bonus", "cash", "tiers"].map { "\(Example.demo)/\($0).jsonl" }.reduce(into: []) { $0 += try Example.simulated($1) }
  }
}
