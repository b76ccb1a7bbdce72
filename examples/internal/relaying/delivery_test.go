package relaying

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
)

// CloudMonitor repeats a callback also after the relay has been started anew. It
// is accepted, said to be a repeat, and sent to nobody.
func TestRepeatAfterARestart(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	args := []string{"-wecom-url", group.url, "-callback-secret", testSecret, "-db", filepath.Join(t.TempDir(), "relay.db")}
	for run := range 3 {
		p := launch(t, args...)
		code, _ := p.callback(t, testSecret, string(sample()))
		require.Equal(t, 200, code)
		if run == 0 {
			p.errout.Await(t, `msg="message accepted"`)
		} else {
			p.errout.Await(t, `msg="repetition: accepted before, not delivered again" alerts=1`)
		}
		require.Equal(t, 0, p.stop(t))
	}
	require.Len(t, group.messages, 1)
}

// What waits for a robot finds it again wherever it stands in the settings, and
// goes to no other one. While it is not there, the log says so.
func TestWhatWaitsBelongsToItsRobot(t *testing.T) {
	t.Parallel()
	busy := make(chan string, 1)
	busy <- `{"errcode":45009,"errmsg":"api freq out of limit"}` // asks for a minute of rest
	first := newRobot(t, func() string {
		select {
		case answer := <-busy:
			return answer
		default:
			return accepted
		}
	})
	second := newRobot(t, nil)
	db := filepath.Join(t.TempDir(), "relay.db")
	start := func(robots ...*robot) *program {
		return launch(t, append(flags("wecom-url", robots...), "-callback-secret", testSecret, "-db", db, "-admin-listen", "127.0.0.1:0")...)
	}
	p := start(first)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	route := p.errout.Await(t, `msg="message not accepted" route=(wecom-\S+) .*45009`)
	require.Eventually(t, func() bool { return !p.counts(t)[0].PausedUntil.IsZero() }, clitest.Patience, 5*time.Millisecond)
	require.Equal(t, 0, p.stop(t))
	require.Len(t, first.messages, 1)

	p = start(second)
	p.errout.Await(t, `level=WARN msg="alerts wait for a destination that is not configured[^"]*" route=`+route+` alerts=1 `)
	require.Equal(t, 0, p.stop(t))

	p = start(second, first)
	p.errout.Await(t, `name="WeCom robot 2 at `+first.host+`" route=`+route+`\n`)
	require.Equal(t, 1, p.waiting(t))
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.errout.String(), "not configured")
	require.Empty(t, second.messages, "it is for another group")
	require.Len(t, first.messages, 1, "it rests still")
	require.NotContains(t, p.printed(), "hush")
}

// What another relay delivers needs no warning.
func TestNoOrphanWhileSomebodyDelivers(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	slow, other := newRobot(t, func() string {
		close(arrived)
		<-release
		return accepted
	}), newRobot(t, nil)
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free) // before the robot ends, which waits for its answer
	db := filepath.Join(t.TempDir(), "relay.db")
	p := launch(t, "-wecom-url", slow.url, "-callback-secret", testSecret, "-db", db)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	<-arrived
	c, err := settingsOf("-wecom-url "+other.url+" -db "+db, nil)
	require.NoError(t, err)
	log := clitest.NewTranscript()
	r, err := newRelay(t.Context(), c, slog.New(slog.NewTextHandler(log, nil)), printing.NewPrinter(clitest.NewTranscript()))
	require.NoError(t, err)
	r.lookForOrphans(t.Context())
	require.NoError(t, r.Close())
	require.Empty(t, log.String())
	free()
	p.errout.Await(t, `msg="message accepted"`)
}

