import SQLite

/// The tables of the read model. Every row is derived from messages on the bus, so the file can be deleted at any time.
///
/// An *owner* is a key of one program: an account, or for clicks a code. Lists are read from their indexes. Triggers maintain the number of
/// referees of each status, and the amounts that become available at each instant.
enum Schema {
  /// Increase it whenever the tables or their content change. A file of another version is rebuilt.
  static let version: Int64 = 3

  /// The condition of the index `withdrawals_open`. SQLite uses a partial index only for a query with the same condition.
  static let isOpen = "state IN (\(Withdrawal.State.open.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"

  static let tables = """
    CREATE TABLE positions (topic TEXT, partition INTEGER, next INTEGER NOT NULL,
      PRIMARY KEY (topic, partition)) STRICT, WITHOUT ROWID;

    CREATE TABLE owners (id INTEGER PRIMARY KEY, program TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (program, name)) STRICT;
    CREATE TABLE sequences (owner INTEGER, topic TEXT, last INTEGER NOT NULL, PRIMARY KEY (owner, topic)) STRICT, WITHOUT ROWID;
    -- The numbers of missing notices, from start up to but not including stop.
    CREATE TABLE gaps (owner INTEGER, topic TEXT, start INTEGER, stop INTEGER NOT NULL,
      PRIMARY KEY (owner, topic, start)) STRICT, WITHOUT ROWID;

    CREATE TABLE labels (owner INTEGER PRIMARY KEY, label TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE TABLE codes (owner INTEGER, code TEXT, link TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (owner, code)) STRICT, WITHOUT ROWID;
    CREATE TABLE clicks (owner INTEGER PRIMARY KEY, counted INTEGER NOT NULL, rejected INTEGER NOT NULL) STRICT;

    -- attributed and ended are numbers of notices; the later one counts. active_number is the number of the notice that set active.
    CREATE TABLE referees (owner INTEGER, referee TEXT, registered_at INTEGER, attributed INTEGER, ended INTEGER, rejected TEXT,
      earning INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 0, active_number INTEGER NOT NULL DEFAULT 0,
      status TEXT GENERATED ALWAYS AS (CASE
        WHEN registered_at IS NULL THEN NULL
        WHEN attributed IS NULL THEN 'rejected'
        WHEN ended > attributed THEN 'ended'
        WHEN active THEN 'active'
        WHEN earning THEN 'earning'
        ELSE 'registered' END) VIRTUAL,
      PRIMARY KEY (owner, referee)) STRICT, WITHOUT ROWID;
    CREATE INDEX referees_by_date ON referees (owner, registered_at, referee) WHERE registered_at IS NOT NULL;
    CREATE INDEX referees_by_status ON referees (owner, status, registered_at, referee) WHERE registered_at IS NOT NULL;
    CREATE TABLE referee_counts (owner INTEGER, status TEXT, n INTEGER NOT NULL, PRIMARY KEY (owner, status)) STRICT, WITHOUT ROWID;
    CREATE TRIGGER referee_added AFTER INSERT ON referees WHEN new.status IS NOT NULL BEGIN
      INSERT INTO referee_counts VALUES (new.owner, new.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
    END;
    CREATE TRIGGER referee_changed AFTER UPDATE ON referees WHEN new.status IS NOT old.status BEGIN
      UPDATE referee_counts SET n = n - 1 WHERE owner = old.owner AND status = old.status;
      INSERT INTO referee_counts SELECT new.owner, new.status, 1 WHERE new.status IS NOT NULL ON CONFLICT DO UPDATE SET n = n + 1;
    END;

    -- The notices of the topic rewards. currency is empty if the notice has no balance.
    CREATE TABLE entries (owner INTEGER, currency TEXT, sequence INTEGER, at INTEGER NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (owner, currency, sequence)) STRICT, WITHOUT ROWID;
    -- referee is null until the notice of the reward itself arrives; amount is what is left of it. A credit before available_at
    -- locks the reward; unlocking makes it available. held_number is the number of the notice that set held.
    CREATE TABLE rewards (owner INTEGER, reward TEXT, referee TEXT, currency TEXT, amount INTEGER NOT NULL DEFAULT 0,
      available_at INTEGER, credited_at INTEGER, unlocked INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
      held_number INTEGER NOT NULL DEFAULT 0,
      maturing INTEGER GENERATED ALWAYS AS (CASE
        WHEN currency IS NULL OR unlocked OR coalesce(credited_at >= available_at, 0) OR held THEN 0
        ELSE amount END) VIRTUAL,
      PRIMARY KEY (owner, reward)) STRICT, WITHOUT ROWID;
    CREATE INDEX rewards_by_referee ON rewards (owner, referee, currency, amount) WHERE referee IS NOT NULL;
    -- The sum of the rewards that become available at an instant: those not available yet and not on hold. Maintained by
    -- triggers.
    CREATE TABLE maturities (owner INTEGER, currency TEXT, at INTEGER, amount INTEGER NOT NULL, PRIMARY KEY (owner, currency, at))
      STRICT, WITHOUT ROWID;
    CREATE TRIGGER reward_added AFTER INSERT ON rewards WHEN new.maturing <> 0 BEGIN
      INSERT INTO maturities VALUES (new.owner, new.currency, new.available_at, new.maturing)
      ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
    END;
    CREATE TRIGGER reward_changed AFTER UPDATE ON rewards WHEN new.maturing <> old.maturing BEGIN
      INSERT INTO maturities VALUES (new.owner, new.currency, new.available_at, new.maturing - old.maturing)
      ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
    END;

    CREATE TABLE offers (owner INTEGER, offer TEXT, percent INTEGER NOT NULL, plans TEXT NOT NULL, expires_at INTEGER NOT NULL,
      state TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (owner, offer)) STRICT, WITHOUT ROWID;
    CREATE TABLE runs (owner INTEGER, period TEXT, as_of INTEGER NOT NULL, skipped TEXT, PRIMARY KEY (owner, period)) STRICT, WITHOUT ROWID;
    CREATE TABLE assignments (owner INTEGER, assignment TEXT, period TEXT NOT NULL, company TEXT NOT NULL, percent INTEGER, active INTEGER,
      slots INTEGER, number INTEGER NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL, invoice TEXT, reason TEXT,
      PRIMARY KEY (owner, assignment)) STRICT, WITHOUT ROWID;
    CREATE INDEX assignments_by_period ON assignments (owner, period, number);
    CREATE TABLE orders (owner INTEGER PRIMARY KEY, number INTEGER NOT NULL, at INTEGER NOT NULL, companies TEXT NOT NULL) STRICT;

    CREATE TABLE withdrawals (owner INTEGER, request TEXT, amount INTEGER, currency TEXT, requested_at INTEGER NOT NULL, due_at INTEGER,
      state TEXT, number INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (owner, request)) STRICT, WITHOUT ROWID;
    CREATE INDEX withdrawals_by_date ON withdrawals (owner, requested_at, request) WHERE state IS NOT NULL;
    CREATE INDEX withdrawals_open ON withdrawals (owner, requested_at, request) WHERE \(isOpen);
    CREATE TABLE requests (owner INTEGER, request TEXT, type TEXT, at INTEGER NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (owner, request, type)) STRICT, WITHOUT ROWID;
    CREATE INDEX requests_by_date ON requests (owner, at, request, type);
    -- The notices and decisions that name a request. place is the sequence of a notice or the offset of a decision.
    CREATE TABLE steps (owner INTEGER, request TEXT, topic TEXT, place INTEGER, type TEXT NOT NULL, at INTEGER NOT NULL, reasons TEXT NOT NULL,
      PRIMARY KEY (owner, request, topic, place)) STRICT, WITHOUT ROWID;
    """
}
