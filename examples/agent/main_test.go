package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// A site is what an agent looks at: it answers as told and counts the looks.
type site struct {
	*httptest.Server

	status, looks atomic.Int32
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := new(site)
	s.status.Store(200)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(s.status.Load()))
		s.looks.Add(1)
	}))
	t.Cleanup(s.Close)
	return s
}

// awaitLooks waits until the agent has looked so often from now on.
func (s *site) awaitLooks(t *testing.T, n int32) {
	t.Helper()
	want := s.looks.Load() + n
	require.Eventually(t, func() bool { return s.looks.Load() >= want }, clitest.Patience, 20*time.Millisecond)
}

// A watch is an agent that looks at a site and at a disk.
type watch struct {
	site  *site
	robot string // its address
	db    string
}

// start runs the agent, for which the disk is too full from a percentage on.
func (w watch) start(t *testing.T, percent string) *clitest.Process {
	t.Helper()
	p := clitest.Start(t, []string{"TOCSIN_WECOM_URL=" + w.robot}, "-db", w.db, "-lease", "1s", "-interval", "1s", "-name", "db-1", "-locale", "en",
		"-http", w.site.URL+"/healthz?token=hush-site", "-disk", filepath.Dir(w.db)+"="+percent)
	p.Errout.Await(t, "msg=watching checks=2 destinations=1")
	return p
}

// texts returns what a group has read.
func texts(robot *wecomtest.Server) string {
	var all []string
	for _, m := range robot.Messages() {
		all = append(all, m.Content)
	}
	return strings.Join(all, "\n----\n")
}

// await waits until a group has read a word so often.
func await(t *testing.T, robot *wecomtest.Server, word string, times int) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Count(texts(robot), word) >= times }, clitest.Patience, 20*time.Millisecond, "%d times %s", times, word)
}

// Problems are told, an agent that was killed tells nobody twice, and what has
// ended while none ran is resolved by the next.
func TestFiringThenResolvedOverAKill(t *testing.T) {
	t.Parallel()
	robot := wecomtest.NewServer(t)
	w := watch{newSite(t), robot.Listen(t), filepath.Join(t.TempDir(), "agent.db")}
	p := w.start(t, "0.000001")
	w.site.awaitLooks(t, 1)
	w.site.status.Store(500)
	await(t, robot, "HTTP 500", 1)
	await(t, robot, "warning from 1e-06 %", 1)
	w.site.awaitLooks(t, 2) // by then it is recorded that the group has them; before, they may go out again
	require.Equal(t, -1, p.Stop(t, syscall.SIGKILL))

	again := w.start(t, "0.000001")
	w.site.awaitLooks(t, 5)
	require.Equal(t, cli.ExitOK, again.Stop(t, syscall.SIGTERM))
	require.Equal(t, 1, strings.Count(texts(robot), "HTTP 500"), texts(robot))
	require.Equal(t, 1, strings.Count(texts(robot), "warning from"), texts(robot))
	require.NotContains(t, texts(robot), ">Resolved")

	w.site.status.Store(204)
	last := w.start(t, "100")
	await(t, robot, "HTTP 204", 1)
	await(t, robot, " % used", 2)
	require.Equal(t, cli.ExitOK, last.Stop(t, os.Interrupt))
	require.Contains(t, texts(robot), ">Resolved")
	require.Contains(t, texts(robot), "db-1")
	for _, said := range []string{texts(robot), p.Printed(), again.Printed(), last.Printed()} {
		require.NotContains(t, said, "hush")
		require.NotContains(t, said, robot.Key)
	}
}

// What happened while the network was down is told when it is back, by a later
// process too, and in order.
func TestNetworkDown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	robot := wecomtest.NewServer(t)
	w := watch{newSite(t), fmt.Sprintf("http://%s/cgi-bin/webhook/send?key=%s", l.Addr(), robot.Key), filepath.Join(t.TempDir(), "agent.db")}
	w.site.status.Store(503)
	p := w.start(t, "100")
	p.Errout.Await(t, "(?s)msg=\"a change\".*connection refused")
	w.site.status.Store(200)
	p.Errout.Await(t, "alert.status=resolved")
	w.site.awaitLooks(t, 2) // by then it is committed
	require.Equal(t, -1, p.Stop(t, syscall.SIGKILL))

	l, err = net.Listen("tcp", l.Addr().String())
	require.NoError(t, err)
	server := &http.Server{Handler: robot, ReadHeaderTimeout: clitest.Patience}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	w.start(t, "100")
	await(t, robot, "HTTP 200", 1)
	require.Equal(t, 1, strings.Count(texts(robot), "HTTP 503"), texts(robot))
	require.Less(t, strings.Index(texts(robot), "HTTP 503"), strings.Index(texts(robot), "HTTP 200"))
}

