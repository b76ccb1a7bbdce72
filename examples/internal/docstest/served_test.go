package docstest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const patience = 30 * time.Second

// blockOf returns the block of a page that a test must run.
func blockOf(t *testing.T, path, test string) string {
	t.Helper()
	for _, b := range read(t, path).blocks {
		if b.note == "run by "+test {
			return b.text
		}
	}
	require.FailNow(t, "no block for this test", path)
	return ""
}

// refused is refused for good.
type refused struct{}

func (refused) Error() string   { return "no such robot" }
func (refused) Retryable() bool { return false }

// The commands for dead letters do what the page says.
func TestOutboxCurl(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	var chat alerttest.Recorder
	for range 3 {
		chat.Fail(refused{})
	}
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	require.NoError(t, box.Route("chat", &chat, &outbox.RouteOptions{Batch: 1}))
	require.NoError(t, box.Send(t.Context(), alert.Alert{Name: "a"}, alert.Alert{Name: "b"}, alert.Alert{Name: "c"}))
	stop := deliver(t, box, func(c outbox.Count) bool { return c.Dead == 3 })
	stop()

	server := httptest.NewServer(http.StripPrefix("/outbox", box.Handler()))
	t.Cleanup(server.Close)
	list, err := box.Dead(t.Context(), "chat", 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 3)
	text := blockOf(t, "docs/outbox.md", "TestOutboxCurl")
	for i, number := range []string{"[17]", "[18]"} {
		require.Contains(t, text, number)
		text = strings.Replace(text, number, fmt.Sprintf("[%d]", list[i].Number), 1)
	}
	require.Contains(t, text, "http://127.0.0.1:8080/outbox")
	out := shell(t, t.TempDir(), strings.ReplaceAll(text, "http://127.0.0.1:8080", server.URL))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 6, out)
	require.Contains(t, lines[0], `"dead":3`)
	require.JSONEq(t, `{"alerts":[]}`, strings.ReplaceAll(lines[1], "null", "[]"))
	var dead struct{ Alerts []outbox.QueuedAlert }
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &dead))
	require.Len(t, dead.Alerts, 3)
	require.Equal(t, outbox.Refused, dead.Alerts[0].Cause)
	require.Equal(t, "no such robot", dead.Alerts[0].Error)
	require.JSONEq(t, `{"alerts":1}`, lines[3], "requeue one")
	require.JSONEq(t, `{"alerts":1}`, lines[4], "drop one")
	require.JSONEq(t, `{"alerts":1}`, lines[5], "requeue the rest")

	deliver(t, box, func(c outbox.Count) bool { return c.Dead == 0 && c.Waiting == 0 })()
	var names []string
	for _, a := range chat.Accepted() {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"a", "c"}, names)
}

// deliver runs the outbox until its only route is as wanted, and returns what
// ends it.
func deliver(t *testing.T, box *outbox.Outbox, done func(outbox.Count) bool) (stop func()) {
	t.Helper()

	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- box.Run(ctx) }()
	stop = func() {
		cancel()
		require.NoError(t, <-ended)
	}
	require.Eventually(t, func() bool {
		counts, err := box.Counts(t.Context())
		return err == nil && len(counts) == 1 && done(counts[0])
	}, patience, 20*time.Millisecond)
	return stop
}
