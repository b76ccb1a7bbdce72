package standin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// A vendor answers a fixed text and records what it read.
type vendor struct {
	mu   sync.Mutex
	seen []string
}

func (v *vendor) answer(r *http.Request, body []byte) standin.Answer {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen = append(v.seen, r.Method+" "+r.URL.RequestURI()+" "+string(body))
	return standin.Answer{Body: `{"done":1}`}
}

// requests returns what was read so far.
func (v *vendor) requests() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.seen)
}

// newServer returns a server and what stands behind it.
func newServer(t *testing.T) (*standin.Server, *vendor) {
	t.Helper()
	v := &vendor{}
	return standin.New(t, v.answer), v
}

// A trail is what an exchange left for httptrace.
type trail struct{ asked, connected, wrote bool }

// post posts a text and reports the trail.
func post(ctx context.Context, client *http.Client, url string) (*http.Response, trail, error) {
	var asked, connected, wrote atomic.Bool // net/http writes on another goroutine
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { asked.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { connected.Store(true) },
		WroteRequest: func(httptrace.WroteRequestInfo) { wrote.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("hello"))
	if err != nil {
		return nil, trail{}, err
	}
	resp, err := client.Do(req)
	return resp, trail{asked.Load(), connected.Load(), wrote.Load()}, err
}

// TestAnswer shows that a request and its answer are the same with and without
// a socket.
func TestAnswer(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	for base, client := range map[string]*http.Client{"http://any.invalid": server.Client(), server.Listen(t): {}} {
		resp, _, err := post(t.Context(), client, base+"/path?key=1")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, `{"done":1}`, string(body))
		require.Equal(t, "200 OK", resp.Status)
		require.Equal(t, int64(len(body)), resp.ContentLength)
		require.Equal(t, "application/json; charset=UTF-8", resp.Header.Get("Content-Type"))
		date, err := http.ParseTime(resp.Header.Get("Date"))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), date, time.Minute)
	}
	require.Equal(t, []string{"POST /path?key=1 hello", "POST /path?key=1 hello"}, v.requests())
	require.Equal(t, 2, server.Attempts())
}

// A request without a body and a trace is served as well.
func TestBareRequest(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	resp, err := server.Client().Get("http://any.invalid/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, []string{"GET / "}, v.requests())
}

// TestNow shows whose clock the Date header tells.
func TestNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := newServer(t)
		resp, _, err := post(t.Context(), server.Client(), "http://any.invalid/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "Sat, 01 Jan 2000 00:00:00 GMT", resp.Header.Get("Date"))

		server.Now = func() time.Time { return time.Now().In(time.FixedZone("", 8*60*60)).Add(time.Hour) }
		server.Fail(standin.HTML(502))
		resp, _, err = post(t.Context(), server.Client(), "http://any.invalid/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "Sat, 01 Jan 2000 01:00:00 GMT", resp.Header.Get("Date"))
	})
}