// A day is long when one tries things out with the same file.
func TestStandInsForgetSoon(t *testing.T) {
	t.Parallel()
	for s, want := range map[*printing.StandIns]int{nil: 1, {}: 2} {
		synctest.Test(t, func(t *testing.T) {
			got := new(alerttest.Recorder)
			r := &relay{config: &Config{lease: defaultLease}, standIn: s, log: discard(), leaves: []leaf{{route: "far end", sender: got}}}
			require.NoError(t, r.openBox(t.Context()))
			stop := r.deliver(t.Context())
			for range 2 {
				require.NoError(t, r.box.Send(context.WithoutCancel(t.Context()), alert.Alert{Source: "s", ID: "1"}))
				<-time.After(2 * trialWindow)
			}
			require.NoError(t, stop())
			require.Len(t, got.Accepted(), want)
		})
	}
}

// How each kind of destination is delivered to.
func TestRouteOptions(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("-wecom-url k -dingtalk-url t -dingtalk-rate 7 -trap-target nms:162 -trap-community c -trap-base-oid 1.3.6.1.4.1.32473 -db memory", nil)
	require.NoError(t, err)
	r, err := newRelay(t.Context(), c, discard(), printing.NewPrinter(clitest.NewTranscript()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	var options []outbox.RouteOptions
	for _, l := range r.leaves {
		options = append(options, l.options)
	}
	require.Equal(t, []outbox.RouteOptions{
		{OnePerKey: true},
		{Budget: outbox.Budget{Messages: 20, Per: time.Minute}, Batch: 1000},
		{Budget: outbox.Budget{Messages: 7, Per: time.Minute}, Batch: 1000},
	}, options)
}

func TestRouteNames(t *testing.T) {
	t.Parallel()
	name := func(args string) []string {
		c, err := settingsOf(args+" -db memory", nil)
		require.NoError(t, err)
		r, err := newRelay(t.Context(), c, discard(), printing.NewPrinter(clitest.NewTranscript()))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, r.Close()) })
		var names []string
		for _, l := range r.leaves {
			names = append(names, l.route)
		}
		return names
	}
	byKey := name("-wecom-url k1,k2 -dingtalk-url k1")
	require.Len(t, byKey, 3)
	require.Regexp(t, `^wecom-[0-9a-f]{10}$`, byKey[0])
	require.Regexp(t, `^dingtalk-[0-9a-f]{10}$`, byKey[2])
	require.NotEqual(t, byKey[0], byKey[1])
	require.Equal(t, []string{byKey[1], byKey[0]}, name("-wecom-url k2,k1"), "the order does not matter")
	require.Equal(t, byKey[:2], name("-wecom-url https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k1,https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k2"))
	require.NotEqual(t, byKey[:1], name("-wecom-url https://gateway.example.com/cgi-bin/webhook/send?key=k1"))
	const trap = "-trap-community c -trap-base-oid 1.3.6.1.4.1.32473 -trap-target "
	require.Equal(t, []string{"snmp-nms.example.com:162"}, name(trap+"NMS.example.com:162"))
	long := name(trap + strings.Repeat("nms.", 30) + "example.com:162")
	require.Regexp(t, `^snmp-[0-9a-f]{10}$`, long[0])
	require.Equal(t, long, name(trap+strings.Repeat("nms.", 30)+"example.com:162 -trap-inform"), "the same console")
}

// When as much waits as may, callbacks are refused, so that their source repeats them,
// and the health check says why.
func TestTooMuchWaits(t *testing.T) {
	t.Parallel()
	p := launch(t, "-wecom-url", "http://127.0.0.1:1/cgi-bin/webhook/send?key=k", "-callback-secret", testSecret,
		"-db", filepath.Join(t.TempDir(), "relay.db"), "-db-max-alerts", "1")
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	require.Eventually(t, func() bool {
		code, _ := p.callback(t, testSecret, string(sample()))
		return code == 503
	}, clitest.Patience, 50*time.Millisecond)
	p.errout.Await(t, `level=ERROR msg="accepting stopped: .*error="the outbox is full: 1 alerts wait, the limit is 1"`)
	require.Eventually(t, func() bool {
		status, text := p.get(t, "/healthz")
		return status == 503 && strings.HasPrefix(text, "no alert can be accepted: the outbox is full")
	}, clitest.Patience, 50*time.Millisecond)
}
