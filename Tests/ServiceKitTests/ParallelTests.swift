import Foundation
import Synchronization
import Testing

@testable import ServiceKit

@Suite struct ParallelTests {
  private struct Odd: Error, Equatable { let number: Int }

  @Test(arguments: [1, 2, 8]) func eachItemIsTakenOnceAndResultsKeepTheirOrder(threads: Int) throws {
    let taken = (0..<500).map { _ in Counter() }
    let squares = try Parallel(threads: threads).map(Array(0..<500)) { number in
      taken[number].value.add(1, ordering: .relaxed)
      return number * number
    }
    #expect(squares == (0..<500).map { $0 * $0 })
    #expect(taken.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    #expect(try Parallel(threads: threads).map([Int]()) { $0 }.isEmpty)
  }

  @Test(arguments: [1, 2, 8]) func theFirstErrorInTheItemsOrderIsThrown(threads: Int) {
    #expect(throws: Odd(number: 1)) {
      try Parallel(threads: threads).map(Array(0..<100)) { number in
        // Later items fail sooner.
        usleep(UInt32(100 - number))
        if number % 2 == 1 { throw Odd(number: number) }
      }
    }
  }

  /// Each of two items waits for the other, so both see it only if they run at once.
  @Test(.enabled(if: Cores.given > 1)) func itemsRunAtOnce() throws {
    let arrived = Atomic(0)
    let end = ContinuousClock.now + .seconds(30)
    let met = try Parallel(threads: 2).map([0, 1]) { _ in
      arrived.add(1, ordering: .relaxed)
      while arrived.load(ordering: .relaxed) < 2, ContinuousClock.now < end { usleep(100) }
      return arrived.load(ordering: .relaxed) == 2
    }
    #expect(met == [true, true])
  }
}

private final class Counter: Sendable { let value = Atomic(0) }
