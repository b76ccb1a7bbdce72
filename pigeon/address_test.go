package pigeon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
)

func TestNew(t *testing.T) {
	t.Parallel()
	open := &pigeon.Options{AllowHTTP: true}
	tests := []struct {
		name, space, token string
		opts               *pigeon.Options
		host, problem      string // one of them
	}{
		{"space id", "shibuya", testToken, nil, "shibuya.cloud.kompira.jp", ""},
		{"blanks around", " shibuya\n", testToken + "\r\n", nil, "shibuya.cloud.kompira.jp", ""},
		{"one letter", "s", testToken, nil, "s.cloud.kompira.jp", ""},
		{"63 bytes", strings.Repeat("a", 63), testToken, nil, strings.Repeat("a", 63) + ".cloud.kompira.jp", ""},
		{"base URL", "https://shibuya.cloud.kompira.jp/", testToken, nil, "shibuya.cloud.kompira.jp", ""},
		{"gateway", "https://gateway.example:8443/pigeon/", testToken, nil, "gateway.example:8443", ""},
		{"loopback", "http://127.0.0.1:8080", testToken, nil, "127.0.0.1:8080", ""},
		{"loopback 6", "http://[::1]:8080", testToken, nil, "[::1]:8080", ""},
		{"localhost", "http://LOCALHOST", testToken, nil, "LOCALHOST", ""},
		{"http allowed", "http://gateway.example", testToken, open, "gateway.example", ""},
		{"no space", " ", testToken, nil, "", "the space is empty"},
		{"another host", "evil.example/", testToken, nil, "", "neither a space id nor a base URL"},
		{"host and port", "shibuya:443", testToken, nil, "", "neither a space id"},
		{"two labels", "a.b", testToken, nil, "", "neither a space id"},
		{"user info", "evil.example#", testToken, nil, "", "neither a space id"},
		{"upper case", "Shibuya", testToken, nil, "", "neither a space id"},
		{"hyphen first", "-shibuya", testToken, nil, "", "neither a space id"},
		{"hyphen last", "shibuya-", testToken, nil, "", "neither a space id"},
		{"64 bytes", strings.Repeat("a", 64), testToken, nil, "", "neither a space id"},
		{"http", "http://gateway.example", testToken, nil, "", "AllowHTTP"},
		{"http to a name like the loopback", "http://127.0.0.1.example", testToken, nil, "", "AllowHTTP"},
		{"http to the vendor", "http://shibuya.CLOUD.kompira.jp.", testToken, open, "", "http would show the token"},
		{"user", "https://user@gateway.example", testToken, nil, "", "a user, a query"},
		{"query", "https://gateway.example?", testToken, nil, "", "a query"},
		{"fragment", "https://gateway.example#x", testToken, nil, "", "a fragment"},
		{"no host", "https://", testToken, nil, "", "no host"},
		{"scheme", "ftp://gateway.example", testToken, nil, "", "neither https://"},
		{"unreadable", "https://gate way.example", testToken, nil, "", "cannot be read"},
		{"blank in the path", "https://gateway.example/a b", testToken, nil, "", "cannot be read"},
		{"no token", "shibuya", "\n", nil, "", "the token is empty"},
		{"word before", "shibuya", "Token " + testToken, nil, "", "without the word"},
		{"header injection", "shibuya", testToken + "\r\nX-Evil: 1", nil, "", "blanks or characters"},
		{"long token", "shibuya", strings.Repeat("t", 4097), nil, "", "too long"},
		{"user with a colon", "shibuya", testToken, &pigeon.Options{User: "a:b", Password: password}, "", "a colon"},
		{"password with a break", "shibuya", testToken, &pigeon.Options{User: "a", Password: password + "\n"}, "", "control characters"},
		{"password without a user", "shibuya", testToken, &pigeon.Options{Password: password}, "", "without a User"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := pigeon.New(tt.space, tt.token, tt.opts)
			if tt.problem != "" {
				require.ErrorContains(t, err, "pigeon: new: ")
				require.ErrorContains(t, err, tt.problem)
				if len(tt.space) >= 6 {
					leaktest.Check(t, []string{testToken, password, tt.space}, err)
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, "pigeon.Client("+tt.host+")", fmt.Sprint(client))
		})
	}
	_, err := pigeon.New(testToken, "shibuya", nil) // swapped
	if err != nil {
		leaktest.Check(t, []string{testToken}, err)
	}
	require.Equal(t, "pigeon.Client(nil)", fmt.Sprint((*pigeon.Client)(nil)))
}

// TestWire shows the address and the header of each call, with HTTP Basic
// beside the token.
func TestWire(t *testing.T) {
	t.Parallel()
	var seen []string
	web := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, []string{"Token " + testToken}, r.Header["X-Authorization"])
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, "application/json", r.Header.Get("Accept"))
		user, pass, _ := r.BasicAuth()
		seen = append(seen, r.Method+" "+r.URL.String()+" "+user+" "+pass)
		return nil, errBroken
	})}
	for _, opts := range []*pigeon.Options{
		{HTTPClient: web, MaxAttempts: -1},
		{HTTPClient: web, MaxAttempts: -1, User: "hq", Password: password},
	} {
		client, err := pigeon.New("shibuya", testToken, opts)
		require.NoError(t, err)
		_, err = client.Invoke(t.Context(), prepared())
		require.ErrorIs(t, err, errBroken)
		_, err = client.Result(t.Context(), "a:ü")
		require.Error(t, err)
		require.Error(t, client.Abort(t.Context(), chainID))
		_, err = client.Calls(t.Context(), 100, 50)
		require.Error(t, err)
	}
	const at = "https://shibuya.cloud.kompira.jp/api/apps/pigeon"
	require.Equal(t, []string{
		"POST " + at + "/chain/invoke  ", "GET " + at + "/results/a:%C3%BC  ",
		"POST " + at + "/chain/abort  ", "GET " + at + "/calls?offset=100&limit=50  ",
		"POST " + at + "/chain/invoke hq " + password, "GET " + at + "/results/a:%C3%BC hq " + password,
		"POST " + at + "/chain/abort hq " + password, "GET " + at + "/calls?offset=100&limit=50 hq " + password,
	}, seen)
}

// TestGateway keeps a path in front of the API, with or without a slash.
func TestGateway(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://gateway.example/a/b", "https://gateway.example/a/b//"} {
		web := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			require.Equal(t, "https://gateway.example/a/b/api/apps/pigeon/chain/abort", r.URL.String())
			return nil, errBroken
		})}
		client, err := pigeon.New(base, testToken, &pigeon.Options{HTTPClient: web})
		require.NoError(t, err)
		require.ErrorIs(t, client.Abort(alert.Once(t.Context()), chainID), errBroken)
	}
}
