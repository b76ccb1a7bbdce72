package autocall

import "context"

// A store keeps items. There are two: memory and SQL. All rules stand in
// item and Dispatcher; a store only finds and keeps.
//
// Times are milliseconds of Unix time on the clock of the store.
type store interface {
	// do runs f in a transaction. f may be run again, so it has no effect
	// but on the txn and on variables that it sets anew. What f changed is
	// durable when do returns nil, and undone when it returns an error.
	do(ctx context.Context, f func(txn) error) error
}

// A txn is a transaction of a store. An item that it returns is the caller's
// to change, and is kept only by put. Items it returned stay locked for other
// transactions until it ends.
type txn interface {
	now() int64

	// byID, byMid and byKey find one item, or return nil. byKey finds open
	// ones only. byMid also finds items by a mid that has passed.
	byID(id string) (*item, error)
	byMid(mid string) (*item, error)
	byKey(key string) (*item, error)

	// held finds the item whose Hand has the phone, or returns nil. There is at
	// most one. It need not be open: a phone whose call was taken away may be
	// ringing still.
	held(phone string) (*item, error)

	// waiting returns up to limit open items that no phone has and that are
	// due, the worst Severity first and of equals the oldest.
	waiting(limit int) ([]*item, error)

	// overdue returns up to limit open items for which ends has come.
	overdue(limit int) ([]*item, error)

	// list returns up to limit items, the newest first, only open ones if
	// asked for.
	list(openOnly bool, limit int) ([]*item, error)

	// put keeps an item, new or changed, with the mid of its hand-out.
	put(*item) error

	// see notes that a phone was heard of just now, and returns what was
	// known of it before: the zero record if nothing was.
	see(phone, model string) (phoneRecord, error)

	// phones returns all phones that were ever heard of, by name.
	phones() ([]phoneRecord, error)
	putPhone(phoneRecord) error

	// tell keeps a notice: a new one if its ID is zero, else a changed one.
	// notices returns up to limit that are Due, the oldest first, and told
	// removes one.
	tell(notice) error
	notices(limit int) ([]notice, error)
	told(id int64) error

	// rewind returns how far the clock was set back since it was last called, or
	// zero. If it was, or in any case if asked to, no phone was heard of later than
	// now any more, and no notice is due later than it can be. It is called before
	// anything else.
	rewind(always bool) (back int64, err error)

	// purge forgets final items that ended before a time.
	purge(before int64) (int, error)
}
