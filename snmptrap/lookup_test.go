package snmptrap_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// A nameServer answers every question for addresses with those it holds, or
// that there is no such name when it holds none.
type nameServer struct {
	addrs   atomic.Pointer[[]netip.Addr]
	lookups atomic.Int32
}

// set sets the addresses of all names.
func (n *nameServer) set(addrs ...string) {
	var all []netip.Addr
	for _, a := range addrs {
		all = append(all, netip.MustParseAddr(a))
	}
	n.addrs.Store(&all)
}

// serve answers until the socket is closed.
func (n *nameServer) serve(conn net.PacketConn) {
	buf := make([]byte, 512)
	for {
		size, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer := n.answer(buf[:size]); answer != nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

// answer makes a response of a query with one question (RFC 1035 section 4).
func (n *nameServer) answer(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	n.lookups.Add(1)
	response := append([]byte(nil), query[:end]...)
	copy(response[2:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	addrs := n.addrs.Load()
	if addrs == nil || len(*addrs) == 0 {
		response[3] = 0x83 // no such name
		return response
	}
	kind := query[end-3] // 1 is A, 28 AAAA
	for _, addr := range *addrs {
		if addr.Is4() == (kind == 1) {
			response[7]++
			response = append(response, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(addr.BitLen()/8))
			response = append(response, addr.AsSlice()...)
		}
	}
	return response
}

// useNameServer makes the process ask a nameServer. Tests that call it must
// not run in parallel.
func useNameServer(t *testing.T) *nameServer {
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	n := new(nameServer)
	var wg sync.WaitGroup
	wg.Go(func() { n.serve(conn) })
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = conn.Close()
		wg.Wait()
	})
	return n
}

// It runs alone, see useNameServer.
func TestNameIsLookedUpAgain(t *testing.T) {
	names := useNameServer(t)
	_, port, err := net.SplitHostPort(closedPort(t))
	require.NoError(t, err)
	s := newSender(t, nil, "nms.example.:"+port)
	send := func(name string) error { return s.Send(t.Context(), named(name)) }

	err = send("before the name exists")
	require.ErrorContains(t, err, "snmptrap: lookup: nms.example.:"+port+": lookup nms.example.")
	require.ErrorAs(t, err, new(*net.DNSError))

	names.set("127.0.0.1")
	for range 4 {
		require.NoError(t, send("lost, nobody listens"))
	}
	lookups := names.lookups.Load()
	require.NoError(t, send("lost"))
	require.Equal(t, lookups, names.lookups.Load(), "no look-up at each refusal")

	names.set("127.0.0.2")
	l := listen(t, "127.0.0.2:"+port)
	s.ForgetLookups()
	require.NoError(t, send("after the move"))
	require.Equal(t, []string{"after the move"}, l.names())
	require.Greater(t, names.lookups.Load(), lookups)

	// The name server goes down together with the receiver: the old address
	// is used on, and the first trap after the return arrives.
	require.NoError(t, l.conn.Close())
	names.set()
	s.ForgetLookups()
	for range 4 {
		require.NoError(t, send("lost"))
	}
	back := listen(t, "127.0.0.2:"+port)
	require.NoError(t, send("back"))
	require.Equal(t, []string{"back"}, back.names())
}

// The attempts at one inform follow a name that moves. It runs alone, see
// useNameServer.
func TestInformFollowsTheName(t *testing.T) {
	names := useNameServer(t)
	_, port, err := net.SplitHostPort(closedPort(t))
	require.NoError(t, err)
	s := newSender(t, lasting(-1), "nms.example.:"+port)
	err = s.Send(t.Context(), named("before the name exists"))
	require.ErrorContains(t, err, "snmptrap: lookup: nms.example.:"+port+": lookup nms.example.")
	require.NotErrorIs(t, err, alert.ErrUncertain, "nothing left")

	names.set("127.0.0.1")
	for range 3 {
		require.ErrorIs(t, s.Send(t.Context(), named("lost")), alert.ErrUncertain)
	}
	lookups := names.lookups.Load()
	require.ErrorIs(t, s.Send(t.Context(), named("lost")), alert.ErrUncertain)
	require.Equal(t, lookups, names.lookups.Load(), "no look-up at each silence")

	s.ForgetLookups()
	names.set("127.0.0.2")
	r := respond(t, "127.0.0.2:"+port, acknowledge)
	acks, err := s.Inform(alert.Once(t.Context()), named("after the move"))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.2:"+port, acks[0].Address)
	require.Equal(t, "nms.example.:"+port, acks[0].Target)
	require.Greater(t, names.lookups.Load(), lookups)

	// The name server goes down, and the name is in doubt: the old address is
	// used on.
	names.set()
	require.NoError(t, r.conn.Close())
	s.ForgetLookups()
	require.ErrorIs(t, s.Send(t.Context(), named("to the old address")), alert.ErrUncertain)
	back := respond(t, "127.0.0.2:"+port, acknowledge)
	require.NoError(t, s.Send(t.Context(), named("back")))
	require.Equal(t, []string{"back"}, back.names())
}

// A look-up that takes long ends with its context and with the Sender. It runs
// alone, see useNameServer.
func TestInformCancelledDuringALookup(t *testing.T) {
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()
	asked := make(chan struct{}, 100)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		asked <- struct{}{}
		<-ctx.Done() // a name server that is far away
		return nil, ctx.Err()
	}}
	s := newSender(t, informs(), "nms.example.")
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	for range 2 {
		go func() { result <- s.Send(ctx, named("a")) }()
	}
	<-asked
	cancel()
	for range 2 {
		err := <-result
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, alert.ErrUncertain)
	}
}
