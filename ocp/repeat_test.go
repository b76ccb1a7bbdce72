package ocp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// A rig is a repeater that runs in a bubble.
type rig struct {
	*ocp.Repeater

	server   *ocptest.Server
	failures chan string // texts of OnError
	stop     func() error
}

// newRig starts a repeater. The test stops it.
func newRig(t *testing.T, opts *ocp.RepeatOptions) *rig {
	t.Helper()
	sender, server := newSender(t, nil)
	r := startRig(t, sender, opts)
	r.server = server
	return r
}

// startRig starts a repeater for a sender.
func startRig(t *testing.T, sender *ocp.Sender, opts *ocp.RepeatOptions) *rig {
	t.Helper()
	r := &rig{failures: make(chan string, 100_000)}
	var err error
	r.Repeater, err = ocp.NewRepeater(sender, func(a alert.Alert, err error) { r.failures <- a.Key + ": " + err.Error() }, opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = func() error { cancel(); return <-done }
	return r
}

// targets returns the keys of what was pushed.
func (r *rig) targets() (targets []string) {
	for _, p := range r.server.Pushes() {
		targets = append(targets, strings.TrimPrefix(p.Target, "source=test:key="))
	}
	return targets
}

// TestRepeat keeps an alarm alive in OCP for as long as the problem lasts, and
// not longer.
func TestRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		active := func() int { return count(t, r.server, "Active") }
		require.NoError(t, r.Send(t.Context(), problem("a")))
		require.Equal(t, 1, active())
		for range 60 {
			<-time.After(time.Minute)
			require.Equal(t, 1, active())
		}
		<-time.After(time.Second) // away from the moment at which a round begins
		pushes := len(r.server.Pushes())
		require.InDelta(t, 61, pushes, 13, "about one a minute")
		require.NoError(t, r.Send(t.Context(), over("a")))
		<-time.After(3 * time.Minute)
		require.Equal(t, 1, active(), "OCP does not know yet")
		<-time.After(3 * time.Minute)
		require.Zero(t, active(), "it ended by itself")
		require.Len(t, r.server.Pushes(), pushes)
		require.Zero(t, r.Active())
		require.Empty(t, r.failures)
		require.ErrorIs(t, r.stop(), context.Canceled)
	})
}

// count returns how many alarms of a server have a status.
func count(t *testing.T, server *ocptest.Server, status string) int {
	t.Helper()
	client := clientOf(t, server, ocp.Basic(server.User, server.Password), nil)
	n := 0
	for _, err := range client.Alarms(t.Context(), url.Values{"status": {status}}) {
		require.NoError(t, err)
		n++
	}
	return n
}

// Without repetition the alarm ends though the problem lasts: what a Repeater
// is for.
func TestWithoutRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender, server := newSender(t, nil)
		require.NoError(t, sender.Send(t.Context(), problem("a")))
		<-time.After(6 * time.Minute)
		require.Zero(t, count(t, server, "Active"))
		require.Equal(t, 1, count(t, server, "Inactive"))
	})
}

// TestRepeatTellsOfFailures shows that no failed repetition is silent, and that
// all are made again.
func TestRepeatTellsOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &ocp.RepeatOptions{Interval: 10 * time.Second})
		require.NoError(t, r.Send(t.Context(), problem("a"), problem("b"), problem("c")))
		r.server.Fail(ocptest.Refuse(400, "ALM20001", "x"))
		<-time.After(13 * time.Second)
		require.Len(t, r.failures, 1, "one alarm of its own")
		require.Contains(t, <-r.failures, "a: ocp: push: HTTP 400 Bad Request: code ALM20001")
		require.Equal(t, []string{"a", "b", "c", "b", "c"}, r.targets())

		r.server.FailAlways(ocptest.Refuse(401, "IAM10004", "x"))
		before := r.server.Attempts()
		<-time.After(35 * time.Second)
		require.Equal(t, before+1, r.server.Attempts(), "a wrong password is not tried again and again")
		require.GreaterOrEqual(t, len(r.failures), 9)
		require.Contains(t, <-r.failures, "a: ocp: push: HTTP 401 Unauthorized")
		require.Contains(t, <-r.failures, "b: ocp: push: not tried after: ocp: push: HTTP 401")
		require.Equal(t, 3, r.Active())
		require.Error(t, r.stop())
	})
}

// What fails at once is not repeated: the error said so.
func TestRepeatNotesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.server.Fail(ocptest.Refuse(400, "ALM20001", "x"))
		err := r.Send(t.Context(), problem("a"), problem("b"))
		require.Error(t, alert.ErrorAt(err, 0, 2))
		require.NoError(t, alert.ErrorAt(err, 1, 2))
		require.Equal(t, 1, r.Active())
		<-time.After(90 * time.Second)
		require.Equal(t, []string{"b", "b"}, r.targets())
		require.Error(t, r.stop())
	})
}

