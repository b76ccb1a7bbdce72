package inbound_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/inbound"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	s := inbound.NewSecret("hush-0123456789")
	require.True(t, s.Opens("hush-0123456789"))
	for _, other := range []string{"", "hush-012345678", "hush-0123456789 ", "HUSH-0123456789"} {
		require.False(t, s.Opens(other), other)
	}
	require.True(t, s.Equal(inbound.NewSecret("hush-0123456789")))
	require.False(t, s.Equal(inbound.NewSecret("hush")))
	held := struct{ secret inbound.Secret }{s}
	shown := fmt.Sprintf("%v %+v %#v %s", s, s, s, s) + fmt.Sprintf("%v %+v %#v", held, held, held)
	sum := sha256.Sum256([]byte("hush-0123456789"))
	for _, leak := range []string{"hush", hex.EncodeToString(sum[:4]), fmt.Sprintf("%d %d %d", sum[0], sum[1], sum[2])} { // not the hash either
		require.NotContains(t, shown, leak)
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	require.NoError(t, inbound.CheckSecret("0123456789abcdef"))
	for _, bad := range []string{"", "0123456789abcde", "0123456789abcdef/", strings.Repeat(".", 20), "0123456789 abcdef"} {
		require.EqualError(t, inbound.CheckSecret(bad), "the secret must be at least 16 letters, digits and -._~ and not only dots")
	}
}

func TestFitsPath(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a": true, "Az09-._~": true, ".well": true, "": false, ".": false, "..": false, "a/b": false, "a b": false, "a%20": false,
		"ä": false, "a?": false, "a\n": false,
	} {
		require.Equal(t, want, inbound.FitsPath(s), "%q", s)
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{nil, ""},
		{[]string{"Bearer token"}, "token"},
		{[]string{"bearer   token "}, "token"},
		{[]string{"Basic x", "BEARER token", "Bearer other"}, "token"},
		{[]string{"Bearer"}, ""},
		{[]string{"token"}, ""},
		{[]string{"Bearertoken"}, ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header["Authorization"] = tt.lines
		require.Equal(t, tt.want, inbound.Bearer(r), "%q", tt.lines)
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	ranges := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	for _, tt := range []struct {
		remote string
		allow  []netip.Prefix
		addr   string
		ok     bool
	}{
		{"192.0.2.7:1", ranges, "192.0.2.7", true},
		{"[::ffff:192.0.2.7]:1", ranges, "192.0.2.7", true},
		{"[2001:db8::1%eth0]:1", ranges, "2001:db8::1", true},
		{"198.51.100.1:1", ranges, "198.51.100.1", false},
		{"198.51.100.1:1", nil, "198.51.100.1", true},
		{"@", ranges, "invalid IP", false},
		{"@", nil, "invalid IP", true},
	} {
		t.Run(fmt.Sprint(tt.remote, len(tt.allow)), func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
			r.RemoteAddr = tt.remote
			addr, ok := inbound.Caller(r, inbound.Peer, tt.allow)
			require.Equal(t, tt.addr, addr.String())
			require.Equal(t, tt.ok, ok)
		})
	}
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		tooLong    bool
	}{{"empty", "", false}, {"fits", "12345678", false}, {"too long", "123456789", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			body, err := inbound.ReadBody(httptest.NewRecorder(), r, time.Now().Add(time.Minute), 8)
			_, tooLong := errors.AsType[*http.MaxBytesError](err)
			require.Equal(t, tt.tooLong, tooLong)
			if !tt.tooLong {
				require.NoError(t, err)
				require.Equal(t, tt.body, string(body))
			}
		})
	}
}

// A body that does not come ends with the deadline.
func TestReadBodyDeadline(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := inbound.ReadBody(w, r, time.Now(), 8)
		failed <- err
	}))
	t.Cleanup(s.Close)
	body, hold := newHeld()
	t.Cleanup(hold)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
	require.NoError(t, err)
	resp, err := s.Client().Do(req)
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.Error(t, <-failed)
}

// A held body gives nothing until it is released.
type held struct{ done chan struct{} }

func newHeld() (body *held, release func()) {
	h := &held{make(chan struct{})}
	return h, func() { close(h.done) }
}

func (h *held) Read([]byte) (int, error) {
	<-h.done
	return 0, errors.New("held")
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	inbound.Answer(w, http.StatusTeapot, "no")
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Equal(t, "no\n", w.Body.String())
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
}
