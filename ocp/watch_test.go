package ocp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// A watch is a watcher with its far end and what it told.
type watch struct {
	*ocp.Watcher

	server *ocptest.Server
	told   alerttest.Recorder
	heard  int // alerts of told that were looked at
}

// newWatch returns a watcher that reads pages of two.
func newWatch(t *testing.T, opts *ocp.WatchOptions) *watch {
	t.Helper()
	client, server := newClient(t, &ocp.Options{MaxAttempts: -1})
	var o ocp.WatchOptions
	if opts != nil {
		o = *opts
	}
	o.Query.Size = 2
	w, err := ocp.NewWatcher(client, &o)
	require.NoError(t, err)
	return &watch{Watcher: w, server: server}
}

// raise adds alarms with these targets.
func (w *watch) raise(targets ...string) (ids []int64) {
	for _, target := range targets {
		ids = append(ids, w.server.Raise(ocptest.Event{Type: "t", Target: target, Level: 3}))
	}
	return ids
}

// poll polls and returns what was told: "+a -b".
func (w *watch) poll(t *testing.T) string {
	t.Helper()
	require.NoError(t, w.Poll(t.Context(), &w.told))
	return w.changes()
}

// changes returns what was told since the last time.
func (w *watch) changes() string {
	var words []string
	all := w.told.Accepted()
	for _, a := range all[w.heard:] {
		sign := map[alert.Status]string{alert.Firing: "+", alert.Resolved: "-"}[a.Status]
		words = append(words, sign+a.Resource)
	}
	w.heard = len(all)
	return strings.Join(words, " ")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	require.Empty(t, w.poll(t))
	ids := w.raise("a", "b", "c")
	require.Equal(t, "+a +b +c", w.poll(t))
	require.Empty(t, w.poll(t), "nothing changed")
	w.server.Change(ids[1], "Inactive")
	w.raise("d")
	require.Equal(t, "+d -b", w.poll(t))
	require.Empty(t, w.poll(t))
	all := w.told.Accepted()
	last := all[len(all)-1]
	require.Equal(t, "alarm/1000002", last.Key)
	require.True(t, strings.HasPrefix(last.ID, "alarm/1000002/resolved/3/2"), last.ID)
	require.False(t, last.EndsAt.IsZero(), "the time is that of OCP")
	w.server.Raise(ocptest.Event{Type: "t", Target: "b", Level: 3})
	require.Equal(t, "+b", w.poll(t), "it begins again")
}

// TestFailedPageNeverMeansRecovered fails each request of a poll in each way:
// nothing is told, nothing changes, and the next poll tells what is true.
// passing returns answers as the server would give for the first pages.
// listed is a page of the active alarms as the server lists them.
// A list that changes between two pages is not believed.
// An alarm that slips from one page to another while they are read, with
// totals that stay the same, is not taken for recovered: OCP is asked.
// Somebody who silences an alarm does not mend anything.
// An alarm that OCP no longer knows is over, if it is OCP that says so.
// TestSinkFails: what was not delivered is told again, and nothing else.
func TestSinkFails(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	ids := w.raise("a", "b", "c")
	boom := errors.New("boom")
	w.told.FailEach(nil, boom, nil)
	require.ErrorIs(t, w.Poll(t.Context(), &w.told), boom)
	require.Equal(t, "+a +c", w.changes())
	require.Equal(t, "+b", w.poll(t))
	w.server.Change(ids[0], "Inactive")
	w.server.Change(ids[1], "Inactive")
	w.told.Fail(boom)
	require.ErrorIs(t, w.Poll(t.Context(), &w.told), boom)
	require.Empty(t, w.changes())
	require.Equal(t, "-a -b", w.poll(t))
}

// A change of level is told.
func TestLevelChanges(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	answer := func(id, level int) ocptest.Failure {
		return ocptest.Answer(200, fmt.Sprintf(`{"successful":true,"data":[{"id":%d,"alarmType":"t","target":"a","status":"Active","level":%d}]}`, id, level))
	}
	w.server.Fail(answer(1, 3), answer(1, 3), answer(1, 1))
	require.Equal(t, "+a", w.poll(t))
	require.Empty(t, w.poll(t))
	require.Equal(t, "+a", w.poll(t))
	all := w.told.Accepted()
	require.Equal(t, []alert.Severity{alert.Warning, alert.Critical}, []alert.Severity{all[0].Severity, all[1].Severity})
	require.NotEqual(t, all[0].ID, all[1].ID)
	require.Equal(t, all[0].Key, all[1].Key)

}