func TestRepeatOrder(t *testing.T) {
	t.Parallel()
	unkeyed := problem("")
	tests := []struct {
		name   string
		alerts []alert.Alert
		active int
	}{
		{"nothing", nil, 0},
		{"firing", []alert.Alert{problem("a")}, 1},
		{"twice", []alert.Alert{problem("a"), problem("a")}, 1},
		{"two", []alert.Alert{problem("a"), problem("b")}, 2},
		{"ends", []alert.Alert{problem("a"), over("a")}, 0},
		{"ends and begins again", []alert.Alert{problem("a"), over("a"), problem("a")}, 1},
		{"another one ends", []alert.Alert{problem("a"), over("b")}, 1},
		{"the same key of another source ends", []alert.Alert{problem("a"), {Key: "a", Status: alert.Resolved}}, 1},
		{"without a key", []alert.Alert{unkeyed, unkeyed}, 0},
		{"news begin nothing", []alert.Alert{news(problem("a"), "1")}, 0},
		{"news end nothing", []alert.Alert{problem("a"), news(problem("a"), "1")}, 1},
		{"a test", []alert.Alert{trial(problem("a"))}, 0},
		{"a test that it is over", []alert.Alert{problem("a"), trial(over("a"))}, 1},
		{"no data", []alert.Alert{{Source: "test", Key: "a", Status: alert.NoData}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sender, _ := newSender(t, nil)
			r, err := ocp.NewRepeater(sender, func(alert.Alert, error) {}, nil)
			require.NoError(t, err)
			require.NoError(t, r.Send(t.Context(), tt.alerts...))
			require.Equal(t, tt.active, r.Active())
		})
	}
}

// What is pushed is the alert as it was told last, and the caller may use its
// memory again.
func TestRepeatPushesTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		a := problem("a")
		a.Labels = map[string]string{"usage": "90%"}
		require.NoError(t, r.Send(t.Context(), a))
		a.Labels = map[string]string{"usage": "95%"}
		require.NoError(t, r.Send(t.Context(), a))
		a.Labels["usage"] = "scribbled"
		<-time.After(90 * time.Second)
		pushes := r.server.Pushes()
		require.Len(t, pushes, 3)
		require.Equal(t, "95%", pushes[2].Labels["usage"])
		require.Error(t, r.stop())
	})
}

// TestRepeatIsBounded shows that what cannot be kept is pushed, and said.
func TestRepeatIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &ocp.RepeatOptions{MaxActive: 2})
		err := r.Send(t.Context(), problem("a"), problem("b"), problem("c"), problem("a"))
		require.ErrorIs(t, alert.ErrorAt(err, 2, 4), ocp.ErrFull)
		require.ErrorContains(t, alert.ErrorAt(err, 2, 4), "ocp: push: pushed once, but too many alerts")
		require.True(t, alert.Retryable(err))
		for _, i := range []int{0, 1, 3} {
			require.NoError(t, alert.ErrorAt(err, i, 4))
		}
		require.Equal(t, []string{"a", "b", "c", "a"}, r.targets())
		require.NoError(t, r.Send(t.Context(), over("b"), problem("c")))
		require.Equal(t, 2, r.Active())
		require.Error(t, r.stop())
	})
}

// A problem that ends while a round is under way is not pushed after that.
func TestResolvedDuringARound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		require.NoError(t, r.Send(t.Context(), problem("a"), problem("b"), problem("c")))
		begun := make(chan struct{})
		r.server.Fail(ocptest.Hang(begun)) // of a
		<-begun
		require.NoError(t, r.Send(t.Context(), over("b")))
		<-time.After(20 * time.Second) // a timed out and was pushed again
		require.Equal(t, []string{"a", "b", "c", "a", "c"}, r.targets())
		require.Error(t, r.stop())
	})
}

// Run ends with its context, in the middle of a push too, and tells nobody of
// a failure that is none.
func TestRepeatStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		require.NoError(t, r.Send(t.Context(), problem("a"), problem("b")))
		begun := make(chan struct{})
		r.server.Fail(ocptest.Hang(begun))
		<-begun
		require.ErrorContains(t, r.Run(t.Context()), "runs already")
		require.ErrorIs(t, r.stop(), context.Canceled)
		require.Empty(t, r.failures)
		require.Equal(t, []string{"a", "b"}, r.targets())

		// It can run again.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		require.ErrorIs(t, r.Run(ctx), context.DeadlineExceeded)
		require.Greater(t, len(r.targets()), 3)
	})
}

