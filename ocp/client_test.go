package ocp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

const (
	testUser     = "tocsin-operator"
	testPassword = "hush-2f8b1e7c"
	testKey      = "cqammmxBpfGjFlto"
	testSecret   = "2fc0c299cc94c6be266f2ceece765d4d"
)

func TestNewClient(t *testing.T) {
	t.Parallel()
	basic, key := ocp.Basic(testUser, testPassword), ocp.AccessKey(testKey, testSecret+"\n")
	const plain = "http would show user and password"
	tests := []struct {
		name, base  string
		credentials ocp.Credentials
		opts        *ocp.Options
		refused     string // a part of the error
	}{
		{name: "https", base: "https://ocp.example.com:8443", credentials: basic},
		{name: "line feed of a file, slash", base: "https://ocp.example.com/\n", credentials: basic},
		{name: "empty port", base: "https://ocp.example.com:", credentials: basic},
		{name: "gateway with a path", base: "https://gw.example.com/ocp", credentials: basic},
		{name: "access key over http", base: "http://ocp.example.com:8080", credentials: key},
		{name: "loopback", base: "http://127.0.0.1:8080", credentials: basic},
		{name: "loopback of version 6", base: "http://[::1]:8080", credentials: basic},
		{name: "localhost", base: "http://LocalHost:8080", credentials: basic},
		{name: "allowed", base: "http://10.0.0.8:8080", credentials: basic, opts: &ocp.Options{AllowHTTP: true}},
		{name: "language", base: "https://ocp.example.com", credentials: basic, opts: &ocp.Options{Language: "zh-CN, en;q=0.5"}},

		{name: "http", base: "http://ocp.example.com:8080", credentials: basic, refused: plain},
		{name: "http in a private network", base: "http://10.0.0.8:8080", credentials: basic, refused: plain},
		{name: "name that begins like the loopback", base: "http://127.0.0.1.example.com", credentials: basic, refused: plain},
		{name: "empty", base: " ", credentials: basic, refused: "is empty"},
		{name: "no scheme", base: "ocp.example.com:8080", credentials: basic, refused: "neither https:// nor http://"},
		{name: "other scheme", base: "ftp://ocp.example.com", credentials: basic, refused: "neither"},
		{name: "user", base: "https://" + testUser + ":" + testPassword + "@ocp.example.com", credentials: basic, refused: "a user"},
		{name: "query", base: "https://ocp.example.com?token=" + testPassword, credentials: basic, refused: "a query"},
		{name: "bare question mark", base: "https://ocp.example.com?", credentials: basic, refused: "a query"},
		{name: "fragment", base: "https://ocp.example.com#x", credentials: basic, refused: "a fragment"},
		{name: "no host", base: "https:///api", credentials: basic, refused: "no host"},
		{name: "host in Chinese", base: "https://告警.example.com", credentials: basic, refused: "no host"},
		{name: "zone", base: "https://[fe80::1%25eth0]", credentials: basic, refused: "no host"},
		{name: "blank", base: "https://ocp.example.com/a b", credentials: basic, refused: "blanks"},
		{name: "endless", base: "https://ocp.example.com/" + strings.Repeat("a", 2048), credentials: basic, refused: "too long"},
		{name: "not UTF-8", base: "https://ocp.example.com/\xff", credentials: basic, refused: "UTF-8"},
		{name: "no URL", base: "https://%zz", credentials: basic, refused: "no URL"},

		{name: "no credentials", base: "https://ocp.example.com", refused: "the user or the password is empty"},
		{name: "no user", base: "https://ocp.example.com", credentials: ocp.Basic("", testPassword), refused: "the user or the password is empty"},
		{name: "no password", base: "https://ocp.example.com", credentials: ocp.Basic(testUser, ""), refused: "is empty"},
		{name: "colon in the user", base: "https://ocp.example.com", credentials: ocp.Basic("a:b", testPassword), refused: "colon"},
		{name: "password in two lines", base: "https://ocp.example.com", credentials: ocp.Basic(testUser, testPassword+"\n"), refused: "control characters"},
		{name: "password that is not UTF-8", base: "https://ocp.example.com", credentials: ocp.Basic(testUser, "\xff"), refused: "UTF-8"},
		{name: "endless password", base: "https://ocp.example.com", credentials: ocp.Basic(testUser, strings.Repeat("x", 513)), refused: "too long"},
		{name: "blank access key", base: "https://ocp.example.com", credentials: ocp.AccessKey(" ", testSecret), refused: "the access key or the secret key is empty"},
		{name: "access key of two words", base: "https://ocp.example.com", credentials: ocp.AccessKey("a b", testSecret), refused: "letters, digits"},
		{name: "access key that ends early", base: "https://ocp.example.com", credentials: ocp.AccessKey("a:b", testSecret), refused: "colon"},
		{name: "language in two lines", base: "https://ocp.example.com", credentials: basic, opts: &ocp.Options{Language: "zh\r\nX: y"}, refused: "Language"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := ocp.NewClient(tt.base, tt.credentials, tt.opts)
			if tt.refused != "" {
				require.ErrorContains(t, err, tt.refused)
				require.ErrorContains(t, err, "ocp: new client: ")
				require.Nil(t, client)
				leaktest.Check(t, []string{testUser, testPassword, testSecret}, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// TestPushOnTheWire shows the request that the vendor documents.
func TestPushOnTheWire(t *testing.T) {
	t.Parallel()
	far := &spy{}
	client, err := ocp.NewClient("https://gw.example.com/ocp/", ocp.Basic("admin", "root"), &ocp.Options{HTTPClient: far.client(), Language: "zh-CN"})
	require.NoError(t, err)
	require.NoError(t, client.Push(t.Context(), ocp.Alarm{Type: "your_alarm_type", Target: "alarm_target", Labels: map[string]string{"key": "value"}}))
	r := far.requests[0]
	require.Equal(t, "POST https://gw.example.com/ocp/api/v2/alarm/alarms", r.Method+" "+r.URL.String())
	require.Equal(t, http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Accept-Language": {"zh-CN"},
		"Authorization": {"Basic YWRtaW46cm9vdA=="}, // as the vendor prints it
	}, r.Header)
	require.JSONEq(t, string(fixture(t, "push-request.json")), far.bodies[0])

	require.NoError(t, client.Push(t.Context(), ocp.Alarm{Type: "t", Target: "a<b>&c"}))
	require.Contains(t, far.bodies[1], `"labels":{},"target":"a<b>&c"`, "labels are an object, also without any")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int) map[string]string {
		labels := map[string]string{}
		for i := range n {
			labels[fmt.Sprint("l", i)] = ""
		}
		return labels
	}
	tests := []struct {
		name  string
		alarm ocp.Alarm
		field string // "": fine
	}{
		{"plain", someAlarm(), ""},
		{"longest", ocp.Alarm{Type: long(128), Target: long(1024), Labels: map[string]string{long(128): "告警\n\"<>"}}, ""},
		{"most labels", ocp.Alarm{Type: "t", Target: "x", Labels: many(256)}, ""},
		{"empty value", ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{"a": ""}}, ""},
		{"no type", ocp.Alarm{Target: "x"}, "alarmType"},
		{"long type", ocp.Alarm{Type: long(129), Target: "x"}, "alarmType"},
		{"type with a dash", ocp.Alarm{Type: "a-b", Target: "x"}, "alarmType"},
		{"type in Chinese", ocp.Alarm{Type: "告警", Target: "x"}, "alarmType"},
		{"no target", ocp.Alarm{Type: "t"}, "target"},
		{"blank target", ocp.Alarm{Type: "t", Target: " "}, "target"},
		{"long target", ocp.Alarm{Type: "t", Target: long(1025)}, "target"},
		{"target in two lines", ocp.Alarm{Type: "t", Target: "a\nb"}, "target"},
		{"target that is not UTF-8", ocp.Alarm{Type: "t", Target: "\xff"}, "target"},
		{"many labels", ocp.Alarm{Type: "t", Target: "x", Labels: many(257)}, "labels"},
		{"label without a name", ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{" ": "x"}}, "labels"},
		{"label with a long name", ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{long(129): "x"}}, "labels"},
		{"label with a name in two lines", ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{"a\n": "x"}}, "labels"},
		{"long body", ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{"a": long(64 << 10)}}, "body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			err := client.Push(t.Context(), tt.alarm)
			if tt.field == "" {
				require.NoError(t, tt.alarm.Validate())
				require.NoError(t, err)
				require.Equal(t, tt.alarm.Target, server.Pushes()[0].Target)
				return
			}
			field, ok := errors.AsType[*ocp.FieldError](err)
			require.True(t, ok)
			require.Equal(t, tt.field, field.Field)
			require.Equal(t, field, tt.alarm.Validate())
			require.False(t, alert.Retryable(err))
			require.ErrorContains(t, err, "ocp: push: "+tt.field+": ")
			require.Zero(t, server.Attempts())
		})
	}
}

