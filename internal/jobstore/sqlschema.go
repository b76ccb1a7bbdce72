package jobstore

// The tables of the SQL store.
//
// outbox_guard has one row, which each transaction that accepts changes first:
// they follow one another, so that a number is never seen before a smaller one,
// and an event is new for one of them only. A counter of the engine would not
// do, as clusters hand theirs out to each machine in blocks.
//
// outbox_seen has the events, and what else is remembered for a time: see the package
// outbox. outbox_routes has a RouteRecord and a mark for each route, and
// outbox_jobs a row for each alert on each route: its alert in doc, as JSON, and
// beside it what is searched. Its lane stands before the number in the index by
// which due jobs are found, so that a storm costs no sorting.
//
// outbox_incidents has what escalations know of each problem, and outbox_refs what
// messages about them are known by.
//
// Hashes are of sqldb.Hash. The indices are UNIQUE constraints, ending in the
// primary key where need be: that is the one spelling which stands within CREATE
// TABLE on every engine, so that a step can be run again on MySQL.
//
//nolint:gochecknoglobals // read-only table
var sqlSchema = []string{
	`CREATE TABLE IF NOT EXISTS outbox_guard (id SMALLINT NOT NULL PRIMARY KEY, last_id BIGINT NOT NULL)`,
	`INSERT INTO outbox_guard (id, last_id) VALUES (1, 0)`,
	`CREATE TABLE IF NOT EXISTS outbox_seen (event $HASH NOT NULL PRIMARY KEY, until BIGINT NOT NULL, UNIQUE (until, event))$KEYED`,
	`CREATE TABLE IF NOT EXISTS outbox_routes (
		id $KEY, name $HASH NOT NULL, locks BIGINT NOT NULL, doc $BLOB NOT NULL,
		low BIGINT DEFAULT 0 NOT NULL, counted BIGINT DEFAULT 0 NOT NULL,
		waiting BIGINT DEFAULT 0 NOT NULL, dead BIGINT DEFAULT 0 NOT NULL, UNIQUE (name))`,
	`CREATE TABLE IF NOT EXISTS outbox_jobs (
		id $KEY,
		route BIGINT NOT NULL,
		stage SMALLINT NOT NULL,
		lane SMALLINT NOT NULL,
		due BIGINT NOT NULL,
		accepted BIGINT NOT NULL,
		attempts INTEGER NOT NULL,
		most INTEGER DEFAULT 0 NOT NULL,
		crashes INTEGER DEFAULT 0 NOT NULL,
		problem $HASH,
		cause $WORD NOT NULL,
		error $BLOB NOT NULL,
		doc $BLOB NOT NULL,
		CONSTRAINT outbox_jobs_due UNIQUE (route, stage, lane, id, due),
		CONSTRAINT outbox_jobs_problem UNIQUE (problem, stage, id, route, lane, due))$CHURN`,
	`CREATE TABLE IF NOT EXISTS outbox_incidents (
		id $KEY,
		escalation BIGINT NOT NULL,
		problem $HASH NOT NULL,
		due BIGINT NOT NULL,
		until BIGINT NOT NULL,
		doc $BLOB NOT NULL,
		UNIQUE (escalation, problem), UNIQUE (escalation, due, id), UNIQUE (until, id))`,
	`CREATE TABLE IF NOT EXISTS outbox_refs (
		ref $HASH NOT NULL, incident BIGINT NOT NULL, PRIMARY KEY (ref, incident), UNIQUE (incident, ref))$KEYED`,
}

