package ocp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
)

// vectors are the vendor's worked examples.
type vectors struct {
	AccessKey, SecretKey string
	Vectors              []struct {
		Name, Method, Body, ContentMD5, ContentType, Date, Host, URI, Message, Signature string
		Headers                                                                          map[string][]string
	}
}

func readVectors(tb testing.TB) vectors {
	tb.Helper()
	var v vectors
	require.NoError(tb, json.Unmarshal(fixture(tb, "aksk-vectors.json"), &v))
	require.Len(tb, v.Vectors, 2)
	return v
}

func TestVectors(t *testing.T) {
	t.Parallel()
	all := readVectors(t)
	for _, v := range all.Vectors {
		if len(v.Headers) > 0 {
			continue // the client sends no headers of the vendor's
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			path, query, _ := strings.Cut(v.URI, "?")
			values, err := url.ParseQuery(query)
			require.NoError(t, err)
			header := http.Header{"Content-Type": {v.ContentType}, "Date": {v.Date}}
			target := &url.URL{Host: v.Host, Path: path, RawQuery: ocp.CanonicalQuery(values)}
			require.Equal(t, v.Message, ocp.SignedText(v.Method, target, header, []byte(v.Body)))
			require.Equal(t, v.Signature, ocp.Signature(all.SecretKey, v.Method, target, header, []byte(v.Body)))
		})
	}
}

// TestMessage covers what the examples do not show.
func TestMessage(t *testing.T) {
	t.Parallel()
	query := ocp.CanonicalQuery(url.Values{"b": {"2", "1"}, "a": {"x y+z"}, "中": {"~-._"}})
	target := &url.URL{Host: "h:1", Path: "/a b", RawQuery: query}
	header := http.Header{"X-Other": {"3"}, "Date": {"d"}}
	require.Equal(t, "GET\n\n\nd\nh:1\n\n/a%20b?a=x%20y%2Bz&b=1%2C2&%E4%B8%AD=~-._", ocp.SignedText("GET", target, header, nil))
	require.Equal(t, "GET\n\n\n\n\n\n/", ocp.SignedText("GET", &url.URL{Path: "/"}, nil, nil))
}

// TestSignedCalls has every kind of call checked by the stand-in, which signs
// by code of its own.
func TestSignedCalls(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "socket"} {
		client, server := newKeyClient(t, nil)
		if base != "" {
			var err error
			client, err = ocp.NewClient(server.Listen(t), ocp.AccessKey(server.AccessKey, server.SecretKey), nil)
			require.NoError(t, err)
		}
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		a, err := client.Alarm(t.Context(), "1000001")
		require.NoError(t, err)
		query := url.Values{
			"keyword": {"x y+z&ü,"}, "activeAtStart": {time.Now().In(time.FixedZone("", 3600)).Format(time.RFC3339)}, "ob cluster": {"b", "a,b"},
		}
		n := 0
		for listed, err := range client.Alarms(t.Context(), query) {
			require.NoError(t, err)
			require.Equal(t, a, listed)
			n++
		}
		require.Equal(t, 1, n)
	}
}

// Every attempt is signed with the time at which it is made.
func TestEveryAttemptIsSigned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := &spy{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n < 3 {
				return reply(503, ""), nil
			}
			return reply(200, accepted), nil
		}}
		client, err := ocp.NewClient("https://ocp.example.com", ocp.AccessKey(testKey, testSecret), &ocp.Options{HTTPClient: far.client()})
		require.NoError(t, err)
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		require.Len(t, far.requests, 3)
		signatures := map[string]bool{}
		for i, r := range far.requests {
			date, err := http.ParseTime(r.Header.Get("Date"))
			require.NoError(t, err)
			want := ocp.Signature(testSecret, r.Method, r.URL, r.Header, []byte(far.bodies[i]))
			require.Equal(t, "OCP-ACCESS-KEY-HMACSHA1 "+testKey+":"+want, r.Header.Get("Authorization"))
			signatures[r.Header.Get("Authorization")] = true
			require.Less(t, time.Since(date), 4*time.Second)
		}
		require.Greater(t, len(signatures), 1, "half a second and a second lie between them, and dates have whole seconds")
	})
}

// TestClock shows how far the clocks may differ, and that the error says by how
// much they do.
func TestClock(t *testing.T) {
	t.Parallel()
	for skew, ok := range map[time.Duration]bool{
		14 * time.Minute: true, -14 * time.Minute: true, 16 * time.Minute: false, -16 * time.Minute: false,
	} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := newKeyClient(t, nil)
				server.Advance(skew)
				err := client.Push(t.Context(), someAlarm())
				if ok {
					require.NoError(t, err)
					return
				}
				e := asError(t, err)
				require.Equal(t, http.StatusUnauthorized, e.HTTPStatus)
				require.Equal(t, -skew, e.Skew)
				require.False(t, alert.Retryable(err))
				word := map[bool]string{true: "behind", false: "ahead of"}[skew > 0]
				require.ErrorContains(t, err, "the clock of this host is 16m0s "+word+" that of OCP")
				require.Equal(t, 1, server.Attempts())
			})
		})
	}
}

// A password does not depend on clocks, so nothing is said of them.
func TestClockDoesNotMatterToPasswords(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	server.Advance(time.Hour)
	require.NoError(t, client.Push(t.Context(), someAlarm()))
	server.Password = "another"
	err := client.Push(t.Context(), someAlarm())
	require.Zero(t, asError(t, err).Skew)
	require.NotContains(t, err.Error(), "clock")
}
