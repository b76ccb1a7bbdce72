package snmptraptest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// dial connects a socket to a listener.
func dial(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := new(net.Dialer).DialContext(tb.Context(), "udp", addr)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, conn.Close()) })
	return conn
}

// write sends datagrams.
func write(tb testing.TB, conn net.Conn, datagrams ...[]byte) {
	tb.Helper()
	for _, d := range datagrams {
		_, err := conn.Write(d)
		require.NoError(tb, err)
	}
}

// A recorder is a test that may fail. It ends when end is called.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Fatal(args ...any) {
	panic(fmt.Sprint(args...))
}

func (r *recorder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) end() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

func TestListenerRecords(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	require.Empty(t, l.Traps())
	require.True(t, strings.HasPrefix(l.Addr(), "127.0.0.1:"))
	conn := dial(t, l.Addr())
	before := time.Now()
	write(t, conn, fixture(t, "netsnmp-trap.hex"), fixture(t, "netsnmp-inform.hex"), fixture(t, "netsnmp-trap-edge-values.hex"))
	traps := l.Traps()
	require.Len(t, traps, 3)
	trap := traps[0]
	require.False(t, trap.Inform)
	require.True(t, traps[1].Inform)
	require.Equal(t, int32(1833314971), trap.RequestID)
	require.Equal(t, uint32(104468), trap.UpTime)
	require.Equal(t, seedBase+".0.1", trap.OID)
	require.Len(t, trap.Varbinds, 5)
	require.Equal(t, snmptraptest.Varbind{OID: seedBase + ".5", Type: snmptraptest.OctetString, Value: []byte("name:name22222")}, trap.Varbinds[4])
	require.Equal(t, []byte("level:level22"), trap.Value("."+seedBase+".2"))
	require.Nil(t, trap.Value(seedBase+".6"))
	require.Equal(t, fixture(t, "netsnmp-trap.hex"), trap.Datagram())
	require.Equal(t, conn.LocalAddr().String(), trap.Source.String())
	require.False(t, trap.Time.Before(before))
	require.False(t, trap.Time.After(time.Now()))
	require.True(t, trap.HasCommunity("public"))
	require.False(t, trap.HasCommunity("private"))
	require.True(t, traps[2].HasCommunity(""))
	leaktest.Check(t, []string{"public"}, trap, traps)

	edges := map[string]any{
		".4294967295": 2147483647, ".1": -2147483648, ".6": uint32(4294967295), ".8": []byte{},
		".13": "1.3", ".14": "2.999.4294967295", ".15": "10.1.2.3", ".16": uint32(0), ".18": uint64(18446744073709551615),
	}
	for end, want := range edges {
		require.Equal(t, want, traps[2].Value(testBase+".7"+end), end)
	}
}

func TestListenerOverIPv6(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Addr: "[::1]:0", Rules: snmptraptest.Rules{Base: testBase}})
	require.True(t, strings.HasPrefix(l.Addr(), "[::1]:"))
	s, err := snmptrap.New([]string{l.Addr()}, "c0mmunity", testBase, nil)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "n"}))
	require.Len(t, l.Traps(), 1)
	require.Equal(t, "::1", l.Traps()[0].Source.Addr().String())
}

func TestNext(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Collect: true})
	conn := dial(t, l.Addr())
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Next(done)
	require.ErrorIs(t, err, context.Canceled)

	got := make(chan snmptraptest.Trap, 1)
	go func() {
		trap, err := l.Next(t.Context())
		if err == nil {
			got <- trap
		}
	}()
	write(t, conn, fixture(t, "netsnmp-trap.hex"))
	require.Equal(t, int32(1833314971), (<-got).RequestID)

	write(t, conn, fixture(t, "seed-pysnmp.hex"), fixture(t, "netsnmp-inform.hex"))
	_, err = l.Next(t.Context())
	require.ErrorIs(t, err, snmptraptest.RuleUpTime)
	trap, err := l.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, int32(20448367), trap.RequestID)
	require.Len(t, l.Traps(), 2)
	require.Len(t, l.Violations(), 1)
}

