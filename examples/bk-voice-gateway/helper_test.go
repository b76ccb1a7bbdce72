package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/callcommand"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const (
	testToken = "path-token-hush-hush"
	patience  = clitest.Patience
)

// TestMain lets the test binary serve as the gateway and as the command that
// it starts, so that both are tested as processes without another build.
func TestMain(m *testing.M) {
	if os.Getenv("TOCSIN_CALLEE") != "" {
		os.Exit(beTheCommand(os.Getenv("TOCSIN_CALLEE"), os.Getenv("TOCSIN_TEXT")))
	}
	clitest.Main(m, main)
}

// beTheCommand notes the call and ends as the last digit of the number says.
func beTheCommand(number, text string) int {
	dir := os.Getenv("COMMAND_DIR")
	f, err := os.OpenFile(filepath.Join(dir, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 99
	}
	var ours []string
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "TOCSIN_") && !strings.HasPrefix(pair, "TOCSIN_CALLEE=") && !strings.HasPrefix(pair, "TOCSIN_TEXT=") {
			ours = append(ours, pair)
		}
	}
	fmt.Fprintf(f, "%s %s %v\n", number, text, ours)
	if f.Close() != nil {
		return 99
	}
	switch number[len(number)-1] {
	case '2':
		fmt.Println(strings.Repeat("no line for "+number+"\n", 10000))
		return 3
	case '3':
		<-time.After(time.Hour)
	case '4':
		return callcommand.ExitAnswered
	case '5':
		for _, err := os.Stat(filepath.Join(dir, "release")); err != nil; _, err = os.Stat(filepath.Join(dir, "release")) {
			<-time.After(5 * time.Millisecond)
		}
	}
	return 0
}

// A gateway is a process that runs.
type gateway struct {
	*clitest.Process

	addr, dir string
}

// startProcess runs the gateway as a process.
func startProcess(t *testing.T, env []string, args ...string) *gateway {
	t.Helper()
	dir := t.TempDir()
	return &gateway{Process: clitest.Start(t, append(env, "COMMAND_DIR="+dir), args...), dir: dir}
}

// launch runs a gateway that listens.
func launch(t *testing.T, args ...string) *gateway {
	t.Helper()
	g := startProcess(t, []string{"TOCSIN_PATH_TOKEN=" + testToken, "TOCSIN_COMMAND=" + os.Args[0]},
		append([]string{"-listen", "127.0.0.1:0"}, args...)...)
	g.addr = g.Errout.Await(t, `msg=listening addr=(\S+)`)
	return g
}

// calls returns what the command noted, a line a call.
func (g *gateway) calls(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, "calls"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// An outcome is what came of a request.
type outcome struct {
	status int
	body   []byte
	err    error
}

// post posts a request as the component does.
func (g *gateway) post(ctx context.Context, token, id, body string) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.addr+"/voice/"+token, strings.NewReader(body))
	if err != nil {
		return outcome{err: err}
	}
	req.Header.Set("X-Bkapi-Request-Id", id)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return outcome{err: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return outcome{resp.StatusCode, answer, err}
}

// checked returns an answer that no caller misunderstands.
func (o outcome) checked(t *testing.T) map[string]any {
	t.Helper()
	require.NoError(t, o.err)
	require.Equal(t, http.StatusOK, o.status)
	var decoded map[string]any
	require.NoError(t, json.Unmarshal(o.body, &decoded))
	require.Contains(t, decoded, "result")
	require.IsType(t, map[string]any{}, decoded["data"])
	return decoded
}

// call posts a request and returns the answer.
func (g *gateway) call(t *testing.T, token, id, body string) map[string]any {
	t.Helper()
	return g.post(t.Context(), token, id, body).checked(t)
}

// request is a body for some numbers, whose users are named after the last
// digit.
func request(numbers ...string) string {
	var list []string
	for _, n := range numbers {
		list = append(list, fmt.Sprintf(`{"username":"u%s","mobile_phone":%q}`, n[len(n)-1:], n))
	}
	return `{"auto_read_message":"db-01 disk full","user_list_information":[` + strings.Join(list, ",") + `],"receiver__username":null}`
}

// states returns "u1 accepted, u2 rejected" of an answer.
func states(t *testing.T, answer map[string]any) string {
	t.Helper()
	encoded, err := json.Marshal(answer["data"])
	require.NoError(t, err)
	var data struct {
		Details []struct{ Username, State string }
	}
	require.NoError(t, json.Unmarshal(encoded, &data))
	var parts []string
	for _, d := range data.Details {
		parts = append(parts, d.Username+" "+d.State)
	}
	return strings.Join(parts, ", ")
}
