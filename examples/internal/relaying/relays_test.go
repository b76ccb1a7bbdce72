//go:build unix

package relaying

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// Another relay takes over soon. Half of a lease is what a message may take, and a
// busy machine is slow to stop a process in the middle of one.
const (
	shortLease = 2 * time.Second
	longLease  = 8 * time.Second
)

// startRelay runs a relay with an admin API as a process.
func startRelay(t *testing.T, lease time.Duration, args ...string) (*program, *exec.Cmd) {
	t.Helper()
	p, cmd := process(t, nil, append([]string{
		"-listen", "127.0.0.1:0", "-callback-secret", testSecret, "-admin-listen", "127.0.0.1:0", "-lease", lease.String(),
	}, args...)...)
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	return p, cmd
}

// url is where a relay takes callbacks.
func (p *program) url() string { return "http://" + p.addr + "/aliyun/" + testSecret }

// listenSlowly serves a robot that takes a message and is late with its answer, so
// that a relay has one in hand at almost any moment. It returns its URL.
func listenSlowly(t *testing.T, group *wecomtest.Server) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		group.ServeHTTP(w, r)
		<-time.After(50 * time.Millisecond)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/cgi-bin/webhook/send?key=" + group.Key
}

// held returns how many destinations some relay delivers to.
func (p *program) held(t *testing.T) (n int) {
	t.Helper()
	for _, c := range p.counts(t) {
		if c.Leased {
			n++
		}
	}
	return n
}

// awaitDrained waits until nothing waits for a destination. Nothing may have been
// refused for good.
func (p *program) awaitDrained(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		waiting := 0
		for _, c := range p.counts(t) {
			waiting += c.Waiting
			require.Zero(t, c.Dead, c.Route)
		}
		return waiting == 0
	}, clitest.Patience, 20*time.Millisecond)
}

// Three relays share a database. One is killed in the middle of a storm: its
// callers go to the others, and so do its destinations. What was answered with
// 200 is told to each destination or is a dead letter; what the dead one had in
// hand may be told twice.
func TestRelaysShareADatabase(t *testing.T) {
	t.Parallel()
	_, _, dsn := realdb.Postgres(t).Open(t)
	groups := []*wecomtest.Server{wecomtest.NewServer(t), wecomtest.NewServer(t)}
	traps := newSink(t)
	args := []string{"-db", dsn, "-wecom-rate", "0", "-trap-target", traps.addr, "-trap-community", testCommunity, "-trap-base-oid", testOID}
	for _, g := range groups {
		g.Rate = 0
		args = append(args, "-wecom-url", listenSlowly(t, g))
	}
	var relays []*program
	var all []string
	var victim *exec.Cmd
	for range 3 {
		p, cmd := startRelay(t, shortLease, args...)
		relays, all = append(relays, p), append(all, p.url())
		if victim == nil {
			victim = cmd // who comes first gets all leases
			require.Eventually(t, func() bool { return p.held(t) == 3 }, clitest.Patience, 10*time.Millisecond)
		}
	}
	var alive atomic.Pointer[[]string]
	alive.Store(&all)
	s := &storm{total: 1500, pace: time.Millisecond, urls: func() []string { return *alive.Load() }}
	var raging sync.WaitGroup
	raging.Go(func() { s.rage(t) })
	require.Eventually(t, func() bool { return s.next.Load() > int64(s.total)/3 && toldOf(t, groups[0]) > 0 }, clitest.Patience, time.Millisecond)
	require.NoError(t, victim.Process.Kill())
	raging.Wait()
	others := all[1:]
	alive.Store(&others)

	relays[1].awaitDrained(t)
	s.log(t)
	require.Len(t, s.accepted, s.total)
	for i, g := range groups {
		told := toldOf(t, g)
		require.GreaterOrEqual(t, told, s.total, "robot %d", i+1)
		t.Logf("robot %d was told of %d alerts, %d of them twice", i+1, told, told-s.total)
	}
	require.Eventually(t, func() bool {
		alerts, _ := traps.counts()
		return alerts+traps.dropped() >= s.total
	}, clitest.Patience, 10*time.Millisecond)
	alerts, twice := traps.counts()
	t.Logf("%d alerts trapped, %d traps sent twice, %d dropped by the kernel", alerts, twice, traps.dropped())
	require.Len(t, traps.missing(s.accepted), traps.dropped(), "answered with 200 and lost")
	for _, p := range relays[1:] {
		require.Equal(t, 0, p.stop(t))
		require.NotContains(t, p.printed(), "hush")
	}
}

// A relay is stopped, as a machine that is moved may be, while a robot has its
// message and has not answered. Another relay sends the message again when the
// lease has run out. What the first one then knows comes too late: the store
// refuses it, and nothing is sent a third time.
func TestPausedRelayIsFenced(t *testing.T) {
	t.Parallel()
	_, _, dsn := realdb.Postgres(t).Open(t)
	var attempts atomic.Int32
	arrived, release := make(chan struct{}), make(chan struct{})
	group := newRobot(t, func() string {
		if attempts.Add(1) == 1 {
			close(arrived)
			<-release
		}
		return accepted
	})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free) // before the robot ends, which waits for its answer
	args := []string{"-db", dsn, "-wecom-url", group.url}
	paused, cmd := startRelay(t, longLease, args...)
	code, _ := paused.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	<-arrived
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	free()
	other, _ := startRelay(t, longLease, args...)
	other.errout.Await(t, `msg="message accepted" route=wecom-\S+ alerts=1`)
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	paused.errout.Await(t, `error="another worker has taken the route over"`)
	other.awaitDrained(t)
	require.EqualValues(t, 2, attempts.Load(), "told twice, and no more")
	first, second := <-group.messages, <-group.messages
	require.Equal(t, untimed(first), untimed(second))
	t.Logf("1 alert, %d messages", attempts.Load())
}
