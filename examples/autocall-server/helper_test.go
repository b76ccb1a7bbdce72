package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

const (
	adminToken = "admin-token-hush-hush"
	phoneToken = "phone-token-hush-hush"
	numberA    = "18700000001"
	numberB    = "18800000002"
	patience   = 30 * time.Second // a test that passes never waits so long
)

// TestMain lets the test binary serve as the server, so that it is tested as a
// process without another build.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_SERVER") != "" {
		main()
	}
	os.Exit(m.Run())
}

// A transcript collects output and lets a test wait for a line of it.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed and replaced at each Write
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	close(tr.more)
	tr.more = make(chan struct{})
	return tr.text.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// await returns the last group of a pattern as soon as the output has it.
func (tr *transcript) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for {
		tr.mu.Lock()
		found, more := re.FindStringSubmatch(tr.text.String()), tr.more
		tr.mu.Unlock()
		if found != nil {
			return found[len(found)-1]
		}
		select {
		case <-more:
		case <-deadline:
			require.FailNow(t, "not printed in time", "want %s in:\n%s", pattern, tr)
		}
	}
}

// A server is a process that runs.
type server struct {
	addr, db    string
	out, errout *transcript
	cmd         *exec.Cmd
	exit        chan int
}

// startProcess runs the server as a process.
func startProcess(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	s := &server{out: newTranscript(), errout: newTranscript(), exit: make(chan int, 1)}
	s.cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = append([]string{"BE_THE_SERVER=1", "GOCOVERDIR=" + t.TempDir()}, env...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.errout
	require.NoError(t, s.cmd.Start())
	go func() {
		_ = s.cmd.Wait()
		s.exit <- s.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() { s.stop(t, syscall.SIGKILL) })
	return s
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
	s.addr, s.db = s.errout.await(t, `msg=listening addr=(\S+)`), db
	return s
}

// stop ends the process by a signal and returns its exit status.
func (s *server) stop(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	_ = s.cmd.Process.Signal(signal)
	return s.wait(t)
}

// wait returns the exit status once the process has ended.
func (s *server) wait(t *testing.T) int {
	t.Helper()
	select {
	case code := <-s.exit:
		s.exit <- code // for who asks again
		return code
	case <-time.After(patience):
		require.FailNow(t, "the server does not end", "%s%s", s.out, s.errout)
		return -1
	}
}

// printed is all output so far.
func (s *server) printed() string { return s.out.String() + s.errout.String() }

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
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
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
