package relaying

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// monitoring is where the rules and the dashboard are.
const monitoring = "../../../docs/monitoring/"

// A Prometheus with the configuration of docs/monitoring scrapes the relay, takes the
// rules, and knows every name that the dashboard asks for.
func TestRealPrometheus(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "prometheus")
	promtool := clitest.RealPart(t, "promtool")
	far := newRobot(t, nil)
	p := launch(t, "-callback-secret", testSecret, "-wecom-url", far.url, "-admin-listen", "127.0.0.1:0", "-admin-token", testAdmin)
	target := p.errout.Await(t, `msg="admin API" addr=(\S+)`)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	far.next(t)

	out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", monitoring+"tocsin.rules.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	req := p.adminRequest(t, http.MethodGet, "", "")
	req.URL.Path = "/metrics"
	req.Header.Set("Authorization", "Bearer "+testAdmin)
	_, page := do(t, req)
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(page)
	out, err = check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))

	api := startPrometheus(t, target)
	require.Eventually(t, func() bool { return len(query(t, api, "tocsin_outbox_delivered_alerts_total == 1")) == 1 }, clitest.Patience, 100*time.Millisecond)
	require.Len(t, query(t, api, `up{job="tocsin"} == 1`), 1)
	for _, e := range expressions(t) {
		query(t, api, e)
	}
	// Each name alone, since a comparison or a rate may be empty.
	for name := range strings.FieldsFuncSeq(strings.Join(expressions(t), " "), func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		if strings.HasPrefix(name, "tocsin_") {
			require.NotEmpty(t, query(t, api, name), name)
		}
	}
}

// startPrometheus returns the URL of its API.
func startPrometheus(t *testing.T, target string) string {
	t.Helper()
	dir := t.TempDir()
	config, err := os.ReadFile(monitoring + "prometheus.yml")
	require.NoError(t, err)
	rules, err := filepath.Abs(monitoring + "tocsin.rules.yml")
	require.NoError(t, err)
	token := filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(token, []byte(testAdmin+"\n"), 0o600))
	text := string(config)
	for _, r := range [][2]string{{"127.0.0.1:8081", target}, {"/etc/prometheus/tocsin-admin-token", token}, {"- tocsin.rules.yml", "- " + rules}} {
		require.Contains(t, text, r[0])
		text = strings.Replace(text, r[0], r[1], 1)
	}
	text += "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := exec.CommandContext(t.Context(), "prometheus", "--config.file", file, "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", addr)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/-/ready", http.NoBody)
		require.NoError(t, err)
		resp, err := new(http.Client).Do(req)
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == 200
	}, clitest.Patience, 100*time.Millisecond)
	return "http://" + addr + "/api/v1/query"
}

// query returns the result of an expression, which must be one.
func query(t *testing.T, api, expression string) []json.RawMessage {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"?query="+url.QueryEscape(expression), http.NoBody)
	require.NoError(t, err)
	code, text := do(t, req)
	require.Equal(t, 200, code, "%s: %s", expression, text)
	var answer struct {
		Status string
		Data   struct{ Result []json.RawMessage }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.Equal(t, "success", answer.Status, expression)
	return answer.Data.Result
}

// expressions returns what the dashboard asks for.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(monitoring + "dashboard.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	for _, p := range board.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			all = append(all, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
		}
	}
	require.Greater(t, len(all), 10)
	return all
}
