package snmptrap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// noHost is a name that no look-up needs a network to refuse: a label has at
// most 63 octets.
var noHost = strings.Repeat("x", 64) + ".example" //nolint:gochecknoglobals // read-only

// newSender returns a Sender to targets under testBase.
func newSender(tb testing.TB, opts *snmptrap.Options, targets ...string) *snmptrap.Sender {
	tb.Helper()
	s, err := snmptrap.New(targets, "c0mmunity", testBase, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// named returns an alert by name.
func named(name string) alert.Alert { return alert.Alert{Name: name} }

func TestSend(t *testing.T) {
	t.Parallel()
	one, two := listen(t, ""), listen(t, "[::1]:0")
	s := newSender(t, nil, one.addr(), two.addr())
	require.NoError(t, s.Send(t.Context()))
	require.NoError(t, s.Send(t.Context(), named("a")))
	require.NoError(t, s.Send(t.Context(), named("b"), named("c")))
	for _, l := range []*listener{one, two} {
		require.Equal(t, []string{"a", "b", "c"}, l.names())
		for _, p := range l.packets() {
			require.Equal(t, "c0mmunity", p.Community)
		}
	}
	require.Equal(t, one.received(), two.received(), "encoded once")
	require.NotEqual(t, one.packets()[1].RequestID, one.packets()[2].RequestID)
}

func TestEveryTargetIsTried(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	other := strings.Repeat("y", 64) + ".example"
	s := newSender(t, nil, noHost, l.addr(), other)
	for range 2 { // the first Send opens the socket
		err := s.Send(t.Context(), named("a"), named("b"))
		require.True(t, alert.Retryable(err))
		require.NotErrorIs(t, err, alert.ErrUncertain)
		for i := range 2 {
			at := alert.ErrorAt(err, i, 2)
			require.ErrorContains(t, at, "snmptrap: lookup: "+noHost+":162: ")
			require.ErrorContains(t, at, other+":162")
			require.NotContains(t, at.Error(), l.addr())
			e, ok := errors.AsType[*snmptrap.Error](at)
			require.True(t, ok)
			require.Equal(t, noHost+":162", e.Target)
		}
	}
	require.Equal(t, []string{"a", "b", "a", "b"}, l.names())

	err := s.Send(t.Context(), named("c"))
	require.NotErrorAs(t, err, new(*alert.PartialError), "one alert needs none")
}

func TestReceiverThatIsDown(t *testing.T) {
	t.Parallel()
	log := new(lockedBuffer)
	down, up := closedPort(t), listen(t, "")
	s := newSender(t, &snmptrap.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}, down, up.addr())
	for i := range 7 {
		require.NoError(t, s.Send(t.Context(), named(fmt.Sprint(i))), "a trap is never answered")
	}
	require.Len(t, up.names(), 7)
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "one warning, not one a trap: %s", log)
	require.Contains(t, log.String(), "level=WARN")
	require.Contains(t, log.String(), "target="+down)

	// Whichever write reports the refusal, the first trap after the return of
	// the receiver arrives.
	for i := range 4 {
		back := listen(t, down)
		require.NoError(t, s.Send(t.Context(), named("back")))
		require.Equal(t, []string{"back"}, back.names(), i)
		require.NoError(t, back.conn.Close())
		for range i {
			require.NoError(t, s.Send(t.Context(), named("lost")))
		}
	}
}

func TestSocketThatBreaks(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	require.NoError(t, s.Send(t.Context(), named("a")))
	s.BreakSockets()
	require.NoError(t, s.Send(t.Context(), named("b")))
	require.NoError(t, s.Send(t.Context(), named("c")))
	require.Equal(t, []string{"a", "b", "c"}, l.names())
}

func TestTrapThatTheSocketRefuses(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	require.NoError(t, s.Send(t.Context(), named("a")))
	err := s.WriteRaw(t.Context(), make([]byte, 65508))
	require.ErrorIs(t, err, snmptrap.ErrTooLarge)
	require.ErrorContains(t, err, "snmptrap: send: "+l.addr()+": the socket refuses 65508 octets, set a lower MaxSize")
	require.False(t, alert.Retryable(err))
	require.NoError(t, s.WriteRaw(t.Context(), make([]byte, 65507)))
}

func TestContext(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancelExpired := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelExpired()
	refuse := func() {
		for _, ctx := range []context.Context{cancelled, expired} {
			err := s.Send(ctx, named("a"), named("b"))
			for i := range 2 {
				require.ErrorIs(t, alert.ErrorAt(err, i, 2), ctx.Err())
			}
			require.True(t, alert.Retryable(err))
			require.NotErrorIs(t, err, alert.ErrUncertain)
		}
	}
	refuse()
	require.NoError(t, s.Send(t.Context(), named("opens the socket")))
	refuse()
	require.Equal(t, []string{"opens the socket"}, l.names())
}

func TestContextEndsWhileAnotherSendHoldsTheTarget(t *testing.T) {
	t.Parallel()
	s := newSender(t, nil, listen(t, "").addr())
	release := s.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Send(ctx, named("a")) }()
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	release()
	require.NoError(t, s.Send(t.Context(), named("b")))
}