// TestManyRepeat pushes each of many about once an interval, in the order in
// which they came.
func TestManyRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &ocp.RepeatOptions{Interval: 8 * time.Second})
		var alerts []alert.Alert
		for i := range 50 {
			alerts = append(alerts, problem(fmt.Sprintf("%02d", i)))
		}
		require.NoError(t, r.Send(t.Context(), alerts...))
		<-time.After(81 * time.Second)
		got := r.targets()
		require.Len(t, got, 50*11)
		for round := range slices.Chunk(got, 50) {
			require.True(t, slices.IsSorted(round))
		}
		require.Error(t, r.stop())
	})
}

func TestNewRepeater(t *testing.T) {
	t.Parallel()
	sender, _ := newSender(t, nil)
	tell := func(alert.Alert, error) {}
	for name, make := range map[string]func() (*ocp.Repeater, error){
		"no sender":   func() (*ocp.Repeater, error) { return ocp.NewRepeater(nil, tell, nil) },
		"nobody told": func() (*ocp.Repeater, error) { return ocp.NewRepeater(sender, nil, nil) },
		"too often": func() (*ocp.Repeater, error) {
			return ocp.NewRepeater(sender, tell, &ocp.RepeatOptions{Interval: time.Millisecond})
		},
		"no room": func() (*ocp.Repeater, error) { return ocp.NewRepeater(sender, tell, &ocp.RepeatOptions{MaxActive: -1}) },
	} {
		r, err := make()
		require.ErrorContains(t, err, "ocp: new repeater: ", name)
		require.Nil(t, r, name)
	}
}

// A choosy far end fails for what a body holds, and takes its time for the rest.
type choosy struct {
	http.RoundTripper

	bad  atomic.Pointer[string] // nil: it takes all
	slow atomic.Int64
}

func (c *choosy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	<-time.After(time.Duration(c.slow.Load()))
	if bad := c.bad.Load(); bad != nil && strings.Contains(string(body), *bad) {
		return reply(500, `{"successful":false,"status":500,"error":{"code":0,"message":"x"}}`), nil
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return c.RoundTripper.RoundTrip(r)
}

// newChoosyRig starts a repeater whose far end is choosy.
func newChoosyRig(t *testing.T) (*rig, *choosy) {
	t.Helper()
	server := ocptest.NewServer(t)
	far := &choosy{RoundTripper: server.Client().Transport}
	client, err := ocp.NewClient(server.URL(), ocp.Basic(server.User, server.Password), &ocp.Options{HTTPClient: &http.Client{Transport: far}})
	require.NoError(t, err)
	sender, err := ocp.NewSender(client, "tocsin", nil)
	require.NoError(t, err)
	r := startRig(t, sender, nil)
	r.server = server
	return r, far
}

// An alert that OCP cannot take, for a reason that might be one for all, does not
// starve the others, however many of its kind there are.
func TestRepeatIsFair(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{1, 4, 25} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, far := newChoosyRig(t)
				for i := range bad + 4 { // the bad ones come first
					require.NoError(t, r.Send(t.Context(), problem(fmt.Sprintf("%s-%d", map[bool]string{true: "bad", false: "good"}[i < bad], i))))
				}
				word := "bad-"
				far.bad.Store(&word)
				for range 60 {
					<-time.After(30 * time.Second)
					require.GreaterOrEqual(t, count(t, r.server, "Active"), 4)
				}
				require.Equal(t, 4, count(t, r.server, "Active"), "the bad ones have lapsed")
				require.Equal(t, bad, count(t, r.server, "Inactive"), "and no good one ever did")
				require.NotEmpty(t, r.failures)
				require.Error(t, r.stop())
			})
		})
	}
}

// What cannot be pushed in time is said.
func TestRepeatPace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		slow time.Duration // of a push
		late bool
	}{{500 * time.Millisecond, false}, {3 * time.Second, true}} {
		t.Run(tt.slow.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, far := newChoosyRig(t)
				var alerts []alert.Alert
				for i := range 100 {
					alerts = append(alerts, problem(fmt.Sprint(i)))
				}
				require.NoError(t, r.Send(t.Context(), alerts...))
				far.slow.Store(int64(tt.slow))
				<-time.After(10 * time.Minute)
				require.Equal(t, tt.late, len(r.failures) > 0)
				if tt.late {
					require.Contains(t, <-r.failures, "ocp: push: pushed again only after ")
				}
				require.Error(t, r.stop())
			})
		})
	}
}
