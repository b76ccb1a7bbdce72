//go:build unix

package relaying

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// servers returns the real servers of databases, each of which gives the URL for -db.
func servers() map[string]func(*testing.T) string {
	return map[string]func(*testing.T) string{
		"PostgreSQL": func(t *testing.T) string {
			t.Helper()
			_, _, dsn := realdb.Postgres(t).Open(t)
			return strings.Replace(dsn, "://tocsin@", "://tocsin:database-hush%2F@", 1) // which the server does not ask for
		},
		"MariaDB": func(t *testing.T) string {
			t.Helper()
			_, _, dsn := realdb.MariaDB(t).Open(t) // root@tcp(127.0.0.1:1234)/t1?interpolateParams=true
			return "mysql://" + strings.NewReplacer("tcp(", "", ")", "").Replace(dsn)
		},
	}
}

// The storm of TestStorm, with a server.
func TestStormOnServers(t *testing.T) {
	t.Parallel()
	for name, open := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testStorm(t, open(t))
		})
	}
}

// The URLs of -db lead to the real servers, and an event is remembered there.
func TestServersOfDatabases(t *testing.T) {
	t.Parallel()
	for name, open := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := open(t)
			group, nms := newRobot(t, nil), newConsole(t)
			for i := range 2 {
				p := launch(t, append(nms.settings(), "-wecom-url", group.url, "-callback-secret", testSecret, "-db", url)...)
				code, _ := p.callback(t, testSecret, string(sample()))
				require.Equal(t, 200, code)
				if i == 0 {
					require.Contains(t, <-group.messages, "InternetBandwidthThresholdExceeded")
					require.Equal(t, "product:cfw", nms.next(t)["1"])
				} else {
					p.errout.Await(t, `msg="repetition: accepted before, not delivered again" alerts=1`)
				}
				require.Equal(t, 0, p.stop(t))
				require.NotContains(t, p.printed(), "hush")
			}
			require.Empty(t, group.messages)
		})
	}
}
