//go:build unix

package sqlqueue_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// maxOpen bounds the calls that wait, so that most are somewhere under way.
const maxOpen = 12

// killCount returns how often a server is killed: TORTURE says so.
func killCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TORTURE")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "TORTURE must be a number")
	return n
}

// Servers and databases die at any moment, while phones ring. Nothing that was
// accepted is lost, and everything rings as often as it should.
func TestTorture(t *testing.T) {
	n := killCount(t)
	for _, tt := range []struct {
		name            string
		start           func(testing.TB) *realdb.Engine
		servers, phones int
		kills, outages  int // of servers, and of the database
	}{
		{"SQLite", realdb.SQLite, 1, 4, n, 0},
		{"SQLite, two servers", realdb.SQLite, 2, 8, (n + 3) / 4, 0},
		{"PostgreSQL", realdb.Postgres, 1, 4, n, 0},
		{"PostgreSQL, two servers", realdb.Postgres, 2, 8, (n + 3) / 4, 0},
		{"PostgreSQL dies", realdb.Postgres, 2, 8, 0, (n + 9) / 10},
		{"MariaDB, two servers", realdb.MariaDB, 2, 8, (n + 3) / 4, 0},
		{"MariaDB dies", realdb.MariaDB, 2, 8, 0, (n + 9) / 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, tt.start(t), tt.servers, tt.phones)
			l := newLedger(uint64(n)) //nolint:gosec // not negative
			finish := f.work(l)
			rng := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test that can be repeated
			for i := range tt.kills {
				f.progress(l, rng)
				p := f.servers[i%len(f.servers)]
				p.kill()
				p.start()
			}
			for range tt.outages {
				f.progress(l, rng)
				f.engine.Kill()
				f.engine.Start(t)
			}
			f.progress(l, rng)
			finish()
			f.compare(l)
			figures, violations := l.report()
			t.Logf("%d kills, %d outages: %s", tt.kills, tt.outages, figures)
			require.Empty(t, violations)
		})
	}
}

// work lets the phones and a caller loose. The function that it returns waits
// until all calls have ended.
func (f *fleet) work(l *ledger) (finish func()) {
	calling, stopCalling := context.WithCancel(f.t.Context())
	ringing, stopRinging := context.WithCancel(f.t.Context())
	var phones, caller sync.WaitGroup
	for i := range len(f.tokens) {
		p := &phone{name: fmt.Sprint("phone ", i), fleet: f, ledger: l, rng: rand.New(rand.NewPCG(uint64(i), 2))} //nolint:gosec // a test
		phones.Go(func() { p.live(ringing) })
	}
	caller.Go(func() { f.call(calling, l) })
	return func() {
		stopCalling()
		caller.Wait()
		f.inspect(func(ctx context.Context, q *autocall.Dispatcher, _ *sql.DB) {
			f.until("all calls to end", func() bool {
				open, err := q.List(ctx, true, 1)
				return err == nil && len(open) == 0
			})
		})
		stopRinging()
		phones.Wait()
	}
}

// progress waits for some things to happen, so that what dies next dies among
// them and not while it starts, and then for a moment more.
func (f *fleet) progress(l *ledger, rng *rand.Rand) {
	goal := l.events() + 5 + rng.IntN(20)
	f.until("anything to happen", func() bool { return l.events() >= goal })
	wait(f.t.Context(), time.Duration(rng.IntN(5000))*time.Microsecond)
}

// until asks again and again.
func (f *fleet) until(what string, yes func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	for !yes() {
		if ctx.Err() != nil {
			f.t.Fatalf("waited in vain for %s", what)
		}
		wait(ctx, 5*time.Millisecond)
	}
}

// call asks for calls, again under the same key after each failure, as the
// documentation advises. Each attempt has numbers of its own, so that it can be
// told which of them was made.
func (f *fleet) call(ctx context.Context, l *ledger) {
	var open []string
	f.inspect(func(inspection context.Context, q *autocall.Dispatcher, _ *sql.DB) {
		for n := 0; ctx.Err() == nil; n++ {
			for attempt := 0; ctx.Err() == nil; attempt++ {
				m := l.plan(fmt.Sprint("problem ", n))
				a, err := f.enqueue(ctx, m.call, (n+attempt)%len(f.servers))
				if err != nil {
					l.failed("call")
					continue
				}
				if !a.Joined {
					l.accept(m, a.ID)
				}
				open = append(open, a.ID)
				break
			}
			for len(open) > maxOpen && ctx.Err() == nil {
				if s, err := q.Get(inspection, open[0]); err == nil && !s.State.Open() {
					open = open[1:]
				} else {
					wait(ctx, 2*time.Millisecond)
				}
			}
		}
	})
}

// enqueue asks a server for a call.
func (f *fleet) enqueue(ctx context.Context, c autocall.Call, server int) (a accepted, err error) {
	body, err := json.Marshal(c)
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, f.servers[server].url+"/calls", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return a, errors.New(resp.Status)
	}
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

// inspect opens the queue as one more server.
func (f *fleet) inspect(look func(context.Context, *autocall.Dispatcher, *sql.DB)) {
	db, err := sql.Open(f.driver, f.dsn)
	require.NoError(f.t, err)
	defer db.Close()
	q, err := autocall.NewSQLQueue(f.t.Context(), db, f.engine.Name, nil)
	require.NoError(f.t, err)
	look(f.t.Context(), q, db)
}

// compare compares each call in the database with what happened, and wants a
// notice of each end.
func (f *fleet) compare(l *ledger) {
	f.inspect(func(ctx context.Context, q *autocall.Dispatcher, db *sql.DB) {
		for _, p := range f.servers {
			p.kill()
		}
		// What a dead server had taken would be due in a minute.
		_, err := db.ExecContext(ctx, "UPDATE autocall_notices SET due = 0")
		require.NoError(f.t, err)
		for _, p := range f.servers {
			p.start() // which looks for notices at once
		}
		f.until("all notices to be told", func() bool {
			left := 0
			err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM autocall_notices").Scan(&left)
			return err == nil && left == 0
		})
		notices, err := os.ReadFile(f.notices)
		require.NoError(f.t, err)
		for _, m := range l.calls {
			if m.id == "" {
				continue
			}
			s, err := q.Get(ctx, m.id)
			if err != nil {
				l.violation("call %s was accepted: %v", m.id, err)
				continue
			}
			l.compare(m, s)
			if !strings.Contains(string(notices), m.id+" "+string(s.State)+"\n") {
				l.violation("call %s ended as %s, and nobody was told", m.id, s.State)
			}
		}
	})
}
