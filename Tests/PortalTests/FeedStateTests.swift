import Contracts
import Kafka
import Testing

@testable import Portal

/// When the figures count as complete.
@Suite struct FeedStateTests {
  private let partition = TopicPartition(topic: "rewards", partition: 0)
  private let now = Instant(milliseconds: 1_770_000_000_000)

  /// A query of the former session may end while the file is rebuilt. Its answer must not make the new, partial file count as complete.
  @Test func aLateAnswerDoesNotEndARebuild() {
    let state = FeedState()
    state.begin(at: [partition: 10])
    state.reported(ends: [partition: 10], askedAt: now)
    #expect(state.isCaughtUp)
    state.rebuilds()
    state.reported(ends: [partition: 10], askedAt: now)
    #expect(!state.isCaughtUp && state.freshness(now: now).asOf == nil)
    state.begin(at: [partition: 0])
    state.reported(ends: [partition: 10], askedAt: now)
    #expect(!state.isCaughtUp && state.freshness(now: now).rebuilding == .init(percent: 0, secondsLeft: 0))
    state.committed([partition: 10])
    state.reported(ends: [partition: 10], askedAt: now)
    #expect(state.isCaughtUp && state.freshness(now: now).asOf == now)
  }

  /// The reader notices a damaged file only at its next pause. Until then an answer must not make the file count as complete.
  @Test func aDamagedFileIsNotServed() {
    let state = FeedState()
    state.begin(at: [partition: 10])
    state.reported(ends: [partition: 10], askedAt: now)
    state.foundDamage(inBuild: state.build)
    state.reported(ends: [partition: 10], askedAt: now)
    #expect(!state.isCaughtUp)
  }
}
