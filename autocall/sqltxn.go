package autocall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// purgeLimit bounds how many calls one transaction forgets.
const purgeLimit = 200

// errUnlocked asks for the whole once more, with the lock taken first.
var errUnlocked = errors.New("read before the lock and then written")

// A sqlTxn is a transaction of a sqlStore.
type sqlTxn struct {
	ctx    context.Context //nolint:containedctx // of the one request that the transaction is for, as in sql.Tx
	tx     *sqldb.Tx
	locked bool            // the lock is ours
	looked bool            // something was read without it
	mids   map[string]bool // those that the database knows
	closed []int64         // rows of calls that cannot be read
}

var _ txn = (*sqlTxn)(nil)

func (t *sqlTxn) now() int64 { return t.tx.Now() }

// lock takes the row of autocall_guard, unless we have it. Everything that has been read before
// could have been changed by others meanwhile, so then the transaction fails
// and is run again.
func (t *sqlTxn) lock() error {
	if t.locked {
		return nil
	}
	if t.looked {
		return errUnlocked
	}
	n, err := t.tx.Lock(t.ctx, sqlNextID)
	if err != nil {
		return err
	}
	if n != 1 {
		return errors.New("the row of table autocall_guard is gone: nothing would keep two servers apart")
	}
	t.locked = true
	return nil
}

// nextID returns a number that is greater than all before.
func (t *sqlTxn) nextID() (n int64, err error) {
	if _, err = t.tx.Exec(t.ctx, sqlNextID); err == nil {
		err = t.tx.Row(t.ctx, sqlReadLastID).Scan(&n)
	}
	return n, err
}

// look is for what may be read without the lock: by those who only read.
func (t *sqlTxn) look(query string, args ...any) ([]*item, error) {
	t.looked = t.looked || !t.locked
	return t.items(query, args...)
}

func (t *sqlTxn) byID(id string) (*item, error) {
	return first(t.look(sqlByID, sqldb.Hash(id)))
}

func (t *sqlTxn) held(phone string) (*item, error) {
	return first(t.look(sqlByHolder, sqldb.Hash(phone)))
}

func (t *sqlTxn) list(openOnly bool, limit int) ([]*item, error) {
	if openOnly {
		return t.look(sqlNewestYet, limit)
	}
	return t.look(sqlNewest, limit)
}

// find is for what leads to a change, so it takes the lock first.
func (t *sqlTxn) find(query string, args ...any) ([]*item, error) {
	if err := t.lock(); err != nil {
		return nil, err
	}
	return t.items(query, args...)
}

func (t *sqlTxn) byMid(mid string) (*item, error) {
	return first(t.find(sqlByMid, sqldb.Hash(mid)))
}

func (t *sqlTxn) byKey(key string) (*item, error) {
	return first(t.find(sqlByKey, sqldb.Hash(key)))
}

func (t *sqlTxn) waiting(limit int) ([]*item, error) {
	if err := t.lock(); err != nil { // whose clock counts
		return nil, err
	}
	return t.items(sqlWaiting, stageWaits, t.now(), limit)
}

func (t *sqlTxn) overdue(limit int) ([]*item, error) {
	if err := t.lock(); err != nil {
		return nil, err
	}
	return t.items(sqlOverdue, t.now(), limit)
}

// first returns the first item or nil.
func first(items []*item, err error) (*item, error) {
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items[0], nil
}

// items reads rows of a sequence number and a document. One that cannot be read is
// left out, and closed by who has the lock: it must not stop the others.
func (t *sqlTxn) items(query string, args ...any) ([]*item, error) {
	var all []*item
	var unreadable []int64
	err := t.rows(query, args, func(scan func(...any) error) error {
		var doc []byte
		it := new(item)
		if err := scan(&it.Seq, &doc); err != nil {
			return err
		}
		if json.Unmarshal(doc, it) != nil || it.ID == "" {
			unreadable = append(unreadable, it.Seq)
			return nil
		}
		if it.Hand != nil {
			t.mids[it.Hand.Mid] = true
		}
		all = append(all, it)
		return nil
	})
	for _, seq := range unreadable {
		if err != nil || !t.locked {
			break
		}
		t.closed = append(t.closed, seq)
		_, err = t.tx.Exec(t.ctx, sqlCloseCall, stageOver, t.now(), seq)
	}
	return all, err
}

// rows runs a query and gives each row to f.
func (t *sqlTxn) rows(query string, args []any, f func(scan func(...any) error) error) (err error) {
	rows, err := t.tx.Query(t.ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *sqlTxn) put(it *item) error {
	if err := t.lock(); err != nil {
		return err
	}
	query := sqlUpdateCall
	if it.Seq == 0 {
		seq, err := t.nextID()
		if err != nil {
			return err
		}
		query, it.Seq = sqlInsertCall, seq
	}
	row, err := callRow(it)
	if err != nil {
		return err
	}
	if _, err := t.tx.Exec(t.ctx, query, row...); err != nil {
		return err
	}
	if it.Hand == nil || t.mids[it.Hand.Mid] {
		return nil
	}
	t.mids[it.Hand.Mid] = true
	_, err = t.tx.Exec(t.ctx, sqlInsertMid, sqldb.Hash(it.Hand.Mid), it.Seq)
	return err
}

// callRow returns the columns of a call, in the order of the statements.
func callRow(it *item) ([]any, error) {
	doc, err := json.Marshal(it)
	if err != nil {
		return nil, err
	}
	var key, holder, overdue, finished any
	if it.Hand != nil {
		holder = sqldb.Hash(it.Hand.Phone)
	}
	stage := stageOver
	switch {
	case !it.State.Open():
		finished = it.Finished
	case it.Hand == nil:
		stage, overdue = stageWaits, it.ends()
	default:
		stage, overdue = stageRings, it.ends()
	}
	if it.State.Open() && it.Call.Key != "" {
		key = sqldb.Hash(it.Call.Key)
	}
	return []any{
		sqldb.Hash(it.ID), key, holder, stage, -int(it.Call.Severity), it.Due, overdue, finished, doc, it.Seq,
	}, nil
}

func (t *sqlTxn) rewind(always bool) (back int64, err error) {
	if err := t.lock(); err != nil {
		return 0, err
	}
	var before int64
	if err := t.tx.Row(t.ctx, sqlReadClock).Scan(&before); err != nil {
		return 0, err
	}
	if back = before - t.now(); back < clockStep {
		back = 0
	}
	if _, err := t.tx.Exec(t.ctx, sqlSetClock, t.now()); err != nil || back == 0 && !always {
		return back, err
	}
	if _, err := t.tx.Exec(t.ctx, sqlRewindPhones, t.now(), t.now()); err != nil {
		return back, err
	}
	_, err = t.tx.Exec(t.ctx, sqlRewindNotices, t.now(), t.now()+longestPause.Milliseconds()-back)
	return back, err
}

func (t *sqlTxn) purge(before int64) (int, error) {
	if err := t.lock(); err != nil {
		return 0, err
	}
	var ended []any
	err := t.rows(sqlEnded, []any{before, purgeLimit}, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		ended = append(ended, seq)
		return err
	})
	if err != nil || len(ended) == 0 {
		return 0, err
	}
	for _, query := range []string{sqlDeleteMids, sqlDeleteCalls} {
		if _, err := t.tx.Exec(t.ctx, fmt.Sprintf(query, sqldb.Marks(len(ended))), ended...); err != nil {
			return 0, err
		}
	}
	return len(ended), nil
}
