package autocall

// The tables of the SQL store. Everything in them goes with its call, Keep
// after its end, but for the phones.
//
// autocall_guard has one row, which each transaction that will write changes
// first: that is the lock of the queue. It is changed and not merely locked,
// so that engines which only compare what was written, such as Galera, see the
// collision too. clock is what the database's was when somebody last looked whether
// it had been set back. last_id orders calls and notices; a counter of the engine would
// not do, as clusters hand theirs out to each machine in blocks.
//
// autocall_calls has a row for each call: the call itself in doc, as JSON, and
// beside it what is searched. open_key is NULL once the call has ended, and
// holder while no phone has it: that both are unique is the engine's own word
// for two of the rules. stage is one of those below, urgency the severity
// turned round so that one index has both directions, overdue_at is item.ends.
//
// autocall_mids finds the call of each hand-out, past ones too. autocall_phones
// and autocall_notices are what their records are in this package.
//
// Hashes are of sqldb.Hash. The indices are UNIQUE constraints, ending in the
// primary key where need be: that is the one spelling which stands within
// CREATE TABLE on every engine, so that a step can be run again on MySQL.
//
//nolint:gochecknoglobals // read-only table
var sqlSchema = []string{
	`CREATE TABLE IF NOT EXISTS autocall_guard (id SMALLINT NOT NULL PRIMARY KEY, last_id BIGINT NOT NULL, clock BIGINT NOT NULL)`,
	`INSERT INTO autocall_guard (id, last_id, clock) VALUES (1, 0, 0)`,
	`CREATE TABLE IF NOT EXISTS autocall_calls (
		seq $KEY,
		id $HASH NOT NULL,
		open_key $HASH,
		holder $HASH,
		stage SMALLINT NOT NULL,
		urgency SMALLINT NOT NULL,
		due BIGINT NOT NULL,
		overdue_at BIGINT,
		finished BIGINT,
		doc $BLOB NOT NULL,
		UNIQUE (id), UNIQUE (open_key), UNIQUE (holder),
		UNIQUE (stage, urgency, seq, due), UNIQUE (overdue_at, seq), UNIQUE (finished, seq))`,
	`CREATE TABLE IF NOT EXISTS autocall_mids (mid $HASH NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, UNIQUE (seq, mid))$KEYED`,
	`CREATE TABLE IF NOT EXISTS autocall_phones (
		id $HASH NOT NULL PRIMARY KEY, name $BLOB NOT NULL, model $BLOB NOT NULL, seen BIGINT NOT NULL, flags SMALLINT NOT NULL)$KEYED`,
	`CREATE TABLE IF NOT EXISTS autocall_notices (
		id $KEY, kind $BLOB NOT NULL, subject $BLOB NOT NULL,
		tries INTEGER NOT NULL, due BIGINT NOT NULL)`,
}

// The stages of a call.
const (
	stageWaits = iota // for a phone, or until it is due
	stageRings        // a phone has it
	stageOver
)

// The statements, the same on every engine.
const (
	sqlNextID     = `UPDATE autocall_guard SET last_id = last_id + 1 WHERE id = 1`
	sqlReadLastID = `SELECT last_id FROM autocall_guard WHERE id = 1`
	sqlReadClock  = `SELECT clock FROM autocall_guard WHERE id = 1`
	sqlSetClock   = `UPDATE autocall_guard SET clock = ? WHERE id = 1`

	sqlCalls     = `SELECT seq, doc FROM autocall_calls `
	sqlByID      = sqlCalls + `WHERE id = ?`
	sqlByKey     = sqlCalls + `WHERE open_key = ?`
	sqlByMid     = sqlCalls + `WHERE seq = (SELECT seq FROM autocall_mids WHERE mid = ?)`
	sqlByHolder  = sqlCalls + `WHERE holder = ?`
	sqlWaiting   = sqlCalls + `WHERE stage = ? AND due <= ? ORDER BY urgency, seq LIMIT ?`
	sqlOverdue   = sqlCalls + `WHERE overdue_at <= ? ORDER BY overdue_at, seq LIMIT ?`
	sqlNewest    = sqlCalls + `ORDER BY seq DESC LIMIT ?`
	sqlNewestYet = sqlCalls + `WHERE finished IS NULL ORDER BY seq DESC LIMIT ?`

	sqlInsertCall = `INSERT INTO autocall_calls (id, open_key, holder, stage, urgency, due, overdue_at, finished, doc, seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlUpdateCall = `UPDATE autocall_calls SET id = ?, open_key = ?, holder = ?, stage = ?, urgency = ?, due = ?, overdue_at = ?,
		finished = ?, doc = ? WHERE seq = ?`
	sqlCloseCall = `UPDATE autocall_calls SET open_key = NULL, holder = NULL, stage = ?, overdue_at = NULL, finished = ? WHERE seq = ?`
	sqlInsertMid = `INSERT INTO autocall_mids (mid, seq) VALUES (?, ?)`

	sqlEnded       = `SELECT seq FROM autocall_calls WHERE finished < ? ORDER BY finished, seq LIMIT ?`
	sqlDeleteMids  = `DELETE FROM autocall_mids WHERE seq IN (%s)`
	sqlDeleteCalls = `DELETE FROM autocall_calls WHERE seq IN (%s)`

	sqlPhone       = `SELECT name, model, seen, flags FROM autocall_phones WHERE id = ?`
	sqlPhones      = `SELECT name, model, seen, flags FROM autocall_phones`
	sqlInsertPhone = `INSERT INTO autocall_phones (name, model, seen, flags, id) VALUES (?, ?, ?, ?, ?)`
	sqlUpdatePhone = `UPDATE autocall_phones SET name = ?, model = ?, seen = ?, flags = ? WHERE id = ?`

	sqlRewindPhones  = `UPDATE autocall_phones SET seen = ? WHERE seen > ?`
	sqlRewindNotices = `UPDATE autocall_notices SET due = ? WHERE due > ?`

	sqlInsertNotice = `INSERT INTO autocall_notices (kind, subject, tries, due, id) VALUES (?, ?, ?, ?, ?)`
	sqlUpdateNotice = `UPDATE autocall_notices SET kind = ?, subject = ?, tries = ?, due = ? WHERE id = ?`
	sqlNotices      = `SELECT id, kind, subject, tries, due FROM autocall_notices WHERE due <= ? ORDER BY id LIMIT ?`
	sqlDeleteNotice = `DELETE FROM autocall_notices WHERE id = ?`
)
