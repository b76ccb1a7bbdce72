package snmptrap_test

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
)

// freePort returns a port that is free on all addresses of the loopback.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "[::]:0")
	require.NoError(t, err)
	defer conn.Close()
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	require.NoError(t, err)
	return port
}

// numbered returns alerts with the names 0 to n-1, and the names.
func numbered(n int) (alerts []alert.Alert, names []string) {
	for i := range n {
		names = append(names, fmt.Sprint(i))
		alerts = append(alerts, alert.Alert{Source: "s", Key: names[i], Name: names[i]})
	}
	return alerts, names
}

// A receiver listens on one of the addresses of its name. Nothing is lost,
// whichever it is, and when it moves to another. These run alone, see
// useNameServer.
func TestTrapsGoToTheAddressThatListens(t *testing.T) {
	addrs := []string{"127.0.0.1", "127.0.0.2", "::1"}
	names := useNameServer(t)
	names.set(addrs...)
	for _, order := range [][]int{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}} {
		port := freePort(t)
		s := newSender(t, nil, "nms.example.:"+port)
		for _, i := range order {
			l := listen(t, net.JoinHostPort(addrs[i], port))
			alerts, want := numbered(10)
			for _, a := range alerts[:5] {
				require.NoError(t, s.Send(t.Context(), a))
			}
			require.NoError(t, s.Send(t.Context(), alerts[5:]...))
			awaitNames(t, l, want)
			require.NoError(t, l.conn.Close())
		}
	}
}

// awaitNames waits for traps that are on another way when Send returns.
func awaitNames(t *testing.T, l *listener, want []string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(l.names()) >= len(want) }, 10*time.Second, time.Millisecond)
	require.Equal(t, want, l.names(), "each once and in order")
}

// A refusal by this machine is seen within the Send: a program may end right after it.
func TestRefusalWithinTheSend(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1", "127.0.0.2", "::1")
	port := freePort(t)
	l := listen(t, "[::1]:"+port)
	for range 20 {
		require.NoError(t, newSender(t, nil, "nms.example.:"+port).Send(t.Context(), named("only")))
	}
	require.Len(t, l.names(), 20)
}

// A program that ends after one trap closes the Sender before the refusal has
// come back.
func TestCloseWaitsForRefusals(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1", "127.0.0.2", "::1")
	port := freePort(t)
	l := listen(t, "[::1]:"+port)
	s := newSender(t, nil, "nms.example.:"+port)
	require.NoError(t, s.Send(t.Context(), named("only")))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"only"}, l.names())
}

// When every address refuses, traps are lost with a warning and nothing else
// happens.
func TestEveryAddressRefuses(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1", "::1")
	s := newSender(t, nil, "nms.example.:"+freePort(t))
	alerts, _ := numbered(50)
	require.NoError(t, s.Send(t.Context(), alerts...))
}

// An inform that an address refuses goes to the next at once, also under
// alert.Once, and what works is remembered.
func TestInformsGoToTheAddressThatListens(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1", "127.0.0.2", "::1")
	port := freePort(t)
	r := respond(t, "[::1]:"+port, acknowledge)
	s := newSender(t, informs(), "nms.example.:"+port)
	acks, err := s.Inform(alert.Once(t.Context()), named("first"))
	require.NoError(t, err)
	require.Equal(t, "[::1]:"+port, acks[0].Address)
	require.Equal(t, 3, acks[0].Attempts, "one to each address")
	acks, err = s.Inform(alert.Once(t.Context()), named("second"))
	require.NoError(t, err)
	require.Equal(t, 1, acks[0].Attempts, "what works is remembered")
	require.Equal(t, []string{"first", "second"}, r.names())
}

// An address that swallows informs is left for the next.
func TestInformsLeaveASilentAddress(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1", "127.0.0.2")
	port := freePort(t)
	respond(t, "127.0.0.1:"+port, silent)
	r := respond(t, "127.0.0.2:"+port, acknowledge)
	s := newSender(t, lasting(1), "nms.example.:"+port)
	require.NoError(t, s.Send(t.Context(), named("a")))
	require.NoError(t, s.Send(alert.Once(t.Context()), named("b")))
	require.Equal(t, []string{"a", "b"}, r.names())
}

