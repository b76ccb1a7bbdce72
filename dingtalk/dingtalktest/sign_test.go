package dingtalktest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// A vector is a signature, right or wrong.
type vector struct {
	stamped
	Name    string
	For     stamped // of a wrong one
	Base64  string
	Query   string `json:"sign_query_value"`
	Decoded string `json:"sign_after_server_decode"`
	URL     string
}

// stamped is what a signature is made of.
type stamped struct {
	Stamp  string `json:"timestamp_ms"`
	Secret string
}

// vectors returns the vectors of one kind.
func vectors(t *testing.T, kind string) []vector {
	t.Helper()
	var all map[string][]vector
	require.NoError(t, json.Unmarshal([]byte(fixture(t, "sign_vectors.json")), &all))
	require.NotEmpty(t, all[kind])
	return all[kind]
}

// signing returns a server that signs, whose clock shows the timestamp.
func signing(t *testing.T, secret, stamp string) *dingtalktest.Server {
	t.Helper()
	ms, err := strconv.ParseInt(stamp, 10, 64)
	require.NoError(t, err)
	server := dingtalktest.NewServer(t)
	server.Secret = secret
	server.Skew = time.Until(time.UnixMilli(ms))
	return server
}

// send posts with the signing values as they stand in the query.
func send(t *testing.T, client *http.Client, webhook, stamp, sign string) string {
	t.Helper()
	return post(t, client, webhook+"&timestamp="+stamp+"&sign="+sign, text("x"))
}

func TestSignature(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "valid") {
		server := signing(t, v.Secret, v.Stamp)
		both(t, server, func(t *testing.T, client *http.Client, webhook string) {
			t.Helper()
			require.JSONEq(t, okAnswer, send(t, client, webhook, v.Stamp, v.Query), v.Name)
		})
		// The whole URL of the fixture serves too, with the token in it.
		address, err := url.Parse(v.URL)
		require.NoError(t, err)
		server.Token = address.Query().Get("access_token")
		require.JSONEq(t, okAnswer, post(t, server.Client(), v.URL, text("x")), v.Name)
		require.Len(t, server.Messages(), 3)
	}
}

func TestWrongSignature(t *testing.T) {
	t.Parallel()
	const mismatch, expired = "签名不匹配", "签名过期"
	right := vectors(t, "valid")[0]
	secret := right.Secret
	type try struct{ stamp, sign, want string }
	tries := map[string]try{
		"nothing":        {"", "", expired},
		"no timestamp":   {"", right.Query, expired},
		"no signature":   {right.Stamp, "", mismatch},
		"odd timestamp":  {right.Stamp + "x", right.Query, expired},
		"other moment":   {right.Stamp[:12] + "8", right.Query, mismatch},
		"other encoding": {right.Stamp, url.QueryEscape("ujyUyImxBI4Imk8OZXD6WzB_oM7z-mWc_DyskRlmELY="), mismatch},
		"no padding":     {right.Stamp, right.Query[:len(right.Query)-3], mismatch},
	}
	for _, v := range vectors(t, "invalid") {
		require.Equal(t, secret, v.For.Secret)
		tr := try{v.For.Stamp, v.Query, mismatch}
		switch {
		case v.Base64 != "":
			tr.sign = url.QueryEscape(v.Base64)
		case v.Decoded != "": // the raw one, which the decoder spoils
			tr.sign = right.Base64
		}
		if len(v.For.Stamp) < 13 {
			tr.want = expired
		}
		tries[v.Name] = tr
	}
	require.Len(t, tries, 11)
	for name, tr := range tries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := signing(t, secret, right.Stamp)
			both(t, server, func(t *testing.T, client *http.Client, webhook string) {
				t.Helper()
				answer := send(t, client, webhook, tr.stamp, tr.sign)
				require.Equal(t, 310000, code(t, answer))
				require.Contains(t, answer, tr.want)
			})
			require.Empty(t, server.Messages())
		})
	}
}

// Signing values in headers are not looked at.
func TestSignatureInHeaders(t *testing.T) {
	t.Parallel()
	v := vectors(t, "valid")[0]
	server := signing(t, v.Secret, v.Stamp)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), strings.NewReader(text("x")))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("timestamp", v.Stamp)
	req.Header.Set("sign", v.Base64)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	require.Equal(t, 310000, code(t, read(t, resp)))
}

// TestClock shows the hour that clocks may differ, and that the Date header
// tells the difference.
func TestClock(t *testing.T) {
	t.Parallel()
	v := vectors(t, "valid")[0]
	for offset, ok := range map[time.Duration]bool{
		-time.Hour - time.Minute: false,
		-time.Hour + time.Minute: true,
		time.Hour - time.Minute:  true,
		time.Hour + time.Minute:  false,
	} {
		server := signing(t, v.Secret, v.Stamp)
		server.Skew += offset
		both(t, server, func(t *testing.T, client *http.Client, webhook string) {
			t.Helper()
			answer := send(t, client, webhook, v.Stamp, v.Query)
			require.Equal(t, ok, answer == okAnswer, offset)
			resp, err := client.Head(webhook)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			date, err := http.ParseTime(resp.Header.Get("Date"))
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(server.Skew), date, time.Minute)
		})
	}
}
