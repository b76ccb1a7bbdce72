//go:build unix

package relaying

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// A database that hangs or is dead refuses callbacks in time for CloudMonitor to
// call again, and the health check says so. When it is back, so is the relay.
func TestDatabaseThatGoesAndComes(t *testing.T) {
	t.Parallel()
	e := realdb.Postgres(t)
	for _, tt := range []struct {
		name     string
		down, up func()
	}{
		{"hangs", e.Pause, e.Resume},
		{"is dead", e.Kill, func() { e.Start(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, dsn := e.Open(t)
			group := newRobot(t, nil)
			p := launch(t, "-wecom-url", group.url, "-callback-secret", testSecret, "-db", dsn)
			status, text := p.get(t, "/healthz")
			require.Equal(t, 200, status, text)
			tt.down()
			began := time.Now()
			code, _ := p.callback(t, testSecret, string(sample()))
			require.Equal(t, 503, code)
			t.Logf("refused after %v", time.Since(began))
			p.errout.Await(t, `level=ERROR msg="alert not accepted" .*outbox: send: `)
			require.Eventually(t, func() bool { // what was said within a second still holds
				status, text = p.get(t, "/healthz")
				return status == 503 && text == "no alert can be accepted, the store does not take a write\n"
			}, clitest.Patience, 100*time.Millisecond)
			tt.up()
			require.Eventually(t, func() bool {
				status, _ := p.get(t, "/healthz")
				return status == 200
			}, clitest.Patience, 100*time.Millisecond)
			code, _ = p.callback(t, testSecret, string(sample()))
			require.Equal(t, 200, code)
			require.Contains(t, <-group.messages, "InternetBandwidthThresholdExceeded")
			require.Equal(t, 0, p.stop(t))
			require.Empty(t, group.messages, "once")
			require.NotContains(t, p.printed(), "hush")
		})
	}
}
