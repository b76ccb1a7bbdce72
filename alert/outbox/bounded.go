package outbox

import (
	"context"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	storeTime = 10 * time.Second      // for one transaction,
	rowTime   = 10 * time.Millisecond // more for each alert that it accepts,
	sendTime  = 3                     // and so many times that for a Send whose context has no end
)

// A boundedStore gives each transaction a deadline, so that a connection that
// swallows everything holds up nobody for ever.
type boundedStore struct {
	jobstore.Store

	time time.Duration
}

// forRows returns the store with the patience that accepting n alerts wants.
func (b boundedStore) forRows(n int) boundedStore {
	b.time += time.Duration(n) * rowTime
	return b
}

func (b boundedStore) Do(ctx context.Context, f func(jobstore.Txn) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.time)
	defer cancel()
	return b.Store.Do(ctx, f)
}

func (b boundedStore) Locked(ctx context.Context, f func(jobstore.Txn) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.time)
	defer cancel()
	return b.Store.Locked(ctx, f)
}
