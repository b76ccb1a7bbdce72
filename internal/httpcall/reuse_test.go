package httpcall_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// A Caller keeps the parsed URL, its clients and, where nobody writes into it,
// the header. What somebody writes into one call must not show in the next.
func TestNothingCarriesOver(t *testing.T) {
	t.Parallel()
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, fmt.Sprint(r.URL.Path, r.Header["Content-Type"], r.Header["Cookie"], r.Header["Authorization"]))
		if r.URL.Path == "/once" {
			w.Header().Set("Set-Cookie", "c=1; Max-Age=1000")
		} else {
			w.Header().Set("Set-Cookie", "c=1; Max-Age=-1")
		}
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	careless := roundTrip(func(r *http.Request) (*http.Response, error) {
		r.URL.Path += "/rewritten"
		r.Header.Add("Content-Type", "twice")
		return http.DefaultTransport.RoundTrip(r)
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	tests := []struct {
		name   string
		client *http.Client
		urls   []string
		want   []string
	}{
		{
			"careless transport", &http.Client{Transport: careless},
			[]string{server.URL + "/a", server.URL + "/a"},
			[]string{"/a/rewritten[application/json twice] [] []", "/a/rewritten[application/json twice] [] []"},
		},
		{
			"cookies", &http.Client{Jar: jar},
			[]string{server.URL + "/once", server.URL + "/again", server.URL + "/again"},
			[]string{"/once[application/json] [] []", "/again[application/json] [c=1] []", "/again[application/json] [] []"},
		},
		{
			"a user in the URL", nil,
			[]string{server.URL + "/a", "http://u:p@" + host + "/b", server.URL + "/a"},
			[]string{"/a[application/json] [] []", "/b[application/json] [] [Basic dTpw]", "/a[application/json] [] []"},
		},
	}
	for _, tt := range tests {
		seen = nil
		c := httpcall.New(httpcall.Options{HTTPClient: tt.client})
		for _, address := range tt.urls {
			_, err := c.Do(alert.Once(t.Context()), &httpcall.Request{
				URL: func() (string, error) { return address, nil },
			})
			require.NoError(t, err, tt.name)
		}
		require.Equal(t, tt.want, seen, tt.name)
	}
}
