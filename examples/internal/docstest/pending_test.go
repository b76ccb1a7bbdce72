package docstest_test

import (
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

// The commands for what waits do what the page says.
func TestPendingCurl(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	var mail alerttest.Recorder
	require.NoError(t, box.Route("chat", new(alerttest.Recorder), nil))
	require.NoError(t, box.Route("mail", &mail, &outbox.RouteOptions{Filter: func(alert.Alert) bool { return false }}))
	require.NoError(t, box.Send(t.Context(), alert.Alert{Name: "a"}, alert.Alert{Name: "b"}, alert.Alert{Name: "c"}, alert.Alert{Name: "d"}))
	list, err := box.Pending(t.Context(), "chat", 0, 10)
	require.NoError(t, err)

	server := httptest.NewServer(http.StripPrefix("/outbox", box.Handler()))
	t.Cleanup(server.Close)
	text := blockOf(t, "docs/outbox.md", "TestPendingCurl")
	for _, r := range [][2]string{
		{"[17, 18]", fmt.Sprintf("[%d, %d]", list[0].Number, list[1].Number)}, {"http://127.0.0.1:8080", server.URL},
	} {
		require.Contains(t, text, r[0])
		text = strings.Replace(text, r[0], r[1], 1)
	}
	out := shell(t, t.TempDir(), text)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 5, out)
	for i, want := range []string{
		`{}`, `{"alerts":0,"claimed":0,"known":0}`, `{"alerts":2,"claimed":0,"known":0}`, `{"alerts":2,"claimed":0,"known":0}`, `{}`,
	} {
		require.JSONEq(t, want, lines[i], "command %d", i)
	}
	counts, err := box.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 2}, []int{counts[0].Waiting, counts[1].Waiting})
	require.False(t, counts[0].Paused)
	require.WithinDuration(t, time.Now(), counts[1].Oldest, patience)
}