// The statements, the same on every engine but for the one that returns what it
// changed.
const (
	sqlSeen       = `SELECT event FROM outbox_seen WHERE event IN (%s)`
	sqlRemember   = `INSERT INTO outbox_seen (event, until) VALUES %s`
	sqlIfNew      = sqlRemember + ` ON CONFLICT DO NOTHING RETURNING event`
	sqlFadedSeen  = `SELECT event FROM outbox_seen WHERE until < ? ORDER BY until, event LIMIT ?`
	sqlForgetSeen = `DELETE FROM outbox_seen WHERE event IN (%s)`

	sqlRouteColumns = `low, counted, waiting, dead, doc`
	sqlRouteByName  = `SELECT id FROM outbox_routes WHERE name = ?`
	sqlAddRoute     = `INSERT INTO outbox_routes (id, name, locks, doc) VALUES (?, ?, 0, ?)`
	sqlRoute        = `SELECT ` + sqlRouteColumns + ` FROM outbox_routes WHERE id = ?`
	sqlRoutes       = `SELECT id, doc FROM outbox_routes`
	sqlMark         = `low = ?, counted = ?, waiting = ?, dead = ? WHERE id = ?`
	sqlPutMark      = `UPDATE outbox_routes SET ` + sqlMark
	sqlLowest       = `SELECT id FROM` + sqlRange + ` AND id >= ? ORDER BY id LIMIT 1`
	sqlTail         = `SELECT COUNT(*), COALESCE(MAX(id), 0) FROM (SELECT id FROM` + sqlRange + ` AND id > ? ORDER BY id LIMIT ?) c`
	sqlTally        = `SELECT COUNT(*) FROM` + sqlRange + ` AND id > ? AND id <= ?`
	sqlPutRoute     = `UPDATE outbox_routes SET doc = ?, ` + sqlMark

	sqlAddJobs = `INSERT INTO outbox_jobs (id, route, stage, lane, due, accepted, attempts, problem, cause, error, doc) VALUES %s`
	sqlColumns = `SELECT j.id, j.route, j.stage, j.lane, j.due, j.accepted, j.attempts, j.most, j.crashes, j.problem, j.cause, j.error, j.doc`
	sqlJobs    = sqlColumns + `, 0 FROM outbox_jobs j `

	// As blocks in store.go has it. The planners must take the one index by which
	// jobs come in order, and look up what is before each of them by the other, one
	// stage at a time: of the dead there may be many. A table that has just filled up
	// misleads them. MySQL alone reads the hints; adding 0 keeps the others from
	// collecting all jobs of a route for each.
	// All begin at the mark of the route: see mark.
	sqlByDue   = ` FROM outbox_jobs j /*! FORCE INDEX (outbox_jobs_due) */ WHERE j.route = ? AND j.stage = 0 `
	sqlEarlier = `EXISTS (SELECT 1 FROM outbox_jobs e /*! FORCE INDEX (outbox_jobs_problem) */
		WHERE e.problem = j.problem AND e.route + 0 = j.route AND e.id >= ? AND e.id < j.id AND e.stage = 0 AND `
	sqlIsHeld = sqlEarlier + `e.lane = 1)`
	sqlIsDue  = `AND j.id >= ? AND j.due <= ? AND NOT ` + sqlEarlier + `e.due > ?) `
	sqlUrgent = sqlColumns + `, CASE WHEN ` + sqlIsHeld + ` THEN 1 ELSE 0 END` + sqlByDue + `AND j.lane = 0 ` + sqlIsDue + `ORDER BY j.id LIMIT ?`
	sqlRest   = sqlColumns + `, 0` + sqlByDue + `AND j.lane = 1 ` + sqlIsDue + `ORDER BY j.id LIMIT ?`
	sqlFree   = sqlColumns + `, 0` + sqlByDue + `AND j.lane = 0 ` + sqlIsDue + `AND NOT ` + sqlIsHeld + ` ORDER BY j.id LIMIT ?`
	sqlBefore = sqlColumns + `, 0 FROM outbox_jobs j /*! FORCE INDEX (outbox_jobs_problem) */
		WHERE j.lane + 0 = 1 AND (%s) ORDER BY j.id + 0 LIMIT ?`
	sqlOneBefore = `j.route + 0 = ? AND j.stage = 0 AND j.problem = ? AND j.id >= ? AND j.id < ?`

	// Lane by lane, since only within one lane the index leads to the mark. SQLite
	// wants a query around each; on MariaDB that would be a table for each.
	sqlDue       = `(` + sqlUrgent + `) UNION ALL (` + sqlRest + `) LIMIT ?`
	sqlDueSQLite = `SELECT * FROM (` + sqlUrgent + `) UNION ALL SELECT * FROM (` + sqlRest + `) LIMIT ?`

	// By number: the 0 keeps planners from walking through the whole route. What is
	// changed or removed was read before, on its route.
	sqlSomeJobs  = sqlJobs + `WHERE j.route + 0 = ? AND j.id IN (%s) ORDER BY j.id`
	sqlListDead  = sqlJobs + `WHERE j.route = ? AND j.stage = 1 AND j.lane = ? AND j.id > ? ORDER BY j.id LIMIT ?`
	sqlListOpen  = sqlJobs + `WHERE j.route = ? AND j.stage = 0 AND j.id > ? ORDER BY j.id LIMIT ?`
	sqlOldest    = `SELECT COALESCE(MIN(accepted), 0) FROM (SELECT accepted FROM` + sqlRange + ` AND id >= ? ORDER BY id LIMIT ?) c`
	sqlRange     = ` outbox_jobs /*! FORCE INDEX (outbox_jobs_due) */ WHERE route = ? AND stage = ? AND lane = ?`
	sqlNextRoute = `SELECT COALESCE(MIN(route), 0) FROM outbox_jobs WHERE route > ?`
	sqlMove      = `UPDATE outbox_jobs SET route = ?, due = ?, accepted = ?, most = 0, attempts = 0, crashes = 0, error = ? WHERE route + 0 = ? AND id IN (%s)`
	sqlChange    = `UPDATE outbox_jobs SET stage = ?, due = ?, most = ?, attempts = attempts + ?, crashes = crashes + ?, cause = ?, error = ? WHERE id IN (%s)`
	sqlRefresh   = `UPDATE outbox_jobs SET stage = ?, due = ?, most = ?, attempts = 0, crashes = 0, accepted = ?, cause = ?, error = ? WHERE id IN (%s)`
	sqlRecall    = `UPDATE outbox_jobs SET due = ? WHERE route = ? AND stage = 0 AND due > ?`
	sqlRemove    = `DELETE FROM outbox_jobs WHERE id IN (%s)`
	sqlFadedDead = `SELECT id FROM outbox_jobs WHERE route = ? AND stage = 1 AND due < ? ORDER BY lane, id LIMIT ?`

	sqlSize           = `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`
	sqlSizePostgreSQL = `SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) FROM pg_class
		WHERE relkind = 'r' AND relname LIKE 'outbox!_%' ESCAPE '!' AND pg_table_is_visible(oid)`
	sqlSizeMySQL = `SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name LIKE 'outbox!_%' ESCAPE '!'`
)
