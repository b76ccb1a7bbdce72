package httpcall_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// recorder collects what testify prints about a difference.
type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }
func (r *recorder) FailNow()                          {}

// shown returns err in every way in which errors are printed.
func shown(t *testing.T, err error) string {
	t.Helper()
	var b bytes.Buffer
	for _, e := range []error{err, fmt.Errorf("relay: %w", err), errors.Join(err, errors.New("x")), alert.Partial([]error{err})} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", e)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Error("m", "err", e)
		slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "err", e)
		for inner := e; inner != nil; inner = errors.Unwrap(inner) {
			b.WriteString(inner.Error())
		}
	}
	text, jsonErr := json.Marshal(err)
	require.NoError(t, jsonErr)
	b.Write(text)
	var r recorder
	require.Equal(&r, []error{nil}, []error{err})
	require.NotEmpty(t, r.text)
	return b.String() + r.text
}

// requireNoLeak fails if text holds the key, or the path around it.
func requireNoLeak(t *testing.T, text string) {
	t.Helper()
	for _, hidden := range []string{
		secretKey, url.QueryEscape(secretKey), strings.ReplaceAll(url.QueryEscape(secretKey), "-", "%2D"),
		fmt.Sprintf("%x", secretKey), "cgi-bin", "hook-user", "hdr-t0ken",
	} {
		require.NotContains(t, strings.ToLower(text), strings.ToLower(hidden))
	}
}

func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	urls := map[string]string{
		"query":         "BASE/cgi-bin/send?key=" + secretKey,
		"escaped query": "BASE/cgi-bin/send?debug=1&key=" + strings.ReplaceAll(secretKey, "-", "%2D"),
		"path":          "BASE/cgi-bin/" + secretKey + "/send",
		"escaped path":  "BASE/cgi-bin/" + strings.ReplaceAll(secretKey, "-", "%2D"),
		"password":      "http://hook-user:" + secretKey + "@HOST/",
		"user":          "http://" + secretKey + "@HOST/",
		"fragment":      "BASE/#" + secretKey,
	}
	failures := map[string]struct {
		transport http.RoundTripper
		serve     func(net.Conn)
		judge     func(*httpcall.Response) error
	}{
		"url.Error": {transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("boom")}
		})},
		"wrapped url.Error": {transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, &quietError{&url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("boom")}}
		})},
		"chatty transport": {transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			key := r.URL.Query().Get("key")
			return nil, fmt.Errorf("POST %s%s (user %v) with key %s at %s, %v: %w", r.Host, r.URL.RequestURI(), r.URL.User, key, path.Base(r.URL.Path), r.Header, net.ErrClosed)
		})},
		"proxy": {transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, errors.New(`invalid proxy address "http://hook-user:` + secretKey + `@proxy:1"`)
		})},
		"echo that is no HTTP": {serve: echo("%s\r\n")},
		"echo as status":       {serve: echo("HTTP/1.1 %s\r\n\r\n")},
		"echo as header":       {serve: echo("HTTP/1.1 200 OK\r\n%s\r\n\r\n")},
		"echo as length":       {serve: echo("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n")},
		"echo as reason":       {serve: echo("HTTP/1.1 403 %s\r\nContent-Length: 0\r\n\r\n")},
		"echo as redirect":     {serve: echo("HTTP/1.1 302 Found\r\nLocation: http://%%zz%s\r\nContent-Length: 0\r\n\r\n")},
		"hang up":              {serve: func(net.Conn) {}},
	}
	for where, pattern := range urls {
		for what, f := range failures {
			t.Run(where+"/"+what, func(t *testing.T) {
				t.Parallel()
				base := "http://robot.example"
				var client *http.Client
				if f.transport != nil {
					client = &http.Client{Transport: f.transport}
				} else {
					base = serveTCP(t, f.serve)
				}
				var log bytes.Buffer
				debug := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				c := httpcall.New(httpcall.Options{Channel: "wecom", HTTPClient: client, Logger: debug})
				address := strings.NewReplacer("BASE", base, "HOST", strings.TrimPrefix(base, "http://")).Replace(pattern)
				_, err := c.Do(alert.Once(t.Context()), &httpcall.Request{
					Op:     "send",
					URL:    func() (string, error) { return address, nil },
					Header: http.Header{"Authorization": {"Bearer hdr-t0ken"}},
					Body:   []byte(secretKey),
				})
				require.Error(t, err)
				requireNoLeak(t, shown(t, err))
				requireNoLeak(t, log.String())
				require.Contains(t, log.String(), "attempt=1")
				requireNoLeak(t, fmt.Sprintf("%v %+v %#v", c, c, c))
			})
		}
	}
}

// quietError hides in its text what it wraps.
type quietError struct{ err error }

func (e *quietError) Error() string { return "quiet" }
func (e *quietError) Unwrap() error { return e.err }

// echo answers with the request line and the credentials, filled into text.
func echo(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if r, err := readRequest(conn); err == nil {
			_, _ = fmt.Fprintf(conn, text, r.RequestURI+" "+r.Header.Get("Authorization"))
		}
	}
}

// Text that net/http quotes from an answer is bounded and stays on one line.
func TestQuotedAnswerIsTamed(t *testing.T) {
	t.Parallel()
	c, _ := answering(func() (*http.Response, error) {
		return nil, errors.New("malformed\r\nlevel=ERROR\x1b[31m" + strings.Repeat("报", 5000))
	})
	_, err := c.Do(alert.Once(t.Context()), post("https://robot.example"))
	text := err.Error()
	require.Less(t, len(text), 600)
	require.Contains(t, text, "…")
	require.NotContains(t, text, "\n")
	require.NotContains(t, text, "\x1b")
	require.True(t, strings.HasPrefix(text, "wecom: send: robot.example: outcome unknown: malformed"), text)
}

// One record an attempt, at Debug, with these fields and no others.
func TestLogRecord(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }))
	defer server.Close()
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: level}))
		c := httpcall.New(httpcall.Options{Channel: "wecom", Logger: logger})
		_, err := c.Do(t.Context(), post(server.URL))
		require.Error(t, err)
		if level == slog.LevelInfo {
			require.Empty(t, log.String())
			continue
		}
		require.Equal(t, 1, strings.Count(log.String(), "\n"))
		var record map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &record))
		require.IsType(t, 0.0, record["elapsed"])
		delete(record, "elapsed")
		delete(record, "time")
		require.Equal(t, map[string]any{
			"level": "DEBUG", "msg": "http attempt", "channel": "wecom", "op": "send",
			"host": strings.TrimPrefix(server.URL, "http://"), "attempt": 1.0, "status": 403.0, "verdict": "refused",
		}, record)
	}
}
