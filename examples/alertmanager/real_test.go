package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// patience bounds a wait for something that must happen.
const patience = 30 * time.Second

// An Alertmanager with the configuration of docs/alertmanager.md, in which only
// addresses, the file with the token and the waits are others, brings a firing
// and its recovery, repeats what was answered with 503, and reports what it
// leaves out.
func TestRealAlertmanager(t *testing.T) {
	t.Parallel()
	got := make(chan alert.Alert, 100)
	failed := make(chan struct{})
	refuse := true
	sink := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		if refuse { // one call at a time: Alertmanager sends a group in turn
			refuse = false
			close(failed)
			return context.DeadlineExceeded
		}
		for _, a := range alerts {
			got <- a
		}
		return nil
	})
	server := httptest.NewServer(newHandler(sink, testToken, silent()))
	t.Cleanup(server.Close)
	api := startAlertmanager(t, server.URL)

	raise(t, api, `[{"labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"}}]`)
	wait(t, failed)
	firing := wait(t, got)
	require.Equal(t, alert.Firing, firing.Status)
	require.Equal(t, alert.Critical, firing.Severity)
	require.Equal(t, "DiskFull", firing.Name)

	raise(t, api, fmt.Sprintf(`[{"labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"}, "endsAt": %q}]`,
		time.Now().UTC().Format(time.RFC3339)))
	resolved := wait(t, got)
	require.Equal(t, alert.Resolved, resolved.Status)
	require.Equal(t, firing.Key, resolved.Key)
	require.NotEqual(t, firing.ID, resolved.ID)
}

func wait[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
	panic("not reached")
}

// startAlertmanager returns the URL of its API.
func startAlertmanager(t *testing.T, webhook string) string {
	t.Helper()
	program := clitest.RealPart(t, "prometheus-alertmanager")
	dir := t.TempDir()
	token, config := filepath.Join(dir, "token"), filepath.Join(dir, "alertmanager.yml")
	require.NoError(t, os.WriteFile(token, []byte(testToken), 0o600))
	require.NoError(t, os.WriteFile(config, []byte(documented(t, webhook, token)), 0o600))
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := exec.CommandContext(t.Context(), program, "--config.file", config, "--storage.path", dir,
		"--web.listen-address", addr, "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		return ask(t, http.MethodGet, "http://"+addr+"/-/ready", "") == http.StatusOK
	}, patience, 50*time.Millisecond)
	return "http://" + addr + "/api/v2/alerts"
}

// documented returns the configuration that the documentation shows.
func documented(t *testing.T, webhook, token string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/alertmanager.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	for _, r := range [][2]string{
		{"http://127.0.0.1:9099/", webhook},
		{"/etc/alertmanager/tocsin-token", token},
		{"group_wait: 30s", "group_wait: 1s"},
		{"group_interval: 5m", "group_interval: 1s"},
	} {
		require.Contains(t, text, r[0])
		text = strings.ReplaceAll(text, r[0], r[1])
	}
	return text
}

func raise(t *testing.T, api, body string) {
	t.Helper()
	require.Equal(t, http.StatusOK, ask(t, http.MethodPost, api, body))
}

// ask returns the status of the answer, or 0.
func ask(t *testing.T, method, url, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	resp, err := new(http.Client).Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