func TestClose(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	unused := newSender(t, nil, l.addr())
	require.NoError(t, unused.Close())
	require.NoError(t, s.Send(t.Context(), named("a")))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	for _, closed := range []*snmptrap.Sender{s, unused} {
		require.NoError(t, closed.Send(t.Context()))
		err := closed.Send(t.Context(), named("b"))
		require.ErrorIs(t, err, snmptrap.ErrClosed)
		require.True(t, alert.Retryable(err), "another Sender can deliver it")
	}
	require.ErrorIs(t, s.WriteRaw(t.Context(), []byte("x")), snmptrap.ErrClosed)
	require.Equal(t, []string{"a"}, l.names())
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr(), closedPort(t))
	var wg sync.WaitGroup
	errs := make(chan error, 16)
	for i := range 16 {
		wg.Go(func() {
			for j := range 5 {
				if err := s.Send(t.Context(), named(fmt.Sprint(i, "/", j)), named(fmt.Sprint(i, "+", j))); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	names, ids := map[string]bool{}, map[uint32]bool{}
	for _, p := range l.packets() {
		names[string(p.Variables[6].Value.([]byte))] = true
		ids[p.RequestID] = true
	}
	require.Len(t, names, 160)
	require.Len(t, ids, 160)
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	var ids []uint32
	for _, before := range []uint32{0, 1<<31 - 2, 1<<31 - 1, 1<<31 + 5, 1<<32 - 1} {
		s.SetRequestID(before)
		require.NoError(t, s.Send(t.Context(), named("a"), named("b")))
	}
	for _, p := range l.packets() {
		ids = append(ids, p.RequestID)
	}
	require.Equal(t, []uint32{1, 2, 1<<31 - 1, 1, 1, 2, 6, 7, 1, 2}, ids)
}

func TestUpTime(t *testing.T) {
	t.Parallel()
	l := listen(t, "")
	s := newSender(t, nil, l.addr())
	s.Age(2 * time.Hour)
	require.NoError(t, s.Send(t.Context(), named("after two hours")))
	s.Age(1 << 32 * 10 * time.Millisecond)
	require.NoError(t, s.Send(t.Context(), named("after 497 days more")))
	for _, p := range l.packets() {
		require.InDelta(t, 2*3600*100, p.Variables[0].Value, 6000, "in hundredths of a second, modulo 2^32")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		targets []string
		want    string
	}{
		{"none", nil, "snmptrap: no target"},
		{"empty", []string{""}, "neither an IP address nor a name"},
		{"only a port", []string{":162"}, "neither an IP address nor a name"},
		{"URL", []string{"udp://nms:162"}, "want host, host:port or [IPv6]:port"},
		{"blank", []string{"nms example"}, "neither an IP address nor a name"},
		{"port 0", []string{"nms:0"}, "the port is not in 1…65535"},
		{"port 65536", []string{"nms:65536"}, "the port is not in 1…65535"},
		{"port by name", []string{"nms:snmptrap"}, "the port is not in 1…65535"},
		{"no port", []string{"nms:"}, "the port is not in 1…65535"},
		{"brackets around IPv4", []string{"[192.0.2.1]"}, "no IPv6 address in the brackets"},
		{"broken IPv6", []string{"2001:db8::g"}, "want host, host:port or [IPv6]:port"},
		{"long name", []string{strings.Repeat("n", 254)}, "neither an IP address nor a name"},
		{"twice", []string{"192.0.2.1", "192.0.2.1:162"}, "192.0.2.1:162 is given twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := snmptrap.New(tt.targets, "c0mmunity", testBase, nil)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "c0mmunity")
		})
	}
	_, err := snmptrap.New([]string{"nms"}, "", testBase, nil)
	require.ErrorContains(t, err, "the community is empty")
	_, err = snmptrap.New([]string{"nms"}, "c", testBase, &snmptrap.Options{MaxSize: 1})
	require.ErrorContains(t, err, "MaxSize 1")
}

func TestTargetForms(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"192.0.2.7": "192.0.2.7:162", "192.0.2.7:9162": "192.0.2.7:9162", "nms": "nms:162",
		"nms.example.com:9162": "nms.example.com:9162", "2001:db8::7": "[2001:db8::7]:162",
		"[2001:db8::7]": "[2001:db8::7]:162", "[2001:db8::7]:9162": "[2001:db8::7]:9162",
		"fe80::1%eth0": "[fe80::1%eth0]:162", "my_host.": "my_host.:162",
	} {
		s, err := snmptrap.New([]string{given}, "c", testBase, nil)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		err = s.Send(t.Context(), named("a"))
		require.EqualError(t, err, "snmptrap: send: "+want+": sender is closed")
	}
}

func TestCommunityIsPrintedNowhere(t *testing.T) {
	t.Parallel()
	log := new(lockedBuffer)
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts := &snmptrap.Options{Logger: logger}
	s := newSender(t, opts, closedPort(t), noHost)
	e, err := snmptrap.NewEncoder("c0mmunity", testBase, opts)
	require.NoError(t, err)
	for range 3 {
		err = s.Send(t.Context(), named("a"))
		logger.Error("sent", "err", err, "sender", s, "encoder", e)
	}
	tooLarge := s.WriteRaw(t.Context(), bytes.Repeat([]byte("c0mmunity"), 10000))
	for _, v := range []any{s, e, *opts, err, tooLarge} {
		text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v)
		require.NotContains(t, text, "c0mmunity")
	}
	require.Contains(t, log.String(), "nobody listens")
	require.NotContains(t, log.String(), "c0mmunity")
}
