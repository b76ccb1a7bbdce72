package httpcall_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// The parts of HTTP/2 (RFC 9113) that it takes to read a request and to reset
// its stream.
const (
	frameData     = 0x0
	frameHeaders  = 0x1
	frameReset    = 0x3
	frameSettings = 0x4
	frameGoAway   = 0x7
	flagEnd       = 0x1 // of a stream; on settings: an acknowledgement
	prefaceLength = 24
)

// frame returns an HTTP/2 frame.
func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	b := []byte{0, 0, byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// resetting serves HTTP/2 and answers each whole request with the frames of
// reply. It counts the requests.
func resetting(t *testing.T, reply func(stream uint32) []byte) (*tls.Config, string, *atomic.Int32) {
	t.Helper()
	var placed atomic.Int32
	pair := httptest.NewUnstartedServer(nil)
	pair.EnableHTTP2 = true
	pair.StartTLS()
	t.Cleanup(pair.Close)
	l, err := tls.Listen("tcp", "127.0.0.1:0", pair.TLS)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveFrames(conn, func(stream uint32) []byte {
				placed.Add(1)
				return reply(stream)
			})
		}
	}()
	trusted, ok := pair.Client().Transport.(*http.Transport)
	require.True(t, ok)
	return trusted.TLSClientConfig.Clone(), "https://" + l.Addr().String(), &placed
}

// serveFrames reads a connection until it ends.
func serveFrames(conn net.Conn, reply func(stream uint32) []byte) {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, prefaceLength)); err != nil {
		return
	}
	_, _ = conn.Write(frame(frameSettings, 0, 0))
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(head[5:])
		switch kind := head[3]; {
		case kind == frameSettings && head[4]&flagEnd == 0:
			_, _ = conn.Write(frame(frameSettings, flagEnd, 0))
		case (kind == frameData || kind == frameHeaders) && head[4]&flagEnd != 0:
			_, _ = conn.Write(reply(stream))
		}
	}
}

// net/http makes a request once more by itself when its stream is reset with a
// protocol error, or refused, or the connection goes away, if it can rewind the
// body; without a bound, some thousand times a second. Here each request is one
// that was decided on.
func TestNoSilentReplayOfStreams(t *testing.T) {
	t.Parallel()
	reset := func(code byte) func(uint32) []byte {
		return func(stream uint32) []byte { return frame(frameReset, 0, stream, 0, 0, 0, code) }
	}
	endings := map[string]func(stream uint32) []byte{
		"protocol error": reset(1), "internal error": reset(2), "refused": reset(7), "cancelled": reset(8),
		"going away": func(uint32) []byte { return frame(frameGoAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) },
	}
	question := func(base string) *httpcall.Request {
		r := post(base)
		r.Method, r.Body = http.MethodGet, nil
		return r
	}
	stream := func(base string) *httpcall.Request {
		r := dial(base)
		r.Body, r.Length = nil, 3
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("abc")), nil }
		return r
	}
	requests := map[string]struct {
		make func(base string) *httpcall.Request
		want int32
	}{"telephone": {dial, 1}, "telephone with a stream": {stream, 1}, "chat": {post, 3}, "question": {question, 3}}
	for ending, reply := range endings {
		for name, tt := range requests {
			t.Run(name+" "+ending, func(t *testing.T) {
				t.Parallel()
				trust, base, served := resetting(t, reply)
				web := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
				t.Cleanup(web.CloseIdleConnections)
				c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: web}})
				_, err := c.Do(t.Context(), tt.make(base))
				require.ErrorIs(t, err, alert.ErrUncertain)
				require.EqualValues(t, tt.want, asError(t, err).Attempts)
				require.Equal(t, tt.want, served.Load(), "requests that reached the far end")
			})
		}
	}
}

// HTTP/2 without TLS cannot be told from HTTP/1 by its connection.
func TestNoSilentReplayOfPlainStreams(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	base := serveTCP(t, func(conn net.Conn) {
		serveFrames(conn, func(stream uint32) []byte {
			served.Add(1)
			return frame(frameReset, 0, stream, 0, 0, 0, 1)
		})
	})
	web := &http.Transport{Protocols: new(http.Protocols)}
	web.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(web.CloseIdleConnections)
	c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: web}})
	_, err := c.Do(t.Context(), dial(base))
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.EqualValues(t, 1, served.Load())
}
