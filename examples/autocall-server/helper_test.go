package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const (
	adminToken = "admin-token-hush-hush"
	phoneToken = "phone-token-hush-hush"
	numberA    = "18700000001"
	numberB    = "18800000002"
	patience   = clitest.Patience
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// A server is a process that runs.
type server struct {
	*clitest.Process

	addr, db string
}

// startProcess runs the server as a process.
func startProcess(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	return &server{Process: clitest.Start(t, env, args...)}
}

// launch runs a server that listens, on a file of its own unless told one.
func launch(t *testing.T, args ...string) *server {
	t.Helper()
	return launchAt(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "calls?#%.db"), args...)
}

func launchAt(t *testing.T, addr, db string, args ...string) *server {
	t.Helper()
	s := startProcess(t, []string{"TOCSIN_ADMIN_TOKEN=" + adminToken, "TOCSIN_PHONE_TOKEN=rack=" + phoneToken},
		append([]string{"-listen", addr, "-db", db, "-poll-interval", "1s"}, args...)...)
	s.addr, s.db = s.Errout.Await(t, `msg=listening addr=(\S+)`), db
	return s
}

// An answer is what the server said.
type answer struct {
	status int
	header http.Header
	text   string
}

// object decodes an answer.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.text), &o), a.text)
	return o
}

// do makes one request. Redirects are not followed.
func (s *server) do(t *testing.T, method, path, body string, header map[string]string) answer {
	t.Helper()
	return s.through(t, &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, method, "http://"+s.addr+path, body, header)
}

func (s *server) through(t *testing.T, client *http.Client, method, to, body string, header map[string]string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// api makes a request with the admin token.
func (s *server) api(t *testing.T, method, path, body string) answer {
	t.Helper()
	return s.do(t, method, path, body, map[string]string{"Authorization": "Bearer " + adminToken})
}

// post queues a call and returns its id.
func (s *server) post(t *testing.T, body string) string {
	t.Helper()
	a := s.api(t, http.MethodPost, "/calls", body)
	require.Equal(t, 201, a.status, a.text)
	id, _ := a.object(t)["id"].(string)
	return id
}

// awaitState waits until a call has come to a state.
func (s *server) awaitState(t *testing.T, id, state string) map[string]any {
	t.Helper()
	var last map[string]any
	require.Eventually(t, func() bool {
		last = s.api(t, http.MethodGet, "/calls/"+id, "").object(t)
		return last["state"] == state
	}, patience, 50*time.Millisecond, "want %s", state)
	return last
}

// phone switches on a phone that polls each second, until the test ends.
func (s *server) phone(t *testing.T, dial func(number string, nth int) autocalltest.Reply) *autocalltest.Phone {
	t.Helper()
	p := autocalltest.Connect("http://"+s.addr+"/phone/"+phoneToken+"/alert/phone", &autocalltest.Options{
		PollInterval: 300 * time.Millisecond, StartDelay: -1, Version: autocalltest.C, Dial: dial,
	})
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := p.Run(ctx); err != nil {
			t.Errorf("the phone: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return p
}
