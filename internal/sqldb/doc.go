// Package sqldb is what the durable stores share over database/sql: the
// differences of three engines, a schema with a version, and transactions that
// are repeated when the engine asks for it. The statements are the stores'
// own, and the driver is the user's.
//
// What holds on every engine:
//
//   - Times are milliseconds of Unix time on the clock of the database, so that
//     several machines agree on when a lease ends.
//   - What is compared is a hash of 32 bytes. Collations differ: one that is a
//     default takes "abc", "ABC", "abc " and "ábc" for equal, and would lose
//     alerts.
//   - A transaction sees what was committed before its statement. Who must not
//     be overtaken locks the row first.
//   - One writer at a time on SQLite, arranged here: concurrent ones would wait
//     for each other in the engine, by sleeping. Those that wait share one commit, so
//     none may wait for another one while it runs.
package sqldb
