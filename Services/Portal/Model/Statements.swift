import SQLite

/// The statements that write to the read model, prepared once.
struct Statements {
  let position, findOwner, addOwner, lastSequence, sequence, gap, removeGap: Statement
  let label, code, click: Statement
  let attributed, ended, rejected, earning, active: Statement
  let entry, accrued, delta, credited, unlocked, held: Statement
  let offer, run, assigned, assignmentState, order: Statement
  let withdrawal, withdrawalState, request, step: Statement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> Statement { try database.prepare(sql) }
    position = try prepare("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)")
    findOwner = try prepare("SELECT id FROM owners WHERE program = ? AND name = ?")
    addOwner = try prepare("INSERT INTO owners (program, name) VALUES (?, ?)")
    lastSequence = try prepare("SELECT last FROM sequences WHERE owner = ? AND topic = ?")
    sequence = try prepare("INSERT INTO sequences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last")
    gap = try prepare("INSERT INTO gaps VALUES (?, ?, ?)")
    removeGap = try prepare("DELETE FROM gaps WHERE owner = ? AND topic = ? AND sequence = ?")

    label = try prepare(
      "INSERT INTO labels VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET label = excluded.label, at = excluded.at WHERE excluded.at >= at"
    )
    code = try prepare("INSERT INTO codes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = min(at, excluded.at)")
    click = try prepare(
      """
      INSERT INTO clicks VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET counted = counted + excluded.counted, rejected = rejected + excluded.rejected
      """)

    attributed = try prepare(
      """
      INSERT INTO referees (owner, referee, registered_at, attributed) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET registered_at = excluded.registered_at, attributed = excluded.attributed
      WHERE attributed IS NULL OR excluded.attributed > attributed
      """)
    ended = try prepare(
      """
      INSERT INTO referees (owner, referee, ended) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET ended = max(coalesce(ended, 0), excluded.ended)
      """)
    rejected = try prepare(
      """
      INSERT INTO referees (owner, referee, registered_at, rejected) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET registered_at = coalesce(registered_at, excluded.registered_at), rejected = excluded.rejected
      """)
    earning = try prepare(
      "INSERT INTO referees (owner, referee, earning) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET earning = 1 WHERE NOT earning")
    active = try prepare(
      """
      INSERT INTO referees (owner, referee, active, active_number) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET active = excluded.active, active_number = excluded.active_number
      WHERE excluded.active_number > active_number
      """)

    entry = try prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)")
    accrued = try prepare(
      """
      INSERT INTO rewards (owner, reward, referee, currency, amount, available_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET referee = excluded.referee, currency = excluded.currency, amount = amount + excluded.amount,
        available_at = excluded.available_at
      """)
    delta = try prepare(
      "INSERT INTO rewards (owner, reward, amount) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount")
    unlocked = try prepare(
      "INSERT INTO rewards (owner, reward, unlocked) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET unlocked = 1")
    credited = try prepare(
      "INSERT INTO rewards (owner, reward, credited_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET credited_at = excluded.credited_at"
    )
    held = try prepare(
      """
      INSERT INTO rewards (owner, reward, held, held_number) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET held = excluded.held, held_number = excluded.held_number
      WHERE excluded.held_number > held_number
      """)

    offer = try prepare(
      """
      INSERT INTO offers VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, number = excluded.number WHERE excluded.number > number
      """)
    run = try prepare(
      "INSERT INTO runs VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET skipped = coalesce(excluded.skipped, skipped)")
    assigned = try prepare(
      """
      INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, NULL, NULL)
      ON CONFLICT DO UPDATE SET percent = excluded.percent, active = excluded.active, slots = excluded.slots
      """)
    assignmentState = try prepare(
      """
      INSERT INTO assignments (owner, assignment, period, company, number, state, at, invoice, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET number = excluded.number, state = excluded.state, at = excluded.at, invoice = excluded.invoice,
        reason = excluded.reason WHERE excluded.number > number
      """)
    order = try prepare(
      """
      INSERT INTO orders VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET number = excluded.number, at = excluded.at, companies = excluded.companies
      WHERE excluded.number > number
      """)

    withdrawal = try prepare(
      """
      INSERT INTO withdrawals (owner, request, amount, currency, requested_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET amount = coalesce(amount, excluded.amount), currency = coalesce(currency, excluded.currency),
        due_at = coalesce(due_at, excluded.due_at)
      """)
    withdrawalState = try prepare(
      "UPDATE withdrawals SET state = ?3, number = ?4 WHERE owner = ?1 AND request = ?2 AND ?4 > number")
    request = try prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
    step = try prepare("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
  }
}
