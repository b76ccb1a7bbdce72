package pigeon_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// crowd prepares two rounds over three people.
func crowd(s *pigeontest.Server) {
	s.AddCallFlow(pigeontest.CallFlowID, 2,
		pigeontest.Contact{Name: "a", Numbers: []string{number1}},
		pigeontest.Contact{Name: "b", Numbers: []string{number2}},
		pigeontest.Contact{Name: "c", Numbers: []string{"09000000003"}})
}

// TestWaitLong waits for a line, and then for two rounds over three voicemails:
// 24 minutes in all, in which a program is interrupted, goes on, and a second
// chain is stopped.
func TestWaitLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		crowd(server)
		server.Line = 3 * time.Minute
		server.Answer = func(pigeontest.Dial) pigeontest.Pickup { return pigeontest.Ignored() }
		began := time.Now()
		id := invoke(t, client, prepared())

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var words []pigeon.ChainStatus
		r, err := client.Wait(ctx, id, &pigeon.WaitOptions{OnResult: func(r pigeon.Result) {
			if len(words) == 0 || words[len(words)-1] != r.Status {
				words = append(words, r.Status)
			}
		}})
		require.Equal(t, []pigeon.ChainStatus{"waiting", "calling"}, words)
		e := asError(t, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, "wait", e.Op)
		require.Equal(t, id, e.ResultID)
		require.True(t, alert.Retryable(err), "Wait may be called again")
		require.Equal(t, "pigeon: wait: context deadline exceeded; the chain was not stopped, and may go on; resultId \""+id+"\"", err.Error())
		require.Equal(t, id, r.ID)
		require.Equal(t, pigeon.StateActive, r.State)
		require.Len(t, r.Calls, 2, "7 minutes of 3.5 minutes each")
		require.Equal(t, pigeon.CallIgnored, r.Calls[0].Status)
		require.Equal(t, pigeon.Pending, r.Outcome(nil).Verdict)

		r, err = client.Wait(t.Context(), id, nil)
		require.NoError(t, err)
		require.Equal(t, pigeon.Outcome{Verdict: pigeon.Unanswered, Status: "failed"}, r.Outcome(nil))
		require.Len(t, r.Calls, 6)
		require.Equal(t, 24*time.Minute, time.Since(began).Truncate(time.Minute))
		require.LessOrEqual(t, server.Attempts(), 2+24*4)
		require.Equal(t, 1, server.Placed())
		require.Equal(t, 6, server.Dialled())

		second := invoke(t, client, prepared())
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(4*time.Minute, stop)
		r, err = client.Wait(ctx, second, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, pigeon.StateActive, r.State)
		require.NoError(t, client.Abort(t.Context(), r.ID))
		r, err = client.Wait(t.Context(), second, nil)
		require.NoError(t, err)
		require.Equal(t, pigeon.Aborted, r.Outcome(nil).Verdict)
		require.Len(t, r.Calls, 1, "nobody else was called")
		require.Equal(t, 7, server.Dialled())
		require.NoError(t, client.Abort(t.Context(), second), "once more does no harm")
		require.Equal(t, 2, server.Placed())
	})
}

// TestWaitOutcomes follows chains to each of their ends.
func TestWaitOutcomes(t *testing.T) {
	t.Parallel()
	missed, ignored, next, leave, take := pigeontest.Missed(), pigeontest.Ignored(), pigeontest.Pressed("2"), pigeontest.Pressed("3"), pigeontest.Pressed("1")
	tests := []struct {
		name  string
		react []pigeontest.Pickup
		want  pigeon.Verdict
		key   string
		calls int
	}{
		{"the first takes it", []pigeontest.Pickup{take}, pigeon.Acknowledged, "1", 1},
		{"the second takes it", []pigeontest.Pickup{missed, take}, pigeon.Acknowledged, "1", 2},
		{"in the second round", []pigeontest.Pickup{missed, next, ignored, take}, pigeon.Acknowledged, "1", 4},
		{"who left is not called again", []pigeontest.Pickup{leave, missed, missed, take}, pigeon.Acknowledged, "1", 4},
		{"everybody passes it on", []pigeontest.Pickup{next, next, next, next, next, next}, pigeon.Unanswered, "2", 6},
		{"everybody leaves", []pigeontest.Pickup{leave, leave, leave}, pigeon.Unanswered, "3", 3},
		{"voicemails", []pigeontest.Pickup{ignored, ignored, ignored, ignored, ignored, ignored}, pigeon.Unanswered, "", 6},
		{"a key without a meaning", []pigeontest.Pickup{pigeontest.Pressed("9")}, pigeon.Unanswered, "", 6},
		{"broken phones", []pigeontest.Pickup{
			pigeontest.Broken(), pigeontest.Broken(), pigeontest.Broken(), pigeontest.Broken(), pigeontest.Broken(), pigeontest.Broken(),
		}, pigeon.Failed, "", 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := newClient(t, nil)
				crowd(server)
				server.Answer = by(tt.react...)
				r, err := client.Wait(t.Context(), invoke(t, client, prepared()), nil)
				require.NoError(t, err)
				require.Equal(t, tt.want, r.Outcome(nil).Verdict)
				require.Equal(t, tt.key, r.Outcome(nil).Key)
				require.Len(t, r.Calls, tt.calls)
				require.Equal(t, tt.calls, server.Dialled())
			})
		})
	}
}

