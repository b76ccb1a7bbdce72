package dingtalk_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk"
)

// vectors are signatures made with another implementation, and what mistakes
// make instead.
type vectors struct {
	Valid []struct {
		Name, Secret, Base64, URL string
		Timestamp                 string `json:"timestamp_ms"`
		MAC                       string `json:"hmac_hex"`
		Value                     string `json:"sign_query_value"`
	}
	Invalid []struct {
		Name, Base64 string
		Value        string `json:"sign_query_value"`
		Decoded      string `json:"sign_after_server_decode"`
		For          struct {
			Timestamp string `json:"timestamp_ms"`
			Secret    string
		}
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	require.NoError(t, json.Unmarshal(fixture(t, "sign_vectors.json"), &v))
	require.Len(t, v.Valid, 3)
	require.Len(t, v.Invalid, 4)
	return v
}

// moment returns the time of a timestamp in milliseconds.
func moment(t *testing.T, ms string) time.Time {
	t.Helper()
	n, err := strconv.ParseInt(ms, 10, 64)
	require.NoError(t, err)
	return time.UnixMilli(n)
}

func TestSign(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Valid {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			timestamp, signature := dingtalk.Sign(v.Secret, moment(t, v.Timestamp))
			require.Equal(t, v.Timestamp, timestamp)
			require.Equal(t, v.Base64, signature)
			mac, err := base64.StdEncoding.DecodeString(signature)
			require.NoError(t, err)
			require.Equal(t, v.MAC, hex.EncodeToString(mac))
			endpoint, query, _ := strings.Cut(v.URL, "?")
			values, err := url.ParseQuery(query)
			require.NoError(t, err)
			got := dingtalk.SignedURL(endpoint, values.Get("access_token"), v.Secret, moment(t, v.Timestamp))
			require.Equal(t, v.URL, got)
			require.Contains(t, got, "sign="+v.Value+"&")
		})
	}
}

// TestSignMistakes shows that none of the known mistakes is made.
func TestSignMistakes(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Invalid {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			at := moment(t, v.For.Timestamp)
			if len(v.For.Timestamp) == len("1767225600") {
				at = time.Unix(at.UnixMilli(), 0) // the mistake counts seconds
			}
			timestamp, signature := dingtalk.Sign(v.For.Secret, at)
			require.Len(t, timestamp, len("1767225600000"))
			u, err := url.Parse(dingtalk.SignedURL("https://oapi.dingtalk.com/robot/send", testToken, v.For.Secret, at))
			require.NoError(t, err)
			require.Equal(t, signature, u.Query().Get("sign"), "as the vendor decodes it, once")
			require.NotEmpty(t, v.Base64+v.Value+v.Decoded)
			require.NotEqual(t, v.Base64, signature)
			require.NotEqual(t, v.Decoded, u.Query().Get("sign"))
			if v.Value != "" {
				require.NotContains(t, u.RawQuery, v.Value)
			}
		})
	}
}

// TestSignAgainstOthers compares with implementations that share no code with
// this one.
func TestSignAgainstOthers(t *testing.T) {
	t.Parallel()
	others := map[string][]string{
		"openssl": {"dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:%x", "-binary"},
		"python3": {"-c", `import hashlib, hmac, sys
sys.stdout.buffer.write(hmac.new(bytes.fromhex("%x"), sys.stdin.buffer.read(), hashlib.sha256).digest())`},
	}
	found := 0
	for name, args := range others {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found++
		for i, secret := range []string{testSecret, "this is secret", "钉钉", "x", strings.Repeat("long", 60)} {
			at := time.UnixMilli(1767225600000 + int64(i)*86_399_999)
			timestamp, signature := dingtalk.Sign(secret, at)
			var full []string
			for _, arg := range args {
				full = append(full, strings.ReplaceAll(arg, "%x", hex.EncodeToString([]byte(secret))))
			}
			cmd := exec.CommandContext(t.Context(), path, full...)
			cmd.Stdin = strings.NewReader(timestamp + "\n" + secret)
			mac, err := cmd.Output()
			require.NoError(t, err, name)
			require.Equal(t, base64.StdEncoding.EncodeToString(mac), signature, "%s disagrees", name)
		}
	}
	if found == 0 {
		require.Empty(t, os.Getenv("TOCSIN_REQUIRE_REAL"), "neither openssl nor python3 is there")
		t.Skip("neither openssl nor python3 is there")
	}
}

// signedAt checks the signature of a request and returns its time.
func signedAt(t *testing.T, r *http.Request) time.Time {
	t.Helper()
	query := r.URL.Query()
	at := moment(t, query.Get("timestamp"))
	_, want := dingtalk.Sign(testSecret, at)
	require.Equal(t, want, query.Get("sign"))
	require.Empty(t, r.Header.Get("sign")+r.Header.Get("timestamp"), "the vendor reads the query only")
	return at
}