// What ended and began anew between two polls, under another id, is told as
// two problems.
func TestAlarmBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	first := w.raise("a")[0]
	require.Equal(t, "+a", w.poll(t))
	w.server.Change(first, "Inactive")
	w.raise("a")
	require.Equal(t, "+a -a", w.poll(t))
	all := w.told.Accepted()
	require.Equal(t, []string{"alarm/1000001", "alarm/1000002", "alarm/1000001"}, []string{all[0].Key, all[1].Key, all[2].Key})
}

// A server that ignores the query lists what is over too.
func TestQueryIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	w.server.Fail(ocptest.Answer(200, `{"successful":true,"data":[{"id":1,"alarmType":"t","target":"a","status":"Inactive"},{"id":2,"alarmType":"t","target":"b","status":"active"}]}`))
	require.Equal(t, "+b", w.poll(t))
}

// Whatever ends at once, a poll asks about so many alarms and no more.
func TestManyEnd(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	w, err := ocp.NewWatcher(client, nil)
	require.NoError(t, err)
	told := &alerttest.Recorder{}
	for i := range 250 {
		server.Raise(ocptest.Event{Type: "t", Target: fmt.Sprint(i)})
	}
	require.NoError(t, w.Poll(t.Context(), told))
	require.Len(t, told.Accepted(), 250)
	for i := range int64(250) {
		server.Change(1000001+i, "Inactive")
	}
	for _, want := range []int{350, 450, 500, 500} {
		before := server.Attempts()
		require.NoError(t, w.Poll(t.Context(), told))
		require.Len(t, told.Accepted(), want)
		require.LessOrEqual(t, server.Attempts()-before, 101)
	}
}

// TestWatchRuns polls once an interval and tells of failures.
func TestWatchRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, nil)
		id := w.raise("a")[0]
		ctx, cancel := context.WithCancel(t.Context())
		failures := make(chan error, 10)
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx, &w.told, func(err error) { failures <- err }) }()
		synctest.Wait()
		require.Equal(t, "+a", w.changes(), "at once")
		w.server.Change(id, "Inactive")
		w.server.Fail(ocptest.HTML(502))
		<-time.After(61 * time.Second)
		require.Empty(t, w.changes())
		require.Len(t, failures, 1)
		require.ErrorContains(t, <-failures, "ocp: list alarms: ")
		<-time.After(time.Minute)
		require.Equal(t, "-a", w.changes())

		begun := make(chan struct{})
		w.server.Fail(ocptest.Hang(begun))
		<-begun
		waiting, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		require.ErrorIs(t, w.Poll(waiting, &w.told), context.DeadlineExceeded, "another poll is under way")
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.Empty(t, failures, "the end of ctx is no failure")
	})
}

func TestNewWatcher(t *testing.T) {
	t.Parallel()
	client, _ := newClient(t, nil)
	for name, make := range map[string]func() (*ocp.Watcher, error){
		"no client": func() (*ocp.Watcher, error) { return ocp.NewWatcher(nil, nil) },
		"bad query": func() (*ocp.Watcher, error) {
			return ocp.NewWatcher(client, &ocp.WatchOptions{Query: ocp.Query{Size: 201}})
		},
		"too often": func() (*ocp.Watcher, error) {
			return ocp.NewWatcher(client, &ocp.WatchOptions{Interval: time.Millisecond})
		},
		"negative": func() (*ocp.Watcher, error) {
			return ocp.NewWatcher(client, &ocp.WatchOptions{Interval: -1})
		},
	} {
		w, err := make()
		require.ErrorContains(t, err, "ocp: new watcher: ", name)
		require.Nil(t, w)
	}
}

// The query of a watcher is its own, and always about what is active.
func TestWatchQuery(t *testing.T) {
	t.Parallel()
	far := &spy{answer: func(int, *http.Request) (*http.Response, error) {
		return reply(200, `{"successful":true,"data":[]}`), nil
	}}
	client, err := ocp.NewClient("https://ocp.example.com", ocp.Basic(testUser, testPassword), &ocp.Options{HTTPClient: far.client()})
	require.NoError(t, err)
	more := map[string]string{"obCluster": "a"}
	w, err := ocp.NewWatcher(client, &ocp.WatchOptions{Query: ocp.Query{Status: "Inactive", More: more}})
	require.NoError(t, err)
	more["obCluster"] = "b"
	require.NoError(t, w.Poll(t.Context(), &alerttest.Recorder{}))
	query := far.requests[0].URL.Query()
	require.Equal(t, []string{"Active", "a", "1", strconv.Itoa(50)}, []string{query.Get("status"), query.Get("obCluster"), query.Get("page"), query.Get("size")})
}
