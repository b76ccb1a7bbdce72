package aliyun_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

const secret = "R4nd0m-secret_of.26~letters"

// recorder is a Sender that keeps what it got and answers err.
type recorder struct {
	mu     sync.Mutex
	alerts []alert.Alert
	err    error
}

func (s *recorder) Send(_ context.Context, alerts ...alert.Alert) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alerts = append(s.alerts, alerts...)
	return s.err
}

// newHandler returns a handler around sender, and its log.
func newHandler(tb testing.TB, sender alert.Sender, opts aliyun.Options) (http.Handler, *strings.Builder) {
	tb.Helper()
	var log strings.Builder
	opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	h, err := aliyun.NewHandler(sender, secret, &opts)
	require.NoError(tb, err)
	return h, &log
}

// serve sends one request to h from a documented address.
func serve(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "47.74.206.122:40000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	_, form := fixture(t, "threshold-2019-rds.form")
	_, arms := fixture(t, "arms-firing.json")
	get, _ := fixture(t, "subscription-get-json.form")
	refused := &aliyun.Error{Kind: aliyun.ErrUnknown} // stands for any error that is not retryable
	tests := []struct {
		name, method, target, body string
		err                        error
		status, alerts             int
	}{
		{"event", "POST", "/aliyun/" + secret, string(event), nil, 200, 1},
		{"form", "POST", "/" + secret, string(form), nil, 200, 1},
		{"deep path", "POST", "/a/b/c/" + secret, string(form), nil, 200, 1},
		{"trailing slash", "POST", "/aliyun/" + secret + "/", string(form), nil, 200, 1},
		{"doubled slashes", "POST", "//aliyun//" + secret + "//", string(form), nil, 200, 1},
		{"escaped slash", "POST", "/aliyun%2F" + secret, string(form), nil, 200, 1},
		{"dot segments", "POST", "/x/../aliyun/./" + secret + "/.", string(form), nil, 200, 1},
		{"absolute form", "POST", "http://relay.example//aliyun/" + secret, string(form), nil, 200, 1},
		{"escaped secret", "POST", "/aliyun/" + strings.ReplaceAll(secret, "R", "%52"), string(form), nil, 200, 1},
		{"subscription by GET", "GET", "/aliyun/" + secret + "?" + get, "", nil, 200, 1},
		{"other method", "PUT", "/aliyun/" + secret, string(event), nil, 200, 1},
		{"probe by GET", "GET", "/aliyun/" + secret, "", nil, 200, 0},
		{"probe by GET with a query", "GET", "/aliyun/" + secret + "?t=1", "", nil, 200, 0},
		{"probe by HEAD", "HEAD", "/aliyun/" + secret, "", nil, 200, 0},
		{"HEAD invents nothing", "HEAD", "/aliyun/" + secret + "?" + get, "", nil, 200, 0},
		{"probe by POST", "POST", "/aliyun/" + secret, "", nil, 200, 0},
		{"probe by OPTIONS", "OPTIONS", "/aliyun/" + secret, "", nil, 200, 0},
		{"probe with an empty object", "POST", "/aliyun/" + secret, "{}", nil, 200, 0},
		{"sender failed", "POST", "/aliyun/" + secret, string(event), errors.New("down"), 503, 1},
		{"sender failed for good", "POST", "/aliyun/" + secret, string(event), refused, 503, 1},
		{"wrong secret", "POST", "/aliyun/" + secret + "x", string(event), nil, 404, 0},
		{"no secret", "POST", "/aliyun/", string(event), nil, 404, 0},
		{"secret elsewhere", "POST", "/" + secret + "/aliyun", string(event), nil, 404, 0},
		{"secret in the query", "POST", "/aliyun?" + secret, string(event), nil, 404, 0},
		{"wrong secret, probe", "GET", "/aliyun/x", "", nil, 404, 0},
		{"ARMS", "POST", "/aliyun/" + secret, string(arms), nil, 200, 1},
		{"unknown object", "POST", "/aliyun/" + secret, `{"foo":"SECRET"}`, nil, 200, 1},
		{"garbage", "POST", "/aliyun/" + secret, "SECRET", nil, 200, 1},
		{"garbage by GET", "GET", "/aliyun/" + secret + "?data=%7BSECRET", "", nil, 200, 1},
		{"largest", "POST", "/aliyun/" + secret, string(event) + strings.Repeat(" ", aliyun.MaxBody-len(event)), nil, 200, 1},
		{"too large", "POST", "/aliyun/" + secret, string(event) + strings.Repeat(" ", aliyun.MaxBody-len(event)+1), nil, 200, 1},
		{"query too large", "GET", "/aliyun/" + secret + "?data=" + strings.Repeat("a", aliyun.MaxBody), "", nil, 200, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := &recorder{err: test.err}
			h, log := newHandler(t, sender, aliyun.Options{})
			w := serve(h, test.method, test.target, test.body)
			require.Equal(t, test.status, w.Code)
			require.Len(t, sender.alerts, test.alerts)
			require.NotContains(t, w.Body.String()+log.String(), secret)
			require.NotContains(t, w.Body.String()+log.String(), "SECRET")
			require.LessOrEqual(t, w.Body.Len(), 64)
			if test.method != "HEAD" {
				require.Equal(t, 1+strings.Count(log.String(), "not understood"), strings.Count(log.String(), "\n"), log.String())
				require.Contains(t, log.String(), "caller=47.74.206.122")
			}
		})
	}
}