// TestShowsNoSecret prints a client, its credentials and its errors in every
// way, and lets everything that answers repeat what it was sent.
func TestShowsNoSecret(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]ocp.Credentials{
		"password": ocp.Basic(testUser, testPassword), "access key": ocp.AccessKey(testKey, testSecret),
	} {
		for _, status := range []int{200, 400, 401, 403, 429, 500} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				var proof string
				far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, proof, _ = strings.Cut(r.Header.Get("Authorization"), " ")
					w.WriteHeader(status)
					_, _ = fmt.Fprintf(w, `{"successful":false,"status":%d,"traceId":%q,"error":{"code":0,"message":%q}}`, status, proof,
						strings.Join([]string{proof, testUser[:8] + "\u200b" + testUser[8:], testPassword, testKey, testSecret}, " or "))
				}))
				defer far.Close()
				log := &journal{}
				client, err := ocp.NewClient(far.URL, credentials, &ocp.Options{Logger: log.logger(), MaxAttempts: -1})
				require.NoError(t, err)
				err = client.Push(t.Context(), someAlarm())
				require.ErrorContains(t, err, "[redacted]")
				_, signature, signed := strings.Cut(proof, ":")
				if !signed {
					signature = proof
				}
				secrets := map[string][]string{
					"password": {signature, testUser, testPassword}, "access key": {signature, testKey, testSecret},
				}[name]
				sender, err2 := ocp.NewSender(client, "t", nil)
				require.NoError(t, err2)
				leaktest.Check(t, secrets, client, credentials, sender, err, log.String())
				require.NotEmpty(t, log.String())
			})
		}
	}
}

// A redirect, such as that to a login page, is not followed.
func TestRedirect(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	client, err := ocp.NewClient(server.URL()+"/console", ocp.Basic(server.User, server.Password), &ocp.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	err = client.Push(t.Context(), someAlarm())
	require.Equal(t, http.StatusFound, asError(t, err).HTTPStatus)
	require.False(t, alert.Retryable(err))
	require.ErrorContains(t, err, "redirects are not followed")
	require.Equal(t, 1, server.Attempts())
}
