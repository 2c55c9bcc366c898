import Dispatch
import Synchronization

/// Runs work that shares nothing on several threads.
package struct Parallel {
  /// The most threads that run at once, the caller's among them.
  private let threads: Int

  package init(threads: Int) { self.threads = threads }

  /// Calls `body` once for each item, on the threads, and returns the results in the items' order when all calls have returned.
  ///
  /// - Throws: the error of the first item, in the items' order, that had one. All other calls have returned too.
  package func map<Item, Value>(_ items: [Item], _ body: (Item) throws -> Value) throws -> [Value] {
    guard threads > 1, items.count > 1 else { return try items.map(body) }
    let results = UnsafeMutableBufferPointer<Result<Value, any Error>?>.allocate(capacity: items.count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
      // Each item is taken by one thread, and this thread waits for all of them.
      nonisolated(unsafe) let (items, results, body) = (items, results, body)
      DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { _ in
        while case let index = next.add(1, ordering: .relaxed).oldValue, index < items.count {
          results[index] = Result { try body(items[index]) }
        }
      }
    }
    return try results.map { try $0!.get() }
  }
}
