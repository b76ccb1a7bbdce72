package inbound_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/inbound"
)

func TestLast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, before, last string }{
		{"/aliyun/secret", "/aliyun", "secret"},
		{"/aliyun/secret/", "/aliyun", "secret"},
		{"//aliyun///secret//", "/aliyun", "secret"},
		{"/aliyun/./secret/x/..", "/aliyun", "secret"},
		{"/secret", "", "secret"},
		{"secret", "", "secret"},
		{"/../..", "", ""},
		{"/", "", ""},
		{"", "", ""},
		{"*", "", "*"},
		{"/a//", "", "a"},
	} {
		before, last := inbound.Last(tt.path)
		require.Equal(t, tt.before, before, tt.path)
		require.Equal(t, tt.last, last, tt.path)
	}
}

// unclean holds request lines, and the path of the handler that they reach;
// none means that they are passed on as they came.
var unclean = []struct{ target, path string }{ //nolint:gochecknoglobals // read-only table
	{"/hook/secret", "/hook/secret"},
	{"/hook/secret?a=//b", "/hook/secret"},
	{"//hook/secret", "/hook/secret"},
	{"///hook//secret///", "/hook/secret"},
	{"/hook/secret/", "/hook/secret"},
	{"/hook", "/hook/"},
	{"/hook/", "/hook/"},
	{"/hook//", "/hook/"},
	{"/%68ook/%73ecret", "/hook/secret"},
	{"/hook%2Fsecret", "/hook/secret"},
	{"%2fhook/secret", ""},
	{"/%2Fhook%2F%2Fsecret%2f", "/hook/secret"},
	{"/hook/./secret/.", "/hook/secret"},
	{"/x/../hook/secret", "/hook/secret"},
	{"/x/%2e%2e/hook/%2E/secret", "/hook/secret"},
	{"/../hook/secret", "/hook/secret"},
	{"http://relay.example/hook/secret", "/hook/secret"},
	{"http://relay.example//hook//secret", "/hook/secret"},
	{"/hook/a%20b%25", "/hook/a b%"},
	{"/hooks//secret", ""},
	{"/hook/../secret", ""},
	{"/other//id", ""},
	{"/other/a%2Fb", ""},
}

// TestCleanPath: in front of a mux, each spelling of a path reaches the
// handler, and what is meant for others stays as it came.
func TestCleanPath(t *testing.T) {
	t.Parallel()
	for _, tt := range unclean {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			text := "POST " + tt.target + " HTTP/1.1\r\nHost: relay.example\r\n\r\n"
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
			if err != nil { // the server answers 400
				require.Empty(t, tt.path)
				return
			}
			before := *r.URL
			var got *http.Request
			inbound.CleanPath("/hook/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r })).ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, before, *r.URL, "the request of the caller is left alone")
			require.Equal(t, before.RawQuery, got.URL.RawQuery)
			if tt.path == "" {
				require.Equal(t, before, *got.URL)
				return
			}
			require.Equal(t, tt.path, got.URL.Path)
			for _, pattern := range []string{"/hook/", "/"} {
				mux := http.NewServeMux()
				mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
				w := httptest.NewRecorder()
				inbound.CleanPath("/hook/", mux).ServeHTTP(w, r)
				require.Equal(t, http.StatusOK, w.Code)
				require.Equal(t, tt.path, w.Body.String())
			}
		})
	}
}

// TestCleanPathOfAll: the root is a prefix like any other.
func TestCleanPathOfAll(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{"/": "/", "//": "/", "//a/": "/a", "/a/../..": "/"} {
		var got string
		h := inbound.CleanPath("/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, target, http.NoBody))
		require.Equal(t, want, got, target)
	}
}

func FuzzCleanPath(f *testing.F) {
	for _, tt := range unclean {
		f.Add(tt.target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + target + " HTTP/1.1\r\nHost: h\r\n\r\n")))
		if err != nil || r.Method == http.MethodConnect {
			return
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/hook/", func(http.ResponseWriter, *http.Request) {})
		w := httptest.NewRecorder()
		inbound.CleanPath("/hook/", mux).ServeHTTP(w, r)
		if clean := inbound.Clean(r.URL.Path); clean == "/hook" || strings.HasPrefix(clean, "/hook/") {
			require.Equal(t, http.StatusOK, w.Code, "%q", target)
		}
	})
}
