package serve_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/serve"
)

// A crowd is a listener whose callers seem to come from many addresses.
type crowd struct {
	net.Listener
	next atomic.Value // of string
}

func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from := &net.TCPAddr{IP: net.ParseIP(c.next.Load().(string)), Port: 1}
	return &stranger{conn, from}, nil
}

type stranger struct {
	net.Conn
	from net.Addr
}

func (s *stranger) RemoteAddr() net.Addr { return s.from }

// One address neither fills the server nor drives others away, and an IPv6 network
// is one address.
func TestOneAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, greedy, modest string }{
		{"IPv4", "192.0.2.1", "192.0.2.2"},
		{"IPv6", "2001:db8::%x", "2001:db8:0:1::1"},
		{"IPv4 within IPv6", "::ffff:192.0.2.1", "192.0.2.2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			c := &crowd{Listener: l}
			r := &running{addr: l.Addr().String(), log: new(record)}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			release := make(chan struct{})
			slow := func(w http.ResponseWriter, r *http.Request) { <-release; ok(w, r) }
			go func() {
				served <- serve.Serve(ctx, c, http.HandlerFunc(slow), &serve.Options{
					MaxConns: 16, MaxConnsPerAddress: 4, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
				})
			}()
			t.Cleanup(func() { cancel(); <-served })
			var busy []net.Conn
			dial := func(from, text string) net.Conn {
				c.next.Store(from)
				conn := r.dial(t, text)
				return conn
			}
			for i := range 4 { // under way: they stay
				from := tt.greedy
				if strings.Contains(from, "%x") {
					from = fmt.Sprintf(from, i+1)
				}
				busy = append(busy, dial(from, request))
			}
			from := strings.ReplaceAll(tt.greedy, "%x", "99")
			require.Eventually(t, func() bool {
				_, err := status(dial(from, ""))
				return err != nil && strings.Contains(r.log.String(), "too many from this address")
			}, patience, 1)
			busy = append(busy, dial(tt.modest, request))
			close(release)
			for _, conn := range busy {
				got, err := status(conn)
				require.NoError(t, err)
				require.Equal(t, 200, got)
			}
		})
	}
}

// More connections than files are not promised.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no such limit")
	}
	r := start(t, ok, serve.Options{MaxConns: math.MaxInt})
	got, err := status(r.dial(t, request))
	require.NoError(t, err)
	require.Equal(t, 200, got)
	require.Contains(t, r.log.String(), "few files may be open")
}