// TestSignedPerAttempt lets two hours pass between the attempts of one call.
// What was signed once would be refused.
func TestSignedPerAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := &spy{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				<-time.After(2 * time.Hour)
				return nil, errBroken
			}
			return reply(`{"errcode":0}`), nil
		}}
		robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: testSecret + "\n", HTTPClient: far.client(), Timeout: -1})
		require.NoError(t, err)
		require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x"}))
		require.Len(t, far.requests, 2)
		first, second := signedAt(t, far.requests[0]), signedAt(t, far.requests[1])
		require.GreaterOrEqual(t, second.Sub(first), 2*time.Hour)
		require.WithinDuration(t, time.Now(), second, time.Second)
		require.Equal(t, far.bodies[0], far.bodies[1], "one identity, hence no duplicate")
	})
}

// TestSignedBehindTheQueue lets a call wait for rate budget for longer than a
// signature holds.
func TestSignedBehindTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret, Rate: 1})
		began := time.Now()
		for range 65 {
			require.NoError(t, robot.Send(t.Context(), bandwidth()))
		}
		require.Greater(t, time.Since(began), time.Hour)
		require.Len(t, server.Messages(), 65)
	})
}

// TestFreshTimestamp is about a request that arrived late: it is signed anew,
// once, and then the clock must be wrong.
func TestFreshTimestamp(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"resp_err_310000_timestamp.json", "resp_err_310000_timestamp_legacy.json"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				late, ever := string(fixture(t, text)), false
				far := &spy{answer: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 || ever {
						return reply(late, time.Now().Add(-3*time.Hour).UTC().Format(http.TimeFormat)), nil
					}
					return reply(`{"errcode":0}`), nil
				}}
				robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: testSecret, HTTPClient: far.client(), MaxAttempts: 5})
				require.NoError(t, err)
				require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x"}))
				require.Len(t, far.requests, 2)
				require.True(t, signedAt(t, far.requests[1]).After(signedAt(t, far.requests[0])))

				ever = true
				err = robot.Post(t.Context(), dingtalk.Text{Content: "x"})
				require.Len(t, far.requests, 4, "one fresh attempt")
				require.ErrorIs(t, err, dingtalk.ReasonTimestamp)
				require.ErrorContains(t, err, "the clock of this host is 3h0m0s ahead of the vendor's")
				e := asError(t, err)
				require.Equal(t, 3*time.Hour, e.Skew)
				require.Equal(t, dingtalk.ClassDead, e.Class())
				require.False(t, e.Retryable())
			})
		})
	}
}

// TestFreshTimestampInterrupted has a verdict and a reason why there was no
// fresh attempt.
func TestFreshTimestampInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		far := &spy{answer: func(int, *http.Request) (*http.Response, error) {
			time.AfterFunc(time.Millisecond, cancel)
			return reply(string(fixture(t, "resp_err_310000_timestamp.json"))), nil
		}}
		robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: testSecret, HTTPClient: far.client()})
		require.NoError(t, err)
		err = robot.Post(ctx, dingtalk.Text{Content: "x"})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, dingtalk.CodeSecurity)
		require.ErrorIs(t, err, dingtalk.ReasonTimestamp)
		require.False(t, asError(t, err).Retryable())
		require.Zero(t, asError(t, err).Skew, "there was no Date")
	})
}

// TestSkew measures the clock against a stand-in whose own is off.
func TestSkew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		skew   time.Duration // of the vendor's clock
		reason dingtalk.Reason
		want   string // "" means the clock is not mentioned
	}{
		{-2 * time.Hour, dingtalk.ReasonTimestamp, "the clock of this host is 2h0m0s ahead of the vendor's"},
		{90 * time.Minute, dingtalk.ReasonTimestamp, "the clock of this host is 1h30m0s behind the vendor's"},
		{30 * time.Minute, dingtalk.ReasonSign, "the clock of this host is 30m0s behind the vendor's"},
		{2 * time.Second, dingtalk.ReasonSign, ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.skew), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret, MaxAttempts: -1})
				server.Skew = tt.skew
				if tt.reason == dingtalk.ReasonSign {
					server.Secret = "SECother"
				}
				err := robot.Send(t.Context(), bandwidth())
				require.ErrorIs(t, err, tt.reason)
				require.ErrorIs(t, err, dingtalk.CodeSecurity)
				require.InDelta(t, -tt.skew.Seconds(), asError(t, err).Skew.Seconds(), 3)
				if tt.want == "" {
					require.NotContains(t, err.Error(), "clock")
				} else {
					require.ErrorContains(t, err, tt.want)
				}
			})
		})
	}
}

// TestUnsigned shows that signing is optional.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	far := &spy{}
	robot, err := dingtalk.New(testToken, &dingtalk.Options{HTTPClient: far.client()})
	require.NoError(t, err)
	require.NoError(t, robot.Send(t.Context(), bandwidth()))
	require.Equal(t, "access_token="+testToken, far.requests[0].URL.RawQuery)
}
