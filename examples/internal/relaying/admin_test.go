package relaying

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const testAdmin = "admin-token-hush-hush"

// adminRequest makes a request to the admin API.
func (p *program) adminRequest(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	addr := p.errout.Await(t, `msg="admin API" addr=(\S+)`)
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+"/outbox/"+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// admin asks the admin API of a relay that wants no token.
func (p *program) admin(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return do(t, p.adminRequest(t, method, path, body))
}

// counts returns what is in the store.
func (p *program) counts(t *testing.T) []outbox.Count {
	t.Helper()
	code, text := p.admin(t, http.MethodGet, "", "")
	require.Equal(t, 200, code, text)
	var o struct{ Store []outbox.Count }
	require.NoError(t, json.Unmarshal([]byte(text), &o))
	return o.Store
}

// waiting returns how many alerts wait, over all destinations.
func (p *program) waiting(t *testing.T) (n int) {
	t.Helper()
	for _, c := range p.counts(t) {
		n += c.Waiting
	}
	return n
}

// The admin API is where it was asked for and nowhere else.
func TestAdminIsApart(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret, "-admin-listen", "127.0.0.1:0")
	code, _ := p.get(t, adminPath)
	require.Equal(t, 404, code, "not beside the callbacks")
	require.Eventually(t, func() bool { return len(p.counts(t)) == 6 }, clitest.Patience, 10*time.Millisecond)
	req := p.adminRequest(t, http.MethodGet, "", "")
	req.URL.Path = "/healthz"
	code, _ = do(t, req)
	require.Equal(t, 404, code)
}

// A page of somebody else's may lead a browser to the loopback under a name of its
// own, where it could read alerts and drop them.
func TestAdminWantsALoopbackAddress(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret, "-admin-listen", "127.0.0.1:0")
	for host, want := range map[string]int{
		"evil.example.com": 403, "evil.example.com:80": 403, "192.0.2.1": 403, "localhost.example.com": 403,
		"localhost": 200, "localhost:9": 200, "127.0.0.1": 200, "[::1]": 200, "[::1]:80": 200, "127.1.2.3:1": 200,
	} {
		req := p.adminRequest(t, http.MethodGet, "", "")
		req.Host = host
		code, text := do(t, req)
		require.Equal(t, want, code, host)
		require.Equal(t, want == 200, strings.Contains(text, "waiting"), host)
	}
}

func TestAdminWantsTheToken(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret, "-admin-listen", "127.0.0.1:0", "-admin-token", testAdmin)
	for header, want := range map[string]int{
		"": 401, "Bearer": 401, "Bearer ": 401, "Basic " + testAdmin: 401, testAdmin: 401, "Bearer x" + testAdmin: 401,
		"Bearer " + testAdmin[1:]: 401, "Bearer " + testSecret: 401, "Bearer " + testAdmin: 200, "bearer  " + testAdmin: 200,
	} {
		for _, path := range []string{"", "routes/x/drop"} {
			method, want := http.MethodGet, want
			if path != "" && want == 200 {
				method, want = http.MethodPost, 404
			}
			req := p.adminRequest(t, method, path, `{"all":true}`)
			req.Host = "relay.example.com" // who has the token may come from anywhere
			req.Header.Set("Authorization", header)
			code, _ := do(t, req)
			require.Equal(t, want, code, "%q %s", header, path)
		}
	}
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.printed(), "hush")
}
