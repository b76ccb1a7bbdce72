package probe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/check"
	"github.com/tocsin-go/tocsin/examples/internal/probe"
)

// site serves a status at /status/N, and other things.
func site(reached *int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { *reached++ })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		for chunk := strings.Repeat("x", 1<<16); ; {
			if _, err := w.Write([]byte(chunk)); err != nil {
				return
			}
		}
	})
	return mux
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	reached := 0
	s := httptest.NewServer(site(&reached))
	t.Cleanup(s.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	for _, tt := range []struct {
		name, url string
		want      check.Level
		says      string
	}{
		{"200", s.URL + "/status/200?token=hush", check.Good, "HTTP 200 after"},
		{"204", s.URL + "/status/204", check.Good, "HTTP 204"},
		{"a long answer", s.URL + "/long", check.Good, "HTTP 200"},
		{"redirect", s.URL + "/status/302?token=hush", check.Critical, "HTTP 302, a redirect, which is not followed"},
		{"404", s.URL + "/status/404", check.Critical, "HTTP 404"},
		{"503", s.URL + "/status/503?token=hush", check.Critical, "HTTP 503"},
		{"silence", s.URL + "/slow?token=hush", check.Critical, "no answer in time"},
		{"half an answer", s.URL + "/cut?token=hush", check.Critical, "unexpected EOF"},
		{"nobody listens", "http://" + l.Addr().String() + "/?token=hush", check.Critical, "connection refused"},
		{"TLS where there is none", strings.Replace(s.URL, "http", "https", 1) + "/hush", check.Critical, "HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := probe.HTTP{URL: tt.url}.Check("db-1")
			timeout := 20 * time.Second
			if tt.name == "silence" {
				timeout = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			f := c.Look(ctx)
			require.Equal(t, tt.want, f.Level, f.Text)
			require.Contains(t, f.Text, tt.says)
			require.NotContains(t, f.Text+c.Key+c.Name+c.Resource, "hush")
		})
	}
	require.Zero(t, reached)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	reached := 0
	s := httptest.NewUnstartedServer(site(&reached))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail as they should
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	left := int(time.Until(s.Certificate().NotAfter).Hours() / 24)
	for _, tt := range []struct {
		name string
		days int
		tls  *tls.Config
		path string
		want check.Level
		says string
	}{
		{"never warn", 0, &tls.Config{RootCAs: roots}, "/status/200", check.Good, "HTTP 200"},
		{"long enough", left - 1, &tls.Config{RootCAs: roots}, "/status/200", check.Good, "HTTP 200"},
		{"ends soon", left + 2, &tls.Config{RootCAs: roots}, "/status/200", check.Warning, "the certificate ends in "},
		{"ends soon, and worse", left + 2, &tls.Config{RootCAs: roots}, "/status/500", check.Critical, "HTTP 500"},
		{"unknown", 0, nil, "/status/200", check.Critical, "certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := probe.HTTP{URL: s.URL + tt.path, CertDays: tt.days, TLS: tt.tls}.Check("db-1").Look(t.Context())
			require.Equal(t, tt.want, f.Level, f.Text)
			require.Contains(t, f.Text, tt.says)
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, url := range []string{"http://example.com/a", "http://example.com/b", "https://example.com/a", "http://example.com:81/a"} {
		c := probe.HTTP{URL: url}.Check("db-1")
		require.False(t, keys[c.Key])
		keys[c.Key] = true
		require.Equal(t, c.Key, probe.HTTP{URL: url, CertDays: 3}.Check("db-1").Key)
		require.NotEqual(t, c.Key, probe.HTTP{URL: url}.Check("db-2").Key)
	}
	require.NotContains(t, probe.HTTP{URL: "http://u:hush@example.com/"}.Check("x").Key, "hush")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, probe.HTTP{URL: "https://example.com/healthz?x=1"}.Validate())
	for _, bad := range []string{"", "hush", "ftp://hush/", "http:///hush", "http://hush\x00", "file:///hush"} {
		err := probe.HTTP{URL: bad}.Validate()
		require.ErrorContains(t, err, "want a URL")
		require.NotContains(t, err.Error(), "hush")
	}
}
