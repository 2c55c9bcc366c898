import Contracts
import Synchronization

/// Values that are useless after a time span. Each is kept for at least that long and at most twice as long. The number of entries is
/// limited.
struct Recent<Value: Sendable>: Sendable {
  private let span: TimeSpan
  private let countMax: Int
  private var current: [String: Value] = [:]
  private var previous: [String: Value] = [:]
  private var began = Instant(milliseconds: 0)

  /// - Parameter countMax: maximum number of entries in one span.
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

  /// Makes room by forgetting values before their span has passed.
  mutating func forgetEarly(at now: Instant) { next(keeping: true, now) }

  mutating func set(_ key: String, _ value: Value) { current[key] = value }

  private mutating func next(keeping: Bool, _ now: Instant) {
    previous = keeping ? current : [:]
    current = [:]
    began = now
  }
}

/// The tokens that have opened a session in this instance, so that each opens only one.
public final class UsedTokens: Sendable {
  private let spent: Mutex<Recent<Void>>

  /// - Parameter countMax: maximum number of tokens within `validMax`, about 6 minutes. 100,000 take at most 20 MB.
  public init(validMax: TimeSpan, countMax: Int = 100_000) { spent = Mutex(Recent(span: validMax, countMax: countMax)) }

  /// - Throws: `spent` for a used token. `busy` if remembering this token would mean forgetting one that is still valid. Only tokens of the
  ///   host product get here, so no one else can cause that.
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

/// Limits how often one account, or one address, may send requests: a bucket of requests that refills at a steady rate.
///
/// With many clients at once it forgets those that have been silent for longest. It limits each client's load and its own memory.
public final class RateLimit: Sendable {
  private let interval: TimeSpan
  private let burst: TimeSpan
  /// When each client's bucket will be full again.
  private let full: Mutex<Recent<Instant>>

  /// - Parameters:
  ///   - burst: maximum number of requests at once.
  ///   - interval: the time after which one more request is allowed.
  public init(burst: Int64, interval: TimeSpan, countMax: Int = 50_000) {
    self.interval = interval
    self.burst = .milliseconds(burst * interval.milliseconds)
    full = Mutex(Recent(span: self.burst, countMax: countMax))
  }

  /// Takes one request from the client's bucket. Returns `nil` if the request is allowed, otherwise the seconds for `Retry-After`.
  public func secondsToWait(_ client: String, at now: Instant) -> Int64? {
    full.withLock { full in
      full.forget(before: now)
      // A time more than a whole bucket ahead was stored before the clock was set back. It must not lock out the client.
      let last = full[client].flatMap { $0 <= now + burst ? $0 : nil } ?? now
      let filled = max(last, now) + interval
      if filled - now > burst { return ((filled - now).milliseconds - burst.milliseconds + 999) / 1000 }
      if full.isFull { full.forgetEarly(at: now) }
      full.set(client, filled)
      return nil
    }
  }
}