func TestHandlerUnderMux(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, log := newHandler(t, sender, aliyun.Options{})
	mux := http.NewServeMux()
	mux.Handle("/aliyun/", h)
	mux.Handle("/behind/", http.StripPrefix("/behind", h))
	server := aliyun.CleanPath("/aliyun/", mux)
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	paths := []string{"/aliyun/", "//aliyun/", "/aliyun//", "/%61liyun/", "/aliyun%2F", "/./aliyun/x/../", "http://h//aliyun/", "/behind/", "/behind/proxy/"}
	for _, path := range paths {
		for _, end := range []string{"", "/"} {
			require.Equal(t, 200, serve(server, "POST", path+secret+end, string(event)).Code, path+end)
		}
		require.Equal(t, 404, serve(server, "POST", path+"guess", string(event)).Code)
	}
	require.Equal(t, 6, strings.Count(log.String(), "wrong secret"), "who guesses does not write the log")
	require.Equal(t, 200, withBearer(server, "/aliyun", "Bearer "+secret).Code, "not redirected to the slash")
	unmounted := httptest.NewRecorder()
	http.NotFound(unmounted, httptest.NewRequest("POST", "/x", nil))
	require.Equal(t, unmounted.Body.String(), serve(server, "POST", "/aliyun/guess", "").Body.String(), "a wrong secret must look like no handler at all")
	leaktest.Check(t, []string{secret}, log.String())
}

func TestHandlerCallers(t *testing.T) {
	t.Parallel()
	forwarded := func(r *http.Request) (netip.Addr, error) { return netip.ParseAddr(r.Header.Get("X-Test-Caller")) }
	tests := []struct {
		name, remote, header string
		allow                []netip.Prefix
		hook                 func(*http.Request) (netip.Addr, error)
		status               int
		caller               string
	}{
		{"China", "106.11.225.7:1", "", aliyun.SourceRanges(), nil, 200, "106.11.225.7"},
		{"international", "47.74.206.122:1", "", aliyun.SourceRanges(), nil, 200, "47.74.206.122"},
		{"mapped", "[::ffff:47.74.206.122]:1", "", aliyun.SourceRanges(), nil, 200, "47.74.206.122"},
		{"stranger", "192.0.2.1:1", "", aliyun.SourceRanges(), nil, 403, "192.0.2.1"},
		{"stranger, no list", "192.0.2.1:1", "", nil, nil, 200, "192.0.2.1"},
		{"IPv6", "[2001:db8::1%eth0]:1", "", []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}, nil, 200, "2001:db8::1"},
		{"unknown", "@", "", aliyun.SourceRanges(), nil, 403, "unknown"},
		{"unknown, no list", "@", "", nil, nil, 200, "unknown"},
		{"header not believed", "192.0.2.1:1", "47.74.206.122", aliyun.SourceRanges(), nil, 403, "192.0.2.1"},
		{"hook", "192.0.2.1:1", "47.74.206.122", aliyun.SourceRanges(), forwarded, 200, "47.74.206.122"},
		{"hook refuses", "47.74.206.122:1", "nonsense", aliyun.SourceRanges(), forwarded, 403, "unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := &recorder{}
			h, log := newHandler(t, sender, aliyun.Options{Allow: test.allow, ClientIP: test.hook})
			_, event := fixture(t, "event-2020-cfw-dryrun.json")
			r := httptest.NewRequest("POST", "/aliyun/"+secret, strings.NewReader(string(event)))
			r.RemoteAddr = test.remote
			r.Header.Set("X-Test-Caller", test.header)
			r.Header.Set("X-Forwarded-For", test.header)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, test.status, w.Code)
			require.Contains(t, log.String(), "caller="+test.caller+" ")
			require.Equal(t, test.status == 200, len(sender.alerts) == 1)
		})
	}
}