// Without a destination it prints.
func TestPrinter(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.status.Store(500)
	p := clitest.Start(t, nil, "-http", site.URL, "-interval", "1s", "-bad", "1", "-name", "db-1")
	p.Out.Await(t, `(?m)^20\S+Z firing critical: db-1: HTTP: http://127\.0\.0\.1:\d+: HTTP 500 after \d+\S*$`)
	require.Equal(t, cli.ExitOK, p.Stop(t, syscall.SIGTERM))
	require.FileExists(t, filepath.Join(p.Cmd.Dir, "agent.db.said.json"))
}

// What the outbox cannot take, as when its disk is full, is told all the same.
func TestOutboxBroken(t *testing.T) {
	t.Parallel()
	site, file := newSite(t), filepath.Join(t.TempDir(), "agent.db")
	p := clitest.Start(t, nil, "-http", site.URL, "-interval", "1s", "-bad", "1", "-name", "db-1", "-db", file)
	site.awaitLooks(t, 1)
	named, err := opendb.Parse(file)
	require.NoError(t, err)
	db, err := named.Open()
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "DROP TABLE outbox_jobs")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	site.status.Store(500)
	p.Out.Await(t, "firing critical: db-1: HTTP")
	require.Equal(t, cli.ExitOK, p.Stop(t, syscall.SIGTERM))
	require.Equal(t, 1, strings.Count(p.Out.String(), "firing"))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	spoilt := filepath.Join(t.TempDir(), "hush.db")
	require.NoError(t, os.WriteFile(spoilt+".said.json", []byte("x"), 0o600))
	for _, tt := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"help", []string{"-help"}, cli.ExitOK, "^$"},
		{"nothing to look at", nil, cli.ExitUsage, "^agent: -disk: there is nothing to look at: set -disk or -http\n$"},
		{"no percentage", []string{"-disk", "/=1,/hush"}, cli.ExitUsage, "^agent: -disk: entry 2: want PATH=PERCENT"},
		{"no URL", []string{"-http", "hush"}, cli.ExitUsage, "^agent: -http: entry 1: want a URL"},
		{"same thing twice", []string{"-http", "http://192.0.2.1/", "-http", "http://192.0.2.1/"}, cli.ExitFailure, `of two checks`},
		{"days", []string{"-cert-days", "hush"}, cli.ExitUsage, "^agent: -cert-days: not a number"},
		{"interval", []string{"-interval", "0s"}, cli.ExitUsage, "^agent: -interval: not a time"},
		{"bad", []string{"-bad", "0"}, cli.ExitUsage, "^agent: -bad: not a number from 1 to 100"},
		{"good", []string{"-good", "hush"}, cli.ExitUsage, "^agent: -good: not a number from 1 to 100"},
		{"lease", []string{"-disk", "/=1", "-lease", "1ms"}, cli.ExitUsage, "lease of 1ms, want at least 1s"},
		{"database", []string{"-db", "postgres://hush"}, cli.ExitUsage, "^agent: -db: want the name of a file"},
		{"robot", []string{"-disk", "/=1", "-wecom-url", "https://example.com/hush"}, cli.ExitUsage, "^agent: -wecom-url: "},
		{"secret alone", []string{"-disk", "/=1", "-dingtalk-secret", "hush"}, cli.ExitUsage, "there is no -dingtalk-url"},
		{"traps", []string{"-disk", "/=1", "-trap-target", "nms:162"}, cli.ExitUsage, "^agent: -trap-target: needs -trap-base-oid"},
		{"locale", []string{"-disk", "/=1", "-locale", "hush"}, cli.ExitUsage, "^agent: -locale: not zh, en or ja"},
		{"spoilt memory", []string{"-disk", "/=1", "-db", spoilt}, cli.ExitFailure, "is not what this program writes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := clitest.Start(t, nil, tt.args...)
			require.Equal(t, tt.want, p.Wait(t), p.Printed())
			require.Regexp(t, tt.says, p.Errout.String())
			if tt.name != "spoilt memory" { // whose file has to be named
				require.NotContains(t, p.Printed(), "hush")
			}
			require.Equal(t, tt.name == "help", strings.Contains(p.Out.String(), "  -cert-days days\n"))
		})
	}
}