// TestScript shows that failures come in order, then the standing one, and
// that the function behind the server does not hear of them.
func TestScript(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	send := func() (status int, header http.Header, text string) {
		resp, _, err := post(t.Context(), server.Client(), "http://any.invalid/")
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, resp.Header, string(body)
	}
	server.Fail(standin.HTML(502), standin.RetryAfter(503, "7"))
	server.Fail(standin.Failure{})
	status, header, text := send()
	require.Equal(t, 502, status)
	require.Equal(t, "text/html", header.Get("Content-Type"))
	require.Contains(t, text, "<title>Bad Gateway</title>")
	status, header, _ = send()
	require.Equal(t, 503, status)
	require.Equal(t, "7", header.Get("Retry-After"))
	status, _, text = send()
	require.Equal(t, 200, status)
	require.Empty(t, text)
	require.Empty(t, v.requests())
	status, _, _ = send()
	require.Equal(t, 200, status)
	require.Len(t, v.requests(), 1)

	server.FailAlways(standin.Reply(200, `{"errcode":1}`))
	server.Fail(standin.Reply(404, "no"))
	status, _, _ = send()
	require.Equal(t, 404, status)
	for range 2 {
		_, _, text = send()
		require.Equal(t, `{"errcode":1}`, text)
	}
	require.Len(t, v.requests(), 1)
	require.Equal(t, 7, server.Attempts())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure standin.Failure
		op      string
		trail   trail
		worked  int
	}{
		{"unreachable", standin.Unreachable(), "dial", trail{asked: true}, 0},
		{"reset", standin.Reset(), "read", trail{asked: true, connected: true}, 0},
		{"reset after", standin.ResetAfter(), "read", trail{true, true, true}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, v := newServer(t)
			server.FailAlways(tt.failure)
			_, tr, err := post(t.Context(), server.Client(), "http://any.invalid/") //nolint:bodyclose // fails
			fault, ok := errors.AsType[*net.OpError](err)
			require.True(t, ok)
			require.Equal(t, tt.op, fault.Op)
			require.Equal(t, tt.trail, tr)
			_, _, err = post(t.Context(), &http.Client{}, server.Listen(t)) //nolint:bodyclose // fails
			require.ErrorIs(t, err, io.EOF)
			require.Len(t, v.requests(), 2*tt.worked)
			require.Equal(t, 2, server.Attempts())
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	server.FailAlways(standin.Cut())
	for base, client := range map[string]*http.Client{"http://any.invalid": server.Client(), server.Listen(t): {}} {
		resp, _, err := post(t.Context(), client, base)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, `{"don`, string(body))
	}
	require.Len(t, v.requests(), 2)
}

// TestBrokenBody shows a request that ends before its body does.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	body := io.MultiReader(strings.NewReader("hel"), broken{})
	_, err := server.Client().Post("http://any.invalid/", "text/plain", body) //nolint:bodyclose // fails
	require.ErrorContains(t, err, "connection reset")
	require.Empty(t, v.requests())
}

// broken is a reader that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestInstead shows a gateway that gave up although the work was done.
func TestInstead(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	server.FailAlways(standin.Instead(standin.RetryAfter(503, "3")))
	for base, client := range map[string]*http.Client{"http://any.invalid": server.Client(), server.Listen(t): {}} {
		resp, _, err := post(t.Context(), client, base)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 503, resp.StatusCode)
		require.Equal(t, "3", resp.Header.Get("Retry-After"))
	}
	require.Len(t, v.requests(), 2)
}

// TestHangAfter shows a request that was worked off and never answered.
func TestHangAfter(t *testing.T) {
	t.Parallel()
	server, v := newServer(t)
	begun := make(chan struct{})
	server.FailAlways(standin.HangAfter(begun))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	_, tr, err := post(ctx, server.Client(), "http://any.invalid") //nolint:bodyclose // fails
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, trail{true, true, true}, tr)
	require.Len(t, v.requests(), 1)
}

// TestHang ends a hanging request by its context, and another by the end of
// the test.
func TestHang(t *testing.T) {
	t.Parallel()
	outcome := make(chan error, 2)
	t.Run("held", func(t *testing.T) {
		server, _ := newServer(t)
		begun := make(chan struct{})
		server.FailAlways(standin.Hang(begun))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-begun
			cancel()
		}()
		_, tr, err := post(ctx, server.Client(), "http://any.invalid/") //nolint:bodyclose // fails
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, trail{true, true, true}, tr)

		free := context.WithoutCancel(ctx)
		for base, client := range map[string]*http.Client{"http://any.invalid": server.Client(), server.Listen(t): {}} {
			again := make(chan struct{})
			server.Fail(standin.Hang(again))
			go func() {
				_, _, err := post(free, client, base) //nolint:bodyclose // fails
				outcome <- err
			}()
			<-again
		}
		require.Equal(t, 3, server.Attempts())
	})
	require.Error(t, <-outcome)
	require.Error(t, <-outcome)
}

// TestHangWithoutSignal shows that the channel may be nil, and that a request
// whose context has ended does not reach the server.
func TestHangWithoutSignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := newServer(t)
		server.FailAlways(standin.Hang(nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := post(ctx, server.Client(), "http://any.invalid/") //nolint:bodyclose // fails
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, server.Attempts())
		_, _, err = post(ctx, server.Client(), "http://any.invalid/") //nolint:bodyclose // fails
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, server.Attempts())
	})
}