func TestHandlerLog(t *testing.T) {
	t.Parallel()
	h, log := newHandler(t, &recorder{}, aliyun.Options{})
	_, body := fixture(t, "threshold-neg-garbled-values.form")
	require.Equal(t, 200, serve(h, "POST", "/aliyun/"+secret, string(body)).Code)
	require.Contains(t, log.String(), `level=INFO msg="alert accepted" caller=47.74.206.122 alert.status=firing`)
	require.Contains(t, log.String(), `problems="[timestamp: not a time triggerLevel: unknown level]"`)

	h, log = newHandler(t, &recorder{err: errors.New("robot: errcode 45009")}, aliyun.Options{})
	require.Equal(t, 503, serve(h, "POST", "/aliyun/"+secret, string(body)).Code)
	require.Contains(t, log.String(), `level=ERROR msg="alert not accepted"`)
	require.Contains(t, log.String(), `error="robot: errcode 45009"`)

	h, log = newHandler(t, &recorder{}, aliyun.Options{})
	require.Equal(t, 200, serve(h, "POST", "/aliyun/"+secret, `{"TopicName":"SECRET"}`).Code)
	require.Contains(t, log.String(), "TopicName")
}

// TestHandlerTimeout: the answer leaves before CloudMonitor's five seconds.
func TestHandlerTimeout(t *testing.T) {
	t.Parallel()
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	hang := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
		<-ctx.Done()
		return ctx.Err()
	})
	for _, test := range []struct{ set, want time.Duration }{{0, 4500 * time.Millisecond}, {time.Second, time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			h, _ := newHandler(t, hang, aliyun.Options{Timeout: test.set})
			start := time.Now()
			require.Equal(t, 503, serve(h, "POST", "/aliyun/"+secret, string(event)).Code)
			require.Equal(t, test.want, time.Since(start))
		})
	}
	free := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
		if _, ok := ctx.Deadline(); ok {
			return errors.New("a deadline in spite of -1")
		}
		return nil
	})
	h, _ := newHandler(t, free, aliyun.Options{Timeout: -1})
	require.Equal(t, 200, serve(h, "POST", "/aliyun/"+secret, string(event)).Code)
}

// TestHandlerFinishesDelivery: a caller who hangs up does not stop a delivery,
// and what the request carries reaches the Sender.
func TestHandlerFinishesDelivery(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, hangUp := context.WithCancel(context.WithValue(t.Context(), key{}, "trace"))
	sender := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
		hangUp()
		if ctx.Value(key{}) != "trace" {
			return errors.New("value lost")
		}
		return ctx.Err()
	})
	h, _ := newHandler(t, sender, aliyun.Options{})
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	r := httptest.NewRequestWithContext(ctx, "POST", "/aliyun/"+secret, strings.NewReader(string(event)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	require.Equal(t, 200, w.Code)
}

func TestHandlerPanics(t *testing.T) {
	t.Parallel()
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	for _, test := range []struct {
		name  string
		value any
		says  string
	}{
		{"text", "post https://example.com/SECRET", "panic=string"},
		{"error", &url.Error{URL: "SECRET", Err: io.EOF}, "panic=*url.Error"},
		{"runtime", nil, "index out of range"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
				if test.value != nil {
					panic(test.value)
				}
				return errors.New(alerts[len(alerts)].Name)
			})
			h, log := newHandler(t, sender, aliyun.Options{})
			require.Equal(t, 503, serve(h, "POST", "/aliyun/"+secret, string(event)).Code)
			require.Contains(t, log.String(), test.says)
			require.Contains(t, log.String(), "handler_test.go")
			require.NotContains(t, log.String(), "SECRET")
		})
	}
}