// A name server that does not answer is not the end: Go asks the next after five
// seconds, and the look-up waits for it. A Send whose context is shorter leaves the
// look-up to the one after it.
func TestLookupOutlivesTheSend(t *testing.T) {
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()
	release, asked := make(chan struct{}), make(chan struct{})
	var once sync.Once
	names := new(nameServer)
	names.set("127.0.0.1")
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() { names.serve(conn) })
	defer wg.Wait()
	defer conn.Close()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		once.Do(func() { close(asked) })
		select {
		case <-release:
			return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	port := freePort(t)
	r := respond(t, "127.0.0.1:"+port, acknowledge)
	s := newSender(t, lasting(-1), "nms.example.:"+port)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	require.ErrorIs(t, s.Send(ctx, named("gives up")), context.Canceled)
	result := make(chan error)
	go func() { result <- s.Send(t.Context(), named("waits")) }()
	close(release)
	require.NoError(t, <-result, "looking up does not use up the time of the answer")
	require.Equal(t, []string{"waits"}, r.names())
}

// Old addresses do while no newer can be had.
func TestLookupThatHangs(t *testing.T) {
	names := useNameServer(t)
	names.set("127.0.0.1")
	port := freePort(t)
	l := listen(t, "127.0.0.1:"+port)
	s := newSender(t, nil, "nms.example.:"+port)
	require.NoError(t, s.Send(t.Context(), named("a")))
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	s.ForgetLookups()
	require.NoError(t, s.Send(t.Context(), named("b"), named("c"))) // one wait for all
	require.NoError(t, s.Send(t.Context(), named("d")))
	require.Equal(t, []string{"a", "b", "c", "d"}, l.names())
}

// An answer may come from another address of the receiver.
func TestAnswerFromAnotherAddress(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"127.0.0.2:0", "127.0.0.1:0"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			other, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", from)
			require.NoError(t, err)
			defer other.Close()
			r := respond(t, "", acknowledge)
			r.mu.Lock()
			r.from = other
			r.mu.Unlock()
			s := newSender(t, informs(), r.addr())
			acks, err := s.Inform(t.Context(), named("a"))
			require.NoError(t, err)
			require.Equal(t, other.LocalAddr().String(), acks[0].Address, "who answered is said")
			require.Equal(t, r.addr(), acks[0].Target)
		})
	}
}

// A trap leaves from the address or the interface that is set.
func TestLocalAddr(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]string{"127.0.0.7": "127.0.0.7", "lo": "127.0.0.1"} {
		l, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		s := newSender(t, &snmptrap.Options{LocalAddr: local}, l.LocalAddr().String())
		require.NoError(t, s.Send(t.Context(), named("a")))
		_, from, err := l.ReadFrom(make([]byte, 2000))
		require.NoError(t, err)
		require.Equal(t, want, from.(*net.UDPAddr).IP.String())
	}
	s := newSender(t, &snmptrap.Options{LocalAddr: "no such interface"}, "127.0.0.1")
	require.ErrorContains(t, s.Send(t.Context(), named("a")), "LocalAddr is neither an IP address nor an interface")
	s = newSender(t, &snmptrap.Options{LocalAddr: "192.0.2.99"}, "127.0.0.1")
	require.ErrorContains(t, s.Send(t.Context(), named("a")), "cannot assign requested address")
}

// Where the machine itself knows no way to an address, the next is used. It runs
// alone, see useNameServer.
func TestNoWayToAnAddress(t *testing.T) {
	names := useNameServer(t)
	names.set("192.0.2.9", "127.0.0.1") // the first cannot be reached from the loopback
	port := freePort(t)
	r := respond(t, "127.0.0.1:"+port, acknowledge)
	opts := informs()
	opts.LocalAddr = "127.0.0.1"
	require.NoError(t, newSender(t, opts, "nms.example.:"+port).Send(t.Context(), named("inform")))
	require.NoError(t, newSender(t, &snmptrap.Options{LocalAddr: "127.0.0.1"}, "nms.example.:"+port).Send(t.Context(), named("trap")))
	require.Eventually(t, func() bool { return len(r.names()) == 2 }, 5*time.Second, time.Millisecond)

	names.set("192.0.2.9")
	err := newSender(t, &snmptrap.Options{LocalAddr: "127.0.0.1"}, "nms.example.").Send(t.Context(), named("trap"))
	require.ErrorContains(t, err, "snmptrap: send: nms.example.:162: ")
	require.NotErrorIs(t, err, alert.ErrUncertain)
}