// TestWaitLastMoment takes an end that comes together with that of the context.
func TestWaitLastMoment(t *testing.T) {
	t.Parallel()
	server := pigeontest.NewServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	web := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		resp, err := server.Client().Transport.RoundTrip(r)
		if r.Method == http.MethodGet {
			cancel()
		}
		return resp, err
	})}
	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{HTTPClient: web})
	require.NoError(t, err)
	id := invoke(t, client, prepared())
	server.Advance(time.Hour)
	r, err := client.Wait(ctx, id, nil)
	require.NoError(t, err)
	require.Equal(t, pigeon.Unanswered, r.Outcome(nil).Verdict)
}

// TestWaitInterval has the default, the floor, and a chance that never makes
// it shorter.
func TestWaitInterval(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{0: 15 * time.Second, time.Second: 5 * time.Second, -1: 5 * time.Second, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			client, server := newClient(t, nil)
			crowd(server)
			var gaps []time.Duration
			last := time.Now()
			id := invoke(t, client, prepared())
			_, err := client.Wait(t.Context(), id, &pigeon.WaitOptions{Interval: given, OnResult: func(pigeon.Result) {
				gaps = append(gaps, time.Since(last))
				last = time.Now()
			}})
			require.NoError(t, err)
			require.Zero(t, gaps[0], "asks at once")
			distinct := map[time.Duration]bool{}
			for _, gap := range gaps[1:] {
				require.GreaterOrEqual(t, gap, want)
				require.Less(t, gap, want+want/8)
				distinct[gap] = true
			}
			require.Greater(t, len(distinct), 1, "by chance")
		})
	}
}

// TestWaitFailures waits out what passes, and returns what does not together
// with the last state.
func TestWaitFailures(t *testing.T) {
	t.Parallel()
	gone := pigeontest.HTML(404)
	bad := pigeontest.HTML(502)
	vague := pigeontest.Reply(200, string(fixture(t, "result_missing_isactive_synthetic.json")))
	running := many(pigeontest.Reply(200, `{"isActive":true}`), 1)
	tests := []struct {
		name     string
		opts     *pigeon.WaitOptions
		faults   []pigeontest.Failure
		status   int // 0: it goes well
		attempts int // of those that fail, and the first
	}{
		{"some failures", nil, []pigeontest.Failure{bad, pigeontest.Reset(), pigeontest.Unreachable(), pigeontest.Reply(200, "[]")}, 0, 0},
		{"19 in a row", nil, many(bad, 19), 0, 0},
		{"20 in a row", nil, many(bad, 20), 502, 20},
		{"3 allowed", &pigeon.WaitOptions{Failures: 3}, many(bad, 3), 502, 3},
		{"any number", &pigeon.WaitOptions{Failures: -1}, many(bad, 200), 0, 0},
		{"unknown at first", nil, many(gone, 5), 0, 0},
		{"unknown for too long", nil, many(gone, 6), 404, 6},
		{"unknown, failing, unknown", nil, append(append(many(gone, 3), bad), many(gone, 3)...), 404, 7},
		{"failing, well, failing", nil, slices.Concat(many(bad, 15), running, many(bad, 15)), 0, 0},
		{"unknown, known, unknown", nil, slices.Concat(many(gone, 4), running, many(gone, 4)), 0, 0},
		{"not said, said, not said", nil, slices.Concat(many(vague, 15), running, many(vague, 15)), 0, 0},
		{"token expired", nil, many(pigeontest.HTML(401), 1), 401, 1},
		{"not allowed", nil, many(pigeontest.HTML(403), 1), 403, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := newClient(t, nil)
				server.Answer = by(pigeontest.Pressed("1"))
				id := invoke(t, client, prepared())
				server.Fail(tt.faults...)
				r, err := client.Wait(t.Context(), id, tt.opts)
				require.Equal(t, id, r.ID)
				if tt.status == 0 {
					require.NoError(t, err)
					require.Equal(t, pigeon.Acknowledged, r.Outcome(nil).Verdict)
					return
				}
				e := asError(t, err)
				require.Equal(t, "wait", e.Op)
				require.Equal(t, id, e.ResultID)
				require.Equal(t, tt.status, e.HTTPStatus)
				require.ErrorContains(t, err, "the chain was not stopped")
				require.Equal(t, 1+tt.attempts, server.Attempts())
				require.Equal(t, 1, server.Placed())
				leaktest.Check(t, []string{server.Token}, err)
			})
		})
	}
}

