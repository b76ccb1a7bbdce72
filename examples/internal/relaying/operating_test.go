package relaying

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// metrics returns the page for Prometheus.
func (p *program) metrics(t *testing.T) string {
	t.Helper()
	req := p.adminRequest(t, http.MethodGet, "", "")
	req.URL.Path = "/metrics"
	code, text := do(t, req)
	require.Equal(t, 200, code, text)
	return text
}

// A relay with -paused keeps what it gets, and what was there, until it is told to
// deliver it; also after a restart.
func TestPaused(t *testing.T) {
	t.Parallel()
	far := newRobot(t, nil)
	args := []string{"-callback-secret", testSecret, "-wecom-url", far.url, "-admin-listen", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "relay.db")}
	first := launch(t, append(args, "-paused")...)
	code, _ := first.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	require.True(t, first.counts(t)[0].Paused)
	require.Contains(t, first.metrics(t), "tocsin_outbox_route_paused{route=")
	code, text := first.get(t, "/healthz")
	require.Equal(t, 200, code, text)
	require.Equal(t, 0, first.stop(t))
	require.Empty(t, far.messages)

	p := launch(t, args...)
	p.errout.Await(t, `msg="destination is paused: resume it by the admin API to deliver what waits" route=\S+ alerts=1`)
	route := p.counts(t)[0].Route
	code, text = p.admin(t, http.MethodPost, "routes/"+route+"/resume", `{}`)
	require.Equal(t, 200, code, text)
	require.NotEmpty(t, far.next(t))
	require.False(t, p.counts(t)[0].Paused)
}

// A relay whose file was taken away says so, in its health and in its log.
func TestFileThatVanishes(t *testing.T) {
	t.Parallel()
	far := newRobot(t, nil)
	path := filepath.Join(t.TempDir(), "relay.db")
	p := launch(t, "-callback-secret", testSecret, "-wecom-url", far.url, "-db", path)
	code, text := p.get(t, "/healthz")
	require.Equal(t, 200, code, text)
	require.NoError(t, os.Remove(path))
	require.Eventually(t, func() bool { code, text = p.get(t, "/healthz"); return code == 503 }, clitest.Patience, 100*time.Millisecond)
	require.Equal(t, "the database file was deleted or moved: what is kept now is lost when this program ends\n", text)
	p.errout.Await(t, `level=ERROR msg="not healthy" error="the database file was deleted`)
	p.errout.Await(t, `level=ERROR msg="the database is in danger"`)
	require.NotContains(t, p.printed(), "hush")
}

// The page has what the outbox did and the outcomes of the callbacks, and is guarded
// as the rest of the admin API.
func TestMetricsOfTheRelay(t *testing.T) {
	t.Parallel()
	far := newRobot(t, nil)
	p := launch(t, "-callback-secret", testSecret, "-wecom-url", far.url, "-admin-listen", "127.0.0.1:0", "-admin-token", testAdmin)
	for _, c := range []struct {
		secret, body string
		status       int
	}{{testSecret, string(sample()), 200}, {testSecret, "nonsense", 200}, {testSecret, "", 200}, {"wrong-secret", string(sample()), 404}} {
		code, _ := p.callback(t, c.secret, c.body)
		require.Equal(t, c.status, code)
	}
	req := p.adminRequest(t, http.MethodGet, "", "")
	req.URL.Path = "/metrics"
	code, _ := do(t, req)
	require.Equal(t, 401, code)
	far.next(t)
	require.Eventually(t, func() bool {
		req := p.adminRequest(t, http.MethodGet, "", "")
		req.URL.Path = "/metrics"
		req.Header.Set("Authorization", "Bearer "+testAdmin)
		code, page := do(t, req)
		require.Equal(t, 200, code)
		return strings.Contains(page, `tocsin_relay_callbacks_total{outcome="accepted"} 1`) &&
			strings.Contains(page, `tocsin_relay_callbacks_total{outcome="unreadable"} 1`) &&
			strings.Contains(page, `tocsin_relay_callbacks_total{outcome="refused"} 1`) &&
			strings.Contains(page, `tocsin_relay_callbacks_total{outcome="failed"} 0`) &&
			strings.Contains(page, "tocsin_outbox_accepted_alerts_total 2") // the second is about the unreadable one
	}, clitest.Patience, 20*time.Millisecond)
}

// What waits for a robot that was taken out of the settings goes to another one.
func TestMoveToAnotherDestination(t *testing.T) {
	t.Parallel()
	old, far := newRobot(t, nil), newRobot(t, nil)
	db := filepath.Join(t.TempDir(), "relay.db")
	first := launch(t, "-callback-secret", testSecret, "-wecom-url", old.url, "-admin-listen", "127.0.0.1:0", "-db", db, "-paused")
	code, _ := first.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	from := first.counts(t)[0].Route
	first.stop(t)
	p := launch(t, "-callback-secret", testSecret, "-wecom-url", far.url, "-admin-listen", "127.0.0.1:0", "-db", db)
	require.Eventually(t, func() bool { return len(p.counts(t)) == 2 }, clitest.Patience, 10*time.Millisecond)
	to := ""
	for _, c := range p.counts(t) {
		if c.Route != from {
			to = c.Route
		}
	}
	body, err := json.Marshal(map[string]any{"all": true, "to": to})
	require.NoError(t, err)
	code, text := p.admin(t, http.MethodPost, "routes/"+from+"/pending/move", string(body))
	require.Equal(t, 200, code)
	require.JSONEq(t, `{"alerts":1,"claimed":0,"known":0}`, text)
	require.NotEmpty(t, far.next(t))
	require.Empty(t, old.messages)
}
