import Contracts
import Streaming

// Invariants of this service's rows, for `laurel verify`.

extension AccrualService {
  /// `nil` if the stage's rows have no invariants.
  public static func audit(stage: String) -> (any RowAudit)? { stage == LedgerStage.name ? LedgerAudit() : nil }

  /// The referrer's balance, or nil if the row is not a balance. It equals the balance in the last notice.
  public static func balance(_ row: StageRow) throws -> Balance? {
    row.stage == LedgerStage.name ? try row.value(in: LedgerStage.balances) : nil
  }

  /// The store key of a referrer's balance.
  public static func balanceKey(program: ProgramID, referrer: String, currency: Currency) -> [UInt8] {
    LedgerStage.balances.key(stage: LedgerStage.name, program: program, key: referrer, currency)
  }
}

/// Checks a referrer's balances against its rewards, spends and reservations. In each currency:
///
/// - pending = what is left of pending rewards, frozen or not;
/// - locked = what is left of locked rewards and of frozen available ones;
/// - reserved = open spends and reservations;
/// - available + reserved + spent + paid − corrected ≥ what is left of available, unfrozen rewards. The left side is greater if rewards
///   were deleted after their refund window;
/// - only available may be negative.
struct LedgerAudit: RowAudit {
  private struct Sums {
    var balance: Balance?
    var pending: Int64 = 0
    var locked: Int64 = 0
    var available: Int64 = 0
    var reserved: Int64 = 0
  }

  private var sums: [Currency: Sums] = [:]
  private var found: [String] = []
  private var overflows = false

  mutating func take(_ row: StageRow) throws {
    if let balance = try row.value(in: LedgerStage.balances) {
      if let key = row.key(in: LedgerStage.balances), key != balance.currency {
        found.append("a balance in \(balance.currency.code) is stored under '\(key.code)'")
      }
      sums[balance.currency, default: Sums()].balance = balance
    } else if let reward = try row.value(in: LedgerStage.rewards) {
      take(reward)
    } else if let reservation = try row.value(in: LedgerStage.reservations) {
      add(reservation.amount, in: reservation.currency, to: \.reserved)
    } else if case .reserved(let amount, let currency, _, _)? = try row.value(in: LedgerStage.spends) {
      add(amount, in: currency, to: \.reserved)
    }
  }

  private mutating func take(_ reward: Reward) {
    if reward.amount < 0 { found.append("reward \(reward.id) is negative: \(reward.amount)") }
    if reward.isOver { found.append("reward \(reward.id) is finished but still has its row") }
    switch reward.place {
    case .pending: add(reward.amount, in: reward.currency, to: \.pending)
    case .locked: add(reward.amount, in: reward.currency, to: \.locked)
    case .available, .reserved, .spent, .paid, .reversed: add(reward.amount, in: reward.currency, to: \.available)
    }
  }

  private mutating func add(_ amount: Int64, in currency: Currency, to place: WritableKeyPath<Sums, Int64>) {
    var sums = self.sums[currency] ?? Sums()
    do { sums[keyPath: place] = try Money.sum(sums[keyPath: place], amount) } catch { overflows = true }
    self.sums[currency] = sums
  }

  func contradictions() -> [String] {
    var found = found
    if overflows { found.append("a sum of its amounts exceeds 64 bits") }
    for (currency, sums) in sums.sorted(by: { $0.key.code < $1.key.code }) {
      let balance = sums.balance ?? Balance(currency: currency)
      func differ(_ what: String, _ has: Int64, _ said: Int64, _ by: String) {
        if has != said { found.append("\(currency.code): \(what) is \(has), \(by) add up to \(said)") }
      }
      differ("pending", balance.pending, sums.pending, "pending rewards")
      differ("locked", balance.locked, sums.locked, "locked and frozen rewards")
      differ("reserved", balance.reserved, sums.reserved, "spends and withdrawals under way")
      do {
        let credited = try Money.difference(
          Money.sum([balance.available, balance.reserved, balance.spent, balance.paid]), balance.corrected ?? 0)
        if credited < sums.available {
          found.append(
            "\(currency.code): available, reserved, spent and paid without corrections are \(credited), available rewards add up to \(sums.available)"
          )
        }
        _ = try balance.accrued
      } catch {
        found.append("\(currency.code): the balance exceeds 64 bits")
      }
      let places: [(String, Int64)] = [
        ("pending", balance.pending), ("locked", balance.locked), ("reserved", balance.reserved), ("spent", balance.spent),
        ("paid", balance.paid), ("reversed", balance.reversed),
      ]
      for (name, amount) in places where amount < 0 { found.append("\(currency.code): \(name) is negative: \(amount)") }
    }
    return found
  }
}