func TestHandlerOnCallback(t *testing.T) {
	t.Parallel()
	var seen []aliyun.Received
	sender := &recorder{}
	h, _ := newHandler(t, sender, aliyun.Options{OnCallback: func(ctx context.Context, r aliyun.Received) {
		require.Empty(t, sender.alerts, "before the delivery")
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		seen = append(seen, r)
		if r.Callback != nil {
			r.Callback.Event.Name = "changed"
		}
	}})
	serve(h, "POST", "/aliyun/wrong", "{}")
	serve(h, "GET", "/aliyun/"+secret, "")
	serve(h, "POST", "/aliyun/"+secret+"?q=1", `{"product":"p","name":"n"}`)
	require.Len(t, seen, 2)
	require.ErrorIs(t, seen[0].Err, aliyun.ErrEmpty)
	require.Nil(t, seen[0].Callback)
	require.JSONEq(t, `{"product":"p","name":"n"}`, string(seen[1].Body))
	require.Equal(t, "q=1", seen[1].Query)
	require.Equal(t, "POST", seen[1].Method)
	require.Equal(t, "47.74.206.122", seen[1].Caller.String())
	require.False(t, seen[1].Time.IsZero())
	require.Empty(t, seen[1].Account)
	require.NoError(t, seen[1].Err)
	require.Equal(t, "p", seen[1].Callback.Event.Product)
	require.Equal(t, "n", sender.alerts[0].Name, "the hook changes nothing")
}

// TestHandlerOnCallbackPanics: a hook costs no alert.
func TestHandlerOnCallbackPanics(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, log := newHandler(t, sender, aliyun.Options{OnCallback: func(context.Context, aliyun.Received) { panic("SECRET") }})
	require.Equal(t, 200, serve(h, "POST", "/aliyun/"+secret, `{"product":"p","name":"n"}`).Code)
	require.Len(t, sender.alerts, 1)
	require.Contains(t, log.String(), `level=ERROR msg="OnCallback panicked" caller=47.74.206.122 panic=string`)
	require.NotContains(t, log.String(), "SECRET")
}

func TestHandlerConcurrently(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, err := aliyun.NewHandler(sender, secret, &aliyun.Options{Allow: aliyun.SourceRanges()})
	require.NoError(t, err)
	_, event := fixture(t, "event-2020-cfw-dryrun.json")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { serve(h, "POST", "/aliyun/"+secret, string(event)) })
	}
	wg.Wait()
	require.Len(t, sender.alerts, 50)
}

// TestHandlerSlowBody: over a real connection a body that does not end is
// given up, and the handler answers.
func TestHandlerSlowBody(t *testing.T) {
	t.Parallel()
	h, _ := newHandler(t, &recorder{}, aliyun.Options{Timeout: 50 * time.Millisecond})
	server := httptest.NewServer(h)
	defer server.Close()
	body, hold := io.Pipe()
	defer hold.Close()
	request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/aliyun/"+secret, body)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 400, response.StatusCode)
}

// TestHandlerKeepsConnection: the deadline for one body does not outlive it.
func TestHandlerKeepsConnection(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, _ := newHandler(t, sender, aliyun.Options{})
	server := httptest.NewServer(h)
	defer server.Close()
	for range 3 {
		response, err := server.Client().Post(server.URL+"/aliyun/"+secret, "", strings.NewReader(`{"product":"p","name":"n"}`))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode)
	}
	require.Len(t, sender.alerts, 3)
}

func TestNewHandlerRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "fifteen-letters", "................", "a/b/c/d/e/f/g/h/i", "a b c d e f g h i", "a%2Fb%2Fc%2Fd%2Fe", "geheim-geheim-geheim?", "schlüssel-schlüssel", "sixteen-letters-\n"} {
		_, err := aliyun.NewHandler(&recorder{}, bad, nil)
		require.Error(t, err, bad)
		if len(bad) > 2 {
			require.NotContains(t, err.Error(), bad)
		}
	}
	_, err := aliyun.NewHandler(nil, secret, nil)
	require.ErrorContains(t, err, "aliyun: new handler: no sender")
	_, err = aliyun.NewHandler(&recorder{}, secret, nil)
	require.NoError(t, err)
}

// TestHandlerStalledBody: a body shorter than announced is given up as well,
// although the server would like to read the rest of it before it answers.
func TestHandlerStalledBody(t *testing.T) {
	t.Parallel()
	h, _ := newHandler(t, &recorder{}, aliyun.Options{Timeout: 50 * time.Millisecond})
	server := httptest.NewServer(h)
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /aliyun/"+secret+" HTTP/1.1\r\nHost: relay\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 400, response.StatusCode)
	require.True(t, response.Close, "the connection is of no use any more")
}