func TestBrokenRuleFailsTheTest(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	l := snmptraptest.Listen(r, nil)
	conn := dial(t, l.Addr())
	write(t, conn, fixture(t, "seed-pysnmp.hex"))
	r.end() // waits for what was sent
	require.Len(t, r.failures, 1)
	require.Contains(t, r.failures[0], string(snmptraptest.RuleUpTime))
	require.Contains(t, r.failures[0], "from "+conn.LocalAddr().String()+":\n0000  30 81 bf 02 01 01 04 06 ** ** ** ** ** ** a7 81\n")
	require.NotContains(t, r.failures[0], "public")
	require.Empty(t, l.Traps(), "illegal ones are not recorded")
	require.Len(t, l.Violations(), 1)

	r = &recorder{TB: t}
	l = snmptraptest.Listen(r, &snmptraptest.Options{Collect: true})
	write(t, dial(t, l.Addr()), fixture(t, "seed-pysnmp.hex"))
	r.end()
	require.Empty(t, r.failures)
	require.Len(t, l.Violations(), 1)
	require.PanicsWithValue(t, "snmptraptest: the base is no OID", func() {
		snmptraptest.Listen(r, &snmptraptest.Options{Rules: snmptraptest.Rules{Base: "c0mmunity"}})
	})
	require.Panics(t, func() { snmptraptest.Listen(r, &snmptraptest.Options{Addr: "localhost:0"}) })
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	l := snmptraptest.NewListener(t)
	addr := l.Addr()
	trap := fixture(t, "netsnmp-trap.hex")
	write(t, dial(t, addr), trap)
	l.Stop()
	l.Stop()
	require.Len(t, l.Traps(), 1, "all that was sent before")
	conn := dial(t, addr)
	write(t, conn, trap)
	_, err := conn.Read(make([]byte, 1)) // the answer of the host
	require.Error(t, err)
	l.Start()
	l.Start()
	require.Equal(t, addr, l.Addr())
	write(t, conn, trap)
	require.Len(t, l.Traps(), 2)
	trapOf, err := l.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, int32(1833314971), trapOf.RequestID)

	r := &recorder{TB: t}
	other := snmptraptest.NewListener(r)
	other.Stop()
	taken, err := net.ListenPacket("udp", other.Addr())
	require.NoError(t, err)
	defer taken.Close()
	require.Panics(t, other.Start)
	r.end()
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Rules: snmptraptest.Rules{Base: testBase}})
	s, err := snmptrap.New([]string{l.Addr()}, "c0mmunity", testBase, nil)
	require.NoError(t, err)
	defer s.Close()
	const senders, each = 8, 50
	var wg sync.WaitGroup
	errs := make([]error, senders)
	for i := range senders {
		wg.Go(func() {
			for range each {
				errs[i] = errors.Join(errs[i], s.Send(t.Context(), alert.Alert{Name: "n"}))
				l.Traps()
			}
		})
	}
	for range senders * each {
		_, err := l.Next(t.Context())
		require.NoError(t, err)
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Len(t, l.Traps(), senders*each)
}

// A listener that stays forgets what was taken from it.
func TestKeep(t *testing.T) {
	t.Parallel()
	l := snmptraptest.Listen(t, &snmptraptest.Options{Keep: 2})
	conn := dial(t, l.Addr())
	values := func() (all []any) {
		for _, trap := range l.Traps() {
			all = append(all, trap.Varbinds[0].Value)
		}
		return all
	}
	for n := range 5 {
		write(t, conn, with(string([]byte{2, 1, byte(n)})))
	}
	require.Equal(t, []any{0, 1, 2, 3, 4}, values(), "nobody has taken any")
	for n := range 4 {
		trap, err := l.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, n, trap.Varbinds[0].Value)
	}
	write(t, conn, with("\x02\x01\x05"))
	require.Equal(t, []any{4, 5}, values())
	for n := range 2 {
		trap, err := l.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4+n, trap.Varbinds[0].Value)
	}
}
