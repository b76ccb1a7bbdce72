//go:build unix

package sqlqueue_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// begin opens a queue on a clock, on any engine.
func begin(t *testing.T, e *realdb.Engine, clock *realdb.Clock, o *autocall.QueueOptions) (*autocall.Dispatcher, *sql.DB) {
	t.Helper()
	_, driver, dsn := e.Open(t)
	db := clock.OpenWith(t, driver, dsn)
	q, err := autocall.NewSQLQueue(t.Context(), db, e.Name, o)
	require.NoError(t, err)
	look(t, q, func() bool {
		clock := int64(0)
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT clock FROM autocall_guard").Scan(&clock))
		return clock > 0
	})
	return q, db
}

// look lets Run do its work for a moment: until done says so.
func look(t *testing.T, q *autocall.Dispatcher, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	f := fleet{t: t}
	f.until("Run to do its work", done)
	cancel()
	require.NoError(t, <-ended)
}

func call(number string) autocall.Call {
	return autocall.Call{People: []autocall.Person{{Number: number}}, Rounds: 3, Interval: 10 * time.Minute}
}

// A clock that is set back stops nothing: what waits is rung, who fell silent loses
// a call, a phone that was busy gets the next one, and silence is told.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for _, back := range []time.Duration{time.Hour, 8 * time.Hour} {
				t.Run(back.String(), func(t *testing.T) { testClockSetBack(t, e, back) })
			}
		})
	}
}

func testClockSetBack(t *testing.T, e *realdb.Engine, back time.Duration) {
	ctx := t.Context()
	dies, lives := autocall.Phone{Name: "dies"}, autocall.Phone{Name: "lives"}
	next := func(q *autocall.Dispatcher, p autocall.Phone) autocall.HandOut {
		h, err := q.Next(ctx, p)
		require.NoError(t, err)
		return h
	}
	enqueue := func(q *autocall.Dispatcher) string {
		id, _, err := q.Enqueue(ctx, call("13900000001"))
		require.NoError(t, err)
		return id
	}
	var log *journal
	mended := func() bool { return strings.Contains(log.String(), "the clock of the database was set back") }
	options := func() *autocall.QueueOptions {
		log = new(journal)
		return &autocall.QueueOptions{Logger: slog.New(slog.NewTextHandler(log, nil))}
	}

	t.Run("queued", func(t *testing.T) {
		var clock realdb.Clock
		q, _ := begin(t, e, &clock, options())
		enqueue(q)
		clock.Advance(-back)
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		f := fleet{t: t}
		f.until("the call to be rung", func() bool { return !next(q, lives).IsZero() })
		cancel()
		require.NoError(t, <-ended)
		require.True(t, mended())
	})
	t.Run("lease", func(t *testing.T) {
		var clock realdb.Clock
		q, _ := begin(t, e, &clock, options())
		enqueue(q)
		require.False(t, next(q, dies).IsZero())
		clock.Advance(-back)
		look(t, q, mended)
		clock.Advance(3*time.Minute + time.Second)
		require.False(t, next(q, lives).IsZero())
	})
	t.Run("round", func(t *testing.T) {
		var clock realdb.Clock
		q, _ := begin(t, e, &clock, options())
		enqueue(q)
		h := next(q, lives)
		_, err := q.Answer(ctx, autocall.Outcome{Phone: lives, Mid: h.Mid})
		require.NoError(t, err)
		clock.Advance(-back)
		require.True(t, next(q, lives).IsZero())
		look(t, q, mended)
		clock.Advance(10*time.Minute + time.Second)
		require.False(t, next(q, lives).IsZero())
	})
	t.Run("busy", func(t *testing.T) {
		var clock realdb.Clock
		q, _ := begin(t, e, &clock, options())
		id := enqueue(q)
		require.False(t, next(q, lives).IsZero())
		_, err := q.Cancel(ctx, id, "")
		require.NoError(t, err)
		clock.Advance(-back)
		enqueue(q)
		require.True(t, next(q, lives).IsZero(), "it may be ringing")
		clock.Advance(91 * time.Second)
		require.False(t, next(q, lives).IsZero())
	})
	t.Run("silence", func(t *testing.T) {
		var clock realdb.Clock
		told := make(chan string, 1)
		o := options()
		o.OnPhoneSilent = func(_ context.Context, s autocall.PhoneStatus) error {
			told <- s.Name
			return nil
		}
		q, _ := begin(t, e, &clock, o)
		next(q, dies)
		clock.Advance(-back)
		look(t, q, mended)
		clock.Advance(7 * time.Minute)
		name := ""
		look(t, q, func() bool {
			select {
			case name = <-told:
			default:
			}
			return name != ""
		})
		require.Equal(t, "dies", name)
	})
}

// A journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write writes.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A call that cannot be read is closed, and said; the others are rung.
func TestUnreadableCall(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for _, doc := range []string{"", "{", "null", `{"people":7}`, "\x00\xff"} {
				testUnreadable(t, e, doc)
			}
		})
	}
}

func testUnreadable(t *testing.T, e *realdb.Engine, doc string) {
	ctx := t.Context()
	log := new(journal)
	var clock realdb.Clock
	q, db := begin(t, e, &clock, &autocall.QueueOptions{Logger: slog.New(slog.NewTextHandler(log, nil))})
	bad := call("13900000001")
	bad.Key = "bad"
	id, _, err := q.Enqueue(ctx, bad)
	require.NoError(t, err)
	dialect, err := sqldb.ParseDialect(e.Name)
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, dialect.Bind("UPDATE autocall_calls SET doc = ?"), []byte(doc))
	require.NoError(t, err)
	good, _, err := q.Enqueue(ctx, call("13900000002"))
	require.NoError(t, err)
	for _, openOnly := range []bool{false, true} {
		all, err := q.List(ctx, openOnly, 10)
		require.NoError(t, err)
		require.Len(t, all, 1, "%q", doc)
		require.Equal(t, good, all[0].ID)
	}
	_, err = q.Get(ctx, id)
	require.ErrorIs(t, err, autocall.ErrUnknownCall)
	h, err := q.Next(ctx, autocall.Phone{Name: "phone"})
	require.NoError(t, err)
	require.Equal(t, "13900000002", h.Number, "%q", doc)
	require.Contains(t, log.String(), "cannot be read")
	_, joined, err := q.Enqueue(ctx, bad)
	require.NoError(t, err)
	require.False(t, joined, "the key is free")
}
