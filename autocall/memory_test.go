package autocall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// picture returns all that a memory holds and how it is found.
func picture(m *memory) string {
	text := ""
	for _, id := range slices.Sorted(maps.Keys(m.items)) {
		it := m.items[id]
		text += fmt.Sprintf("%s %s %d %v %v\n", id, it.State, len(it.Audit), it.Hand, m.open[id] == it)
	}
	return text + fmt.Sprint(len(m.open), m.mids, m.keys, m.holders, m.polled, m.news)
}

// A transaction that fails or panics leaves nothing behind.
func TestMemoryUndoes(t *testing.T) {
	t.Parallel()
	d, err := NewMemoryQueue(nil)
	require.NoError(t, err)
	ctx := t.Context()
	people := []Person{{Number: "18700000001"}}
	first, _, err := d.Enqueue(ctx, Call{Key: "k", People: people})
	require.NoError(t, err)
	out, err := d.Next(ctx, Phone{Name: "p"})
	require.NoError(t, err)
	other, _, err := d.Enqueue(ctx, Call{Key: "other", People: people})
	require.NoError(t, err)
	_, err = d.Cancel(ctx, other, "")
	require.NoError(t, err)
	m := d.store.(*memoryStore).content()
	before := picture(m)

	work := func(tx txn) error {
		it, err := tx.byMid(out.Mid)
		require.NoError(t, err)
		it.post(tx.now(), "p", out.Mid, "18700000001")
		require.NoError(t, tx.put(it))
		require.NoError(t, tx.put(newItem("new", Call{Key: "k2", People: people}, tx.now())))
		n := notice{Kind: "answered", Subject: first}
		require.NoError(t, tx.tell(n))
		notices, err := tx.notices(5)
		require.NoError(t, err)
		require.Len(t, notices, 1)
		notices[0].Due = tx.now() + 1
		require.NoError(t, tx.tell(notices[0]))
		notices, err = tx.notices(5)
		require.NoError(t, err)
		require.Empty(t, notices)
		_, err = tx.see("q", "model")
		require.NoError(t, err)
		require.NoError(t, tx.putPhone(phoneRecord{Name: "p", Told: true}))
		purged, err := tx.purge(tx.now() + 1)
		require.NoError(t, err)
		require.Equal(t, 2, purged)
		return errors.New("failed")
	}
	require.EqualError(t, d.store.do(ctx, work), "failed")
	require.Equal(t, before, picture(m))
	require.PanicsWithError(t, "failed", func() { _ = d.store.do(ctx, func(tx txn) error { panic(work(tx)) }) })
	require.Equal(t, before, picture(m))
	again, err := d.Next(ctx, Phone{Name: "p"})
	require.NoError(t, err)
	require.Equal(t, out, again)
}

// A copy that was read is the caller's own.
func TestMemoryCopies(t *testing.T) {
	t.Parallel()
	d, err := NewMemoryQueue(nil)
	require.NoError(t, err)
	id, _, err := d.Enqueue(t.Context(), Call{People: []Person{{Number: "18700000001"}}})
	require.NoError(t, err)
	_, err = d.Next(t.Context(), Phone{Name: "p"})
	require.NoError(t, err)
	require.NoError(t, d.store.do(t.Context(), func(tx txn) error {
		a, err := tx.byID(id)
		require.NoError(t, err)
		a.cancel(tx.now(), "x")
		a.Hand.Lease = 0
		b, err := tx.byID(id)
		require.NoError(t, err)
		require.Equal(t, Ringing, b.State)
		require.Len(t, b.Audit, 2)
		require.NotZero(t, b.Hand.Lease)
		return nil
	}))
}

// A caller that waits for the lock gives up when its context ends.
func TestMemoryTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, err := NewMemoryQueue(nil)
		require.NoError(t, err)
		require.NoError(t, d.store.do(t.Context(), func(txn) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := d.store.do(ctx, func(txn) error { panic("two at once") })
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return nil
		}))
	})
}

// The outcome of an Enqueue that the store failed is unknown. With a Key it
// may be repeated.
func TestEnqueueUncertain(t *testing.T) {
	t.Parallel()
	d, err := newDispatcher(failing{}, nil)
	require.NoError(t, err)
	people := []Person{{Number: "18700000001"}}
	for _, tt := range []struct {
		key       string
		retryable bool
		text      string
	}{
		{"k", true, "autocall: enqueue: no disk"},
		{"", false, "autocall: enqueue: no disk (perhaps it was done all the same: repeating it may ring twice)"},
	} {
		_, _, err := d.Enqueue(t.Context(), Call{Key: tt.key, People: people})
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.Equal(t, tt.retryable, alert.Retryable(err))
		require.EqualError(t, err, tt.text)
	}
	_, err = d.Next(t.Context(), Phone{Name: "p"})
	require.NotErrorIs(t, err, alert.ErrUncertain, "a poll may be repeated")
	require.True(t, alert.Retryable(err))
}

// A store that fails is asked again, every few seconds, and said so.
func TestRunOutlivesTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d, err := newDispatcher(failing{}, &QueueOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		require.NoError(t, d.Run(ctx))
		require.Equal(t, 3, strings.Count(log.String(), "autocall: mend: no disk"))
		require.Equal(t, 3, strings.Count(log.String(), "autocall: take notice: no disk"))
	})
}

// failing is a store whose disk is gone.
type failing struct{}

func (failing) do(context.Context, func(txn) error) error { return errors.New("no disk") }

// A hand-out of which the item knows nothing, as in a database that somebody
// has edited, is an unknown one.
func TestMidThatTheItemLacks(t *testing.T) {
	t.Parallel()
	d, err := NewMemoryQueue(nil)
	require.NoError(t, err)
	id, _, err := d.Enqueue(t.Context(), Call{People: []Person{{Number: "18700000001"}}})
	require.NoError(t, err)
	store, ok := d.store.(*memoryStore)
	require.True(t, ok)
	store.content().mids["stray"] = id
	r, err := d.Answer(t.Context(), Outcome{Phone: Phone{Name: "p"}, Mid: "stray", Number: "18700000001"})
	require.NoError(t, err)
	require.Zero(t, r)
}

// A name that JSON would change is refused, and not kept as another one.
func TestPhoneNameIsUTF8(t *testing.T) {
	t.Parallel()
	d, err := NewMemoryQueue(nil)
	require.NoError(t, err)
	_, err = d.Next(t.Context(), Phone{Name: "a\xff"})
	require.EqualError(t, err, "autocall: next: the name of the phone is not UTF-8")
	_, err = d.Answer(t.Context(), Outcome{Phone: Phone{Name: "a\xff"}, Mid: "m"})
	require.ErrorContains(t, err, "not UTF-8")
	phones, err := d.Phones(t.Context())
	require.NoError(t, err)
	require.Empty(t, phones)
}
