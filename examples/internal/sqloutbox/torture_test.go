//go:build unix

package sqloutbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// killCount returns how often a process is killed: TORTURE says so.
func killCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TORTURE")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "TORTURE must be a number")
	return n
}

// Processes that accept and deliver are killed at any moment, and databases with
// them. Nothing that was accepted is lost, a telephone rings once, and each Key
// keeps its order.
func TestTorture(t *testing.T) {
	t.Parallel()
	n := killCount(t)
	for _, tt := range []struct {
		name      string
		start     func(testing.TB) *realdb.Engine
		processes int
		kills     int
		outages   int // of the database
	}{
		{"SQLite", realdb.SQLite, 1, n, 0},
		{"SQLite, two processes", realdb.SQLite, 2, n, 0},
		{"PostgreSQL, two processes", realdb.Postgres, 2, n, 0},
		{"PostgreSQL dies", realdb.Postgres, 2, 0, (n + 9) / 10},
		{"MariaDB, two processes", realdb.MariaDB, 2, n, 0},
		{"MariaDB dies", realdb.MariaDB, 2, 0, (n + 9) / 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := tt.start(t)
			_, driver, dsn := e.Open(t)
			f := &farm{T: t, config: lifeConfig{Driver: driver, DSN: dsn, Dialect: e.Name, Dir: t.TempDir()}}
			for range tt.processes {
				f.alive = append(f.alive, f.start())
			}
			for i := range tt.kills {
				f.progress(20)
				kill(f.alive[i%len(f.alive)])
				f.alive[i%len(f.alive)] = f.start()
			}
			for range tt.outages {
				f.progress(20)
				e.Kill()
				e.Start(t)
			}
			f.progress(20)
			for _, p := range f.alive {
				kill(p)
			}
			f.drain(f.config)
		})
	}
}

// A farm is processes over one database.
type farm struct {
	*testing.T

	config lifeConfig
	alive  []*exec.Cmd
}

// start starts a process, and waits until it works.
func (f *farm) start() *exec.Cmd {
	f.Helper()
	f.config.Life++
	config, err := json.Marshal(&f.config)
	require.NoError(f, err)
	cmd := exec.Command(os.Args[0]) //nolint:gosec // this test
	cmd.Env = append(os.Environ(), "BE_AN_OUTBOX="+string(config))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(f, err)
	require.NoError(f, cmd.Start())
	f.Cleanup(func() { kill(cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(f, err)
	require.Equal(f, "ready\n", line)
	return cmd
}

// kill kills a process with SIGKILL.
func kill(cmd *exec.Cmd) {
	cmd.Process.Kill() //nolint:errcheck // it may be dead
	cmd.Wait()         //nolint:errcheck // it was killed
}

// progress waits until some more was accepted and delivered, and for a moment.
func (f *farm) progress(more int) {
	f.Helper()
	accepted, heard := len(lines(f.config.Dir, "accepted")), len(lines(f.config.Dir, "chat"))
	f.until("progress", func() bool {
		return len(lines(f.config.Dir, "accepted")) >= accepted+more && len(lines(f.config.Dir, "chat")) >= heard+more
	})
	<-time.After(time.Duration(rand.IntN(20_000)) * time.Microsecond)
}

func (f *farm) until(what string, yes func() bool) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	for !yes() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			f.Fatalf("waited for %s in vain", what)
		}
	}
}

// drain delivers what is left, and compares.
func (f *farm) drain(c lifeConfig) {
	store, err := outbox.NewSQLStore(f.Context(), open(f.T, c.Driver, c.DSN), c.Dialect)
	require.NoError(f, err)
	b, err := torturedBox(store, c.Dir, 0)
	require.NoError(f, err)
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	for left := waiting(ctx, b, -1); left != 0; {
		f.until("some of the rest to be delivered", func() bool {
			before := left
			<-time.After(time.Second) // to count takes long, and keeps the workers waiting
			left = waiting(ctx, b, left)
			return left != before
		})
	}
	cancel()
	require.NoError(f, <-done)
	accepted := lines(c.Dir, "accepted")
	chatted, _ := f.compare(b, "chat", accepted, false)
	rung, uncertain := f.compare(b, "phone", accepted, true)
	f.Logf("%d lives, %d accepted, %d messages heard in the chat, %d by telephone, %d uncertain there",
		c.Life, len(accepted), chatted, rung, uncertain)
}

// waiting returns how many alerts wait on all routes, or what was known before.
func waiting(ctx context.Context, b *outbox.Outbox, known int) int {
	counts, err := b.Counts(ctx)
	if err != nil {
		return known
	}
	n := 0
	for _, c := range counts {
		n += c.Waiting
	}
	return n
}

// compare compares what was accepted with what a far end heard.
func (f *farm) compare(b *outbox.Outbox, route string, accepted []string, once bool) (heard, dead int) {
	ended := make(map[string]outbox.Cause)
	for after := int64(0); ; {
		list, err := b.Dead(f.Context(), route, after, 500)
		require.NoError(f, err)
		if len(list) == 0 {
			break
		}
		for _, l := range list {
			ended[l.Alert.Name], after = l.Cause, l.Number
		}
	}
	times, last := make(map[string]int), make(map[string]int)
	for at, name := range lines(f.config.Dir, route) {
		times[name]++
		last[name] = at
	}
	latest := make(map[string]int) // by Key
	for _, name := range accepted {
		if times[name] == 0 && ended[name] == "" {
			f.Errorf("%s: %s was accepted and is lost", route, name)
		}
		if once && times[name] > 1 {
			f.Errorf("%s: %s was heard %d times", route, name, times[name])
		}
		cause := ended[name]
		if crashed := !once && cause == outbox.Crashed; crashed {
			continue // it was under way at three kills
		}
		if cause != "" && (!once || cause != outbox.Uncertain && cause != outbox.Overtaken) {
			f.Errorf("%s: %s ended as %s", route, name, cause)
		}
		key := name[:strings.LastIndexByte(name, '.')]
		if times[name] > 0 {
			if last[name] < latest[key] {
				f.Errorf("%s: %s was heard before one that was accepted earlier", route, name)
			}
			latest[key] = last[name]
		}
	}
	return len(lines(f.config.Dir, route)), len(ended)
}
