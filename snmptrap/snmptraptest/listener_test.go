package snmptraptest_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

const testBase = "1.3.6.1.4.1.32473"

// newSender returns a Sender to a listener.
func newSender(tb testing.TB, l *snmptraptest.Listener, opts *snmptrap.Options) *snmptrap.Sender {
	tb.Helper()
	s, err := snmptrap.New([]string{l.Addr()}, "hush", testBase, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// A recorder is a test that may fail.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// write sends a datagram to a listener.
func write(tb testing.TB, l *snmptraptest.Listener, datagram string) {
	tb.Helper()
	conn, err := new(net.Dialer).DialContext(tb.Context(), "udp", l.Addr())
	require.NoError(tb, err)
	defer conn.Close()
	_, err = conn.Write([]byte(datagram))
	require.NoError(tb, err)
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 16, 8, 41, 700_000_000, time.FixedZone("", -(3*3600+1800)))
	for _, layout := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		l := snmptraptest.Listen(t, nil)
		s := newSender(t, l, &snmptrap.Options{Layout: layout})
		sent := []alert.Alert{
			{Key: "k", Level: "P0", Severity: alert.Critical, Product: "p", Region: "r", Instance: "磁盘", Name: "n", Summary: "s", StartsAt: at},
			{Key: "k", Level: "OK", Status: alert.Resolved, Severity: alert.Info, StartsAt: at},
			{Level: "NEWS", Status: alert.News, Severity: alert.Info, Name: "n", StartsAt: at},
			{Level: "TEST", Test: true, Status: alert.News, Severity: alert.Info, Name: "n", StartsAt: at},
		}
		require.NoError(t, s.Send(t.Context(), sent...))
		for i, trap := range l.Traps() {
			a, ok := trap.Alert(testBase)
			require.True(t, ok)
			require.True(t, a.StartsAt.Equal(at))
			require.NotEmpty(t, a.Key)
			a.StartsAt, sent[i].StartsAt = time.Time{}, time.Time{}
			if sent[i].Key == "" {
				a.Key = "" // a hash
			}
			require.Equal(t, sent[i], a)
			require.True(t, trap.HasCommunity("hush"))
			require.False(t, trap.HasCommunity("else"))
			require.NotContains(t, fmt.Sprintf("%+v", trap), "hush")
			require.Equal(t, trap.Varbinds[4].Value, trap.Value("."+trap.Varbinds[4].OID))
			require.Nil(t, trap.Value("1.3"))
			_, ok = trap.Alert("1.3.6.1.4.1.9")
			require.False(t, ok)
		}
		require.NoError(t, s.SendTrap(t.Context(), snmptrap.Trap{OID: snmptrap.MustOID(testBase + ".0.1")}))
		_, ok := l.Traps()[4].Alert(testBase)
		require.False(t, ok)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Addr: "[::1]:0"})
	s := newSender(t, l, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 300 * time.Millisecond, Retries: -1}})
	a := alert.Alert{Key: "k"}
	require.NoError(t, s.Send(t.Context(), a))
	for _, status := range []int{1, 5, 13} {
		l.Refuse(status)
		require.ErrorIs(t, s.Send(t.Context(), a), snmptrap.ErrorStatus(status))
	}
	l.Refuse(0)
	l.KeepSilent(true)
	require.ErrorIs(t, s.Send(t.Context(), a), alert.ErrUncertain)
	l.KeepSilent(false)
	require.NoError(t, s.Send(t.Context(), a))
	require.Len(t, l.Traps(), 6)
	require.True(t, l.Traps()[0].Inform)
}

func TestGoneAndBack(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, nil)
	s := newSender(t, l, nil)
	send := func(name string) { require.NoError(t, s.Send(t.Context(), alert.Alert{Name: name})) }
	send("a")
	l.Stop()
	l.Stop()
	send("lost")
	l.Start()
	l.Start()
	send("b")
	require.Len(t, l.Traps(), 2)
}

// What a console would drop fails the test, unless it is collected.
func TestWhatIsNoNotification(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"garbage":      "garbage",
		"SNMPv1":       "\x30\x1b\x02\x01\x00\x04\x01c\xa4\x13\x06\x04\x2b\x06\x01\x04\x40\x04\x00\x00\x00\x00\x02\x01\x06\x02\x01\x01\x43\x01\x00\x30\x00",
		"a request":    "\x30\x12\x02\x01\x01\x04\x01c\xa0\x0a\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00",
		"no sysUpTime": "\x30\x12\x02\x01\x01\x04\x01c\xa7\x0b\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00",
	}
	for name, datagram := range bad {
		r := &recorder{TB: t}
		l := snmptraptest.Listen(r, nil)
		write(t, l, datagram)
		require.Empty(t, l.Traps())
		require.Len(t, r.failures, 1, name)
		require.NotContains(t, r.failures[0], "garbage")

		l = snmptraptest.Listen(t, &snmptraptest.Options{Collect: true})
		write(t, l, datagram)
		_, err := l.Next(t.Context())
		require.ErrorContains(t, err, "snmptraptest: ", name)
	}
}

func TestNextAndKeep(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Keep: 2})
	s := newSender(t, l, nil)
	for range 5 {
		require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "n"}))
		_, err := l.Next(t.Context())
		require.NoError(t, err)
	}
	require.Len(t, l.Traps(), 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// Whatever comes, the listener goes on.
func FuzzListener(f *testing.F) {
	f.Add([]byte("\x30\x12\x02\x01\x01\x04\x01c\xa6\x0b\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00"))
	f.Add([]byte("\x30\x80"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		if len(datagram) > 60000 {
			return
		}
		l := snmptraptest.Listen(t, &snmptraptest.Options{Collect: true})
		write(t, l, string(datagram))
		_, _ = l.Next(t.Context())
	})
}
