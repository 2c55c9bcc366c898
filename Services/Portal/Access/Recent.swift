import Contracts
import Synchronization

/// Values that mean nothing after a span: kept at least that long, and at most twice as long. Memory is bounded by a number of entries.
struct Recent<Value: Sendable>: Sendable {
  private let span: TimeSpan
  private let countMax: Int
  private var current: [String: Value] = [:]
  private var previous: [String: Value] = [:]
  private var began = Instant(milliseconds: 0)

  /// - Parameter countMax: of one span.
  init(span: TimeSpan, countMax: Int) {
    self.span = span
    self.countMax = countMax
  }

  subscript(key: String) -> Value? { current[key] ?? previous[key] }

  var isFull: Bool { current.count >= countMax }

  mutating func forget(before now: Instant) {
    guard now - began >= span else { return }
    next(keeping: now < began + span + span, now)
  }

  /// Makes room by forgetting what is younger than the span, too.
  mutating func forgetEarly(at now: Instant) { next(keeping: true, now) }

  mutating func set(_ key: String, _ value: Value) { current[key] = value }

  private mutating func next(keeping: Bool, _ now: Instant) {
    previous = keeping ? current : [:]
    current = [:]
    began = now
  }
}

/// The tokens that have opened a session in this instance, so that none does it twice.
public final class UsedTokens: Sendable {
  private let spent: Mutex<Recent<Void>>

  /// - Parameter countMax: of `validMax`, some 6 minutes; 100,000 are 20 MB at most.
  public init(validMax: TimeSpan, countMax: Int = 100_000) { spent = Mutex(Recent(span: validMax, countMax: countMax)) }

  /// - Throws: `spent`, or `busy` where a token forgotten to remember this one could be used again. Only the host product's tokens come
  ///   here, so nobody else can bring that about.
  public func spend(_ token: Session, at now: Instant) throws(AccessError) {
    try spent.withLock { spent throws(AccessError) in
      spent.forget(before: now)
      if spent[token.id] != nil { throw AccessError(.spent, "the jti \"\(token.id)\" has opened a session before") }
      if spent.isFull { throw AccessError(.busy, "too many tokens in a few minutes") }
      spent.set(token.id, ())
    }
  }

  public func isSpent(_ token: Session) -> Bool { spent.withLock { $0[token.id] != nil } }
}

/// How often one account, or one address, may ask: a bucket of requests that refills at a steady rate.
///
/// Many addresses at once make it forget those that have not been heard of for longest: it bounds what one client takes, and its own memory.
public final class RateLimit: Sendable {
  private let interval: TimeSpan
  private let burst: TimeSpan
  /// When the bucket of a client is full again.
  private let full: Mutex<Recent<Instant>>

  /// - Parameters:
  ///   - burst: requests at once.
  ///   - interval: in which one more is added.
  public init(burst: Int64, interval: TimeSpan, countMax: Int = 50_000) {
    self.interval = interval
    self.burst = .milliseconds(burst * interval.milliseconds)
    full = Mutex(Recent(span: self.burst, countMax: countMax))
  }

  /// Takes one request of the client's; nil if it may go on, else the seconds of `Retry-After`.
  public func secondsToWait(_ client: String, at now: Instant) -> Int64? {
    full.withLock { full in
      full.forget(before: now)
      // What is further ahead than a whole bucket is from before the clock was set back; it must not lock the client out.
      let last = full[client].flatMap { $0 <= now + burst ? $0 : nil } ?? now
      let filled = max(last, now) + interval
      if filled - now > burst { return ((filled - now).milliseconds - burst.milliseconds + 999) / 1000 }
      if full.isFull { full.forgetEarly(at: now) }
      full.set(client, filled)
      return nil
    }
  }
}
