package autocall_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// ring lets phone p1 ring about a call, and somebody pick up or nobody.
func ring(t *testing.T, q autocall.Queue, number string) (id string) {
	t.Helper()
	id = enqueue(t, q, autocall.Call{People: people(numberA)})
	require.NotEmpty(t, answer(t, q, "p1", next(t, q, "p1").Mid, number))
	return id
}

func TestRunTellsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var answered, exhausted notes
		q := newQueue(t, &autocall.QueueOptions{
			OnAnswered:  func(_ context.Context, s autocall.Status) error { answered.add(s.ID); return nil },
			OnExhausted: func(_ context.Context, s autocall.Status) error { exhausted.add(s.ID); return nil },
		})
		before := ring(t, q, numberA)
		stop := start(t, q.Run)
		synctest.Wait()
		require.Equal(t, []string{before}, answered.read(), "what was told while nobody ran")
		while := ring(t, q, "")
		synctest.Wait()
		require.Equal(t, []string{while}, exhausted.read())
		cancelled := enqueue(t, q, autocall.Call{People: people(numberA)})
		_, err := q.Cancel(t.Context(), cancelled, "")
		require.NoError(t, err)
		pass(time.Minute)
		stop()
		require.Len(t, answered.read(), 1)
		require.Len(t, exhausted.read(), 1, "the caller of Cancel knows it")
	})
}

// A callback that fails or panics is called again, less and less often, and
// keeps no other from being called.
func TestRunRepeatsCallbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var failed []time.Duration
		began, others := time.Now(), 0
		q := newQueue(t, &autocall.QueueOptions{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			OnAnswered: func(context.Context, autocall.Status) error {
				failed = append(failed, time.Since(began).Round(time.Second))
				switch len(failed) {
				case 1:
					return errors.New("chat is down")
				case 2:
					panic("number " + numberA)
				case 3:
					return errors.New(people(numberA)[len(failed)].Name) // the runtime's own words are shown
				}
				if len(failed) < 10 {
					return errors.New("chat is down")
				}
				return nil
			},
			OnExhausted: func(context.Context, autocall.Status) error { others++; return nil },
		})
		stop := start(t, q.Run)
		ring(t, q, numberA)
		ring(t, q, "")
		pass(time.Hour)
		stop()
		require.Equal(t, 1, others)
		require.Len(t, failed, 10)
		require.Equal(t, []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second}, failed[:5])
		require.Equal(t, 5*time.Minute, failed[9]-failed[8], "at most")
		require.Equal(t, 9, strings.Count(log.String(), "callback failed"))
		require.Contains(t, log.String(), "chat is down")
		require.Contains(t, log.String(), "panic: string")
		require.Contains(t, log.String(), "index out of range")
		leaktest.Check(t, []string{numberA}, log.String())
	})
}

// A callback has a bounded time, and Run ends though one is under way.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		q := newQueue(t, &autocall.QueueOptions{OnAnswered: func(ctx context.Context, _ autocall.Status) error {
			began := time.Now()
			<-ctx.Done()
			took = append(took, time.Since(began))
			return ctx.Err()
		}})
		stop := start(t, q.Run)
		ring(t, q, numberA)
		pass(time.Minute)
		stop() // and synctest sees that no goroutine is left
		require.Equal(t, []time.Duration{50 * time.Second, 5 * time.Second}, took)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, q.Run(ctx), "an ended context is no failure")
	})
}

// A call that nobody polls for ends at its time, and so does a hand-out.
func TestRunSweeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []autocall.State
		q := newQueue(t, &autocall.QueueOptions{OnExhausted: func(_ context.Context, s autocall.Status) error {
			told = append(told, s.State)
			return nil
		}})
		var ids []string
		for range 120 { // more than one transaction settles
			ids = append(ids, enqueue(t, q, autocall.Call{People: people(numberA), Expiry: 5 * time.Minute}))
		}
		next(t, q, "p1")
		defer start(t, q.Run)()
		pass(3*time.Minute + 10*time.Second)
		require.Equal(t, "queued, handed out, lost", events(get(t, q, ids[0])))
		pass(time.Minute + 51*time.Second) // at once, all of them
		for _, id := range ids {
			require.Equal(t, autocall.Expired, get(t, q, id).State)
		}
		require.Len(t, told, len(ids))
	})
}

func TestRunForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, &autocall.QueueOptions{Keep: 24 * time.Hour})
		defer start(t, q.Run)()
		old := enqueue(t, q, autocall.Call{People: people(numberA)})
		mid := next(t, q, "p1").Mid
		answer(t, q, "p1", mid, numberA)
		pass(20 * time.Hour)
		young := ring(t, q, numberA)
		pass(6 * time.Hour)
		_, err := q.Get(t.Context(), old)
		require.ErrorIs(t, err, autocall.ErrUnknownCall)
		require.EqualError(t, err, "autocall: get: unknown call")
		require.Empty(t, answer(t, q, "p1", mid, numberA))
		require.Equal(t, autocall.Answered, get(t, q, young).State)
	})
}

// A late answer is told though "nobody" was told before; and "nobody" is not
// told any more once somebody has picked up.
func TestRunTellsLateAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fails int // of OnExhausted
		want  string
	}{
		{"after nobody", 0, "exhausted answered"},
		{"while nobody could not be told", 3, "answered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told []string
				q := newQueue(t, &autocall.QueueOptions{
					OnAnswered: func(context.Context, autocall.Status) error { told = append(told, "answered"); return nil },
					OnExhausted: func(context.Context, autocall.Status) error {
						if tt.fails--; tt.fails >= 0 {
							return errors.New("down")
						}
						told = append(told, "exhausted")
						return nil
					},
				})
				defer start(t, q.Run)()
				enqueue(t, q, autocall.Call{People: people(numberA)})
				mid := next(t, q, "p1").Mid
				answer(t, q, "p1", mid, "")
				pass(20 * time.Second)
				answer(t, q, "p1", mid, numberA)
				pass(time.Hour)
				require.Equal(t, tt.want, strings.Join(told, " "))
			})
		})
	}
}

// A notice that somebody has taken is nobody else's meanwhile, and one that was
// delivered is gone although Run was ended by then.
func TestRunTakesANoticeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int32
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		q := newQueue(t, &autocall.QueueOptions{OnAnswered: func(context.Context, autocall.Status) error {
			told.Add(1)
			<-time.After(40 * time.Second)
			cancel()
			return nil
		}})
		ring(t, q, numberA)
		var running sync.WaitGroup
		for range 2 {
			running.Go(func() { _ = q.Run(ctx) })
		}
		running.Wait()
		stop := start(t, q.Run)
		pass(10 * time.Minute)
		stop()
		require.EqualValues(t, 1, told.Load())
	})
}

// A phone that polls again before its silence could be told is not silent.
func TestRunTellsNoSilenceThatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told notes
		began := time.Now()
		q := newQueue(t, &autocall.QueueOptions{PollInterval: 3 * time.Minute, OnPhoneSilent: func(context.Context, autocall.PhoneStatus) error {
			told.add(time.Since(began).String())
			return errors.New("chat is down")
		}})
		defer start(t, q.Run)()
		next(t, q, "p1")
		pass(9*time.Minute + 7*time.Second)
		require.Equal(t, []string{"9m5s"}, told.read(), "three polls are missing, which is more than two leases here")
		next(t, q, "p1")
		pass(8 * time.Minute)
		require.Len(t, told.read(), 1)
	})
}

// Each transition is logged, with the number masked.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q := newQueue(t, &autocall.QueueOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		id := enqueue(t, q, autocall.Call{People: people(numberA), Message: "about " + numberA})
		mid := next(t, q, "p1").Mid
		answer(t, q, "p1", mid, numberB)
		answer(t, q, "p1", mid, numberA)
		require.Equal(t, []string{
			`level=INFO msg="call queued" call=ID state=queued round=1`,
			`level=INFO msg="call handed out" call=ID state=ringing round=1 phone=p1 number=187******01`,
			`level=WARN msg="call suspicious" call=ID state=ringing round=1 phone=p1 number=188******02 cause="this number was not handed out"`,
			`level=INFO msg="call answered" call=ID state=answered round=1 phone=p1 number=187******01`,
		}, lines(strings.ReplaceAll(log.String(), id, "ID")))
		leaktest.Check(t, []string{numberA, numberB, mid}, log.String())
	})
}

// lines returns the lines of a text log without their times.
func lines(log string) []string {
	var all []string
	for line := range strings.Lines(log) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, rest)
	}
	return all
}