func many(f pigeontest.Failure, n int) []pigeontest.Failure {
	out := make([]pigeontest.Failure, n)
	for i := range out {
		out[i] = f
	}
	return out
}

// TestWaitKeepsTheLastState has a chain that was seen before the questions
// began to fail.
func TestWaitKeepsTheLastState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		id := invoke(t, client, prepared())
		r, err := client.Wait(t.Context(), id, &pigeon.WaitOptions{OnResult: func(pigeon.Result) {
			server.FailAlways(pigeontest.HTML(401))
		}})
		require.ErrorContains(t, err, "HTTP 401")
		require.Equal(t, pigeon.StateActive, r.State)
		require.Equal(t, pigeon.ChainStatus("calling"), r.Status)
		require.NotNil(t, r.Raw())
	})
}

// TestWaitBackoff spaces failures, up to two minutes, and keeps a Retry-After.
func TestWaitBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		web := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(began))
			return nil, errBroken
		})}
		client, err := pigeon.New("shibuya", testToken, &pigeon.Options{HTTPClient: web})
		require.NoError(t, err)
		_, err = client.Wait(t.Context(), chainID, &pigeon.WaitOptions{Failures: 8})
		require.ErrorIs(t, err, errBroken)
		require.Len(t, at, 8, "one attempt a question")
		for i, want := range []time.Duration{15, 30, 60, 120, 120, 120, 120} {
			gap := at[i+1] - at[i]
			require.GreaterOrEqual(t, gap, want*time.Second)
			require.Less(t, gap, want*time.Second+2*time.Second)
		}

		busy, server := newClient(t, nil)
		server.Answer = by(pigeontest.Pressed("1"))
		id := invoke(t, busy, prepared())
		server.Fail(pigeontest.RetryAfter(429, "600"))
		before := time.Now()
		_, err = busy.Wait(t.Context(), id, nil)
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(before), 10*time.Minute)
	})
}

// TestWaitFlagless does not end by a missing isActive, nor lasts for ever.
func TestWaitFlagless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.Flagless = true
		server.Answer = by(pigeontest.Pressed("1"))
		id := invoke(t, client, prepared())
		r, err := client.Wait(t.Context(), id, nil)
		require.ErrorContains(t, err, "20 answers in a row do not say whether the chain goes on")
		require.Equal(t, pigeon.StateUnknown, r.State)
		require.Equal(t, pigeon.Unknown, r.Outcome(nil).Verdict, "though the word is succeeded")
		require.Equal(t, 21, server.Attempts())

		missing := string(fixture(t, "result_missing_isactive_synthetic.json"))
		server.Flagless = false
		server.Fail(many(pigeontest.Reply(200, missing), 19)...)
		r, err = client.Wait(t.Context(), id, nil)
		require.NoError(t, err)
		require.Equal(t, pigeon.Acknowledged, r.Outcome(nil).Verdict)
	})
}

// TestWaitEarly has a chain that is not known for a while.
func TestWaitEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.Late = 50 * time.Second
		id := invoke(t, client, prepared())
		_, err := client.Result(t.Context(), id)
		require.ErrorContains(t, err, "there is no such chain")
		r, err := client.Wait(t.Context(), id, nil)
		require.NoError(t, err)
		require.Equal(t, pigeon.Unanswered, r.Outcome(nil).Verdict)
	})
}

// TestWaitUnderOnce shows that a wait is no attempt that is repeated.
func TestWaitUnderOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		id := invoke(t, client, prepared())
		server.Fail(pigeontest.HTML(502))
		_, err := client.Wait(alert.Once(t.Context()), id, nil)
		require.NoError(t, err)
	})
}

// TestBadIDs are refused before they become part of a URL.
func TestBadIDs(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	for _, id := range []string{"", ".", "..", "a/b", `a\b`, "a%2Fb", "a?b", "a#b", "a b", "a\nb", "a\u202eb", "a\u200bb", "\xff", string(make([]byte, 257))} {
		_, errResult := client.Result(t.Context(), id)
		_, errWait := client.Wait(t.Context(), id, nil)
		for _, err := range []error{errResult, errWait, client.Abort(t.Context(), id)} {
			var fault *pigeon.FieldError
			require.ErrorAs(t, err, &fault, "%q", id)
			require.Equal(t, "resultId", fault.Field)
			require.False(t, alert.Retryable(err))
		}
	}
	require.Zero(t, server.Attempts())
	_, err := client.Result(t.Context(), "ü:~")
	require.ErrorContains(t, err, "HTTP 404")
}
