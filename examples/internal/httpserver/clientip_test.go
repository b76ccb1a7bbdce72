package httpserver

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientIP(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string // empty: no address
	}{
		{"direct", "192.0.2.1:4711", nil, "192.0.2.1"},
		{"a stranger's header is not believed", "192.0.2.1:4711", []string{"198.51.100.9"}, "192.0.2.1"},
		{"behind a proxy", "10.0.0.1:4711", []string{"198.51.100.9"}, "198.51.100.9"},
		{"behind two proxies", "10.0.0.1:4711", []string{"198.51.100.9, 10.2.0.1"}, "198.51.100.9"},
		{"what the caller claims itself stays out", "10.0.0.1:4711", []string{"203.0.113.5, 198.51.100.9"}, "198.51.100.9"},
		{"lines count in order", "10.0.0.1:4711", []string{"203.0.113.5", "198.51.100.9, 10.2.0.1"}, "198.51.100.9"},
		{"a proxy without header", "10.0.0.1:4711", nil, "10.0.0.1"},
		{"only proxies", "10.0.0.1:4711", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"with a port", "10.0.0.1:4711", []string{"198.51.100.9:80"}, "198.51.100.9"},
		{"IPv6", "[2001:db8::1]:4711", []string{"2001:db9::7"}, "2001:db9::7"},
		{"IPv6 in brackets", "[2001:db8::1]:4711", []string{"[2001:db9::7]:80"}, "2001:db9::7"},
		{"IPv4 inside IPv6", "[::ffff:10.0.0.1]:4711", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		{"no address", "10.0.0.1:4711", []string{"198.51.100.9, unknown"}, ""},
		{"an empty hop", "10.0.0.1:4711", []string{"198.51.100.9, "}, ""},
		{"no peer", "", []string{"198.51.100.9"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			want, _ := netip.ParseAddr(tt.want)
			got, err := Access{Proxies: proxies}.ClientIP(r)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func FuzzClientIP(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.1, 10.0.0.2")
	f.Add("[::1]:1", "[2001:db8::1]:9,,")
	c := Access{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got, err := c.ClientIP(r)
		require.NoError(t, err)
		if direct, _ := parseHop(peer); !contains(c.Proxies, direct) {
			require.Equal(t, direct, got, "a stranger's header was believed")
		}
	})
}
