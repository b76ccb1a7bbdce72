package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

const testToken = "token-hush"

// post gives the handler the captured body of that name.
func post(t testing.TB, h http.Handler, name, token string) int {
	body, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return postBody(h, string(body), token)
}

func postBody(h http.Handler, body, token string) int {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// last returns the alerts of the last call.
func last(r *alerttest.Recorder) []alert.Alert {
	calls := r.Calls()
	if len(calls) == 0 {
		return nil
	}
	return calls[len(calls)-1]
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// What Alertmanager 0.25 sent of three alerts, with max_alerts of two.
func TestCapture(t *testing.T) {
	t.Parallel()
	var got alerttest.Recorder
	h := newHandler(&got, testToken, silent())
	require.Equal(t, http.StatusOK, post(t, h, "firing", testToken))
	alerts := last(&got)
	require.Len(t, alerts, 3)
	require.Equal(t, alert.Alert{
		Source: "alertmanager", Key: "8c77d5865e910658/6b554a76e8ec34c8", ID: "8c77d5865e910658/6b554a76e8ec34c8/firing/2026-11-27T02:57:25.365732043Z",
		Severity: alert.Critical, Level: "critical", Name: "DiskFull", Summary: "磁盘剩余 3%", Product: "node", Instance: "db-1:9100",
		Labels:   map[string]string{"alertname": "DiskFull", "instance": "db-1:9100", "job": "node", "severity": "critical"},
		StartsAt: time.Date(2026, 11, 27, 2, 57, 25, 365732043, time.UTC),
		URL:      "http://prometheus.example.com/graph?g0.expr=disk",
	}, alerts[0])
	require.Equal(t, "Disk almost full", alerts[1].Summary)
	require.Equal(t, alert.Warning, alerts[1].Severity)
	require.True(t, alerts[0].EndsAt.IsZero())
	require.Contains(t, alerts[2].Summary, "left out 1 alerts")
	require.Equal(t, alert.Firing, alerts[2].Status)

	require.Equal(t, http.StatusOK, post(t, h, "mixed", testToken))
	alerts = last(&got)
	require.Equal(t, alert.Resolved, alerts[0].Status)
	require.Equal(t, alert.Critical, alerts[0].Severity, "that of the problem")
	require.Equal(t, "8c77d5865e910658/6b554a76e8ec34c8", alerts[0].Key, "that of the problem")
	require.Equal(t, "8c77d5865e910658/6b554a76e8ec34c8/resolved/2026-11-27T02:57:25Z", alerts[0].ID)
	require.False(t, alerts[0].EndsAt.IsZero())
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const one = `{"version":"4","alerts":[%s]}`
	tests := []struct {
		name, body, token string
		fails             error
		want              int
	}{
		{"accepted", fmt.Sprintf(one, `{"status":"firing","labels":{"alertname":"x"}}`), testToken, nil, http.StatusOK},
		{"no alert", fmt.Sprintf(one, ""), testToken, nil, http.StatusOK},
		{"the Sender fails", fmt.Sprintf(one, `{}`), testToken, errors.New("no"), http.StatusServiceUnavailable},
		{"wrong token", fmt.Sprintf(one, `{}`), "guess", nil, http.StatusUnauthorized},
		{"no token", fmt.Sprintf(one, `{}`), "", nil, http.StatusUnauthorized},
		{"ARMS", `{"alerts":[{"status":"firing"}]}`, testToken, nil, http.StatusOK},
		{"ARMS, no alert", `{"alerts":[]}`, testToken, nil, http.StatusOK},
		{"no webhook at all", `{"x":1}`, testToken, nil, http.StatusBadRequest},
		{"test of ARMS, which fills in nothing", `$alertmanager_content`, testToken, nil, http.StatusBadRequest},
		{"another version", `{"version":"3","alerts":[{}]}`, testToken, nil, http.StatusBadRequest},
		{"no JSON", `alert`, testToken, nil, http.StatusBadRequest},
		{"too long", `{"version":"4","receiver":"` + strings.Repeat("x", maxBody) + `"}`, testToken, nil, http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got alerttest.Recorder
			if tt.fails != nil {
				got.Fail(tt.fails)
			}
			var log bytes.Buffer
			h := newHandler(&got, testToken, slog.New(slog.NewTextHandler(&log, nil)))
			require.Equal(t, tt.want, postBody(h, tt.body, tt.token))
			require.NotContains(t, log.String(), testToken)
			if tt.want != http.StatusOK && tt.fails == nil {
				require.Empty(t, last(&got))
			}
		})
	}
}

// What is not known must not look like good news, nor be dropped as a copy.
func TestSparse(t *testing.T) {
	t.Parallel()
	var got alerttest.Recorder
	h := newHandler(once(&got), testToken, silent())
	require.Equal(t, http.StatusOK, postBody(h, `{"version":"4","alerts":[{"status":"pending","labels":{"severity":"page"}},{}]}`, testToken))
	alerts := last(&got)
	require.Len(t, alerts, 2)
	require.Equal(t, alert.Firing, alerts[0].Status)
	require.Equal(t, alert.Warning, alerts[0].Severity)
	require.Equal(t, "page", alerts[0].LevelWord())
	require.Empty(t, alerts[0].ID+alerts[0].Key)
}

// Who resolves, fires and resolves again within the window is heard each time.
func TestIdentity(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	ids := map[string]bool{}
	for _, s := range []single{
		{Status: "firing", Fingerprint: "f", StartsAt: start},
		{Status: "firing", Fingerprint: "f", StartsAt: start.Add(time.Hour)},
		{Status: "resolved", Fingerprint: "f", StartsAt: start, EndsAt: start.Add(time.Minute)},
		{Status: "resolved", Fingerprint: "f", StartsAt: start, EndsAt: start.Add(2 * time.Minute)},
		{Status: "firing", Fingerprint: "g", StartsAt: start},
		{Status: "firing", Fingerprint: "f", StartsAt: start, Labels: map[string]string{"pod": "b"}},
	} {
		ids[s.alert().ID] = true
	}
	require.Len(t, ids, 6)
}

// A problem is dropped as told already only if it is the one that was told.
func TestOnce(t *testing.T) {
	t.Parallel()
	const (
		early, late = "2026-11-27T03:00:00Z", "2026-11-27T03:20:00Z"
		f           = `{"status":"%s","fingerprint":"%s","labels":{"pod":"%s"},"startsAt":"%s","endsAt":"2026-11-27T03:10:00Z"}`
	)
	tests := []struct {
		name   string
		alerts [][4]any // status, fingerprint, pod, startsAt
		want   int
	}{
		{"told again", [][4]any{{"firing", "f", "a", early}, {"firing", "f", "a", early}}, 1},
		{"two of one fingerprint", [][4]any{{"firing", "f", "a", early}, {"firing", "f", "b", early}}, 2},
		{"two without fingerprint", [][4]any{{"firing", "", "a", early}, {"firing", "", "a", early}}, 2},
		{"back, and its recovery was not told", [][4]any{{"firing", "f", "a", early}, {"firing", "f", "a", late}}, 2},
		{"back after its recovery", [][4]any{{"firing", "f", "a", early}, {"resolved", "f", "a", early}, {"firing", "f", "a", late}}, 3},
		{"the same beginning after a recovery", [][4]any{{"firing", "f", "a", early}, {"resolved", "f", "a", early}, {"firing", "f", "a", early}}, 3},
		{"recovery told again", [][4]any{{"firing", "f", "a", early}, {"resolved", "f", "a", early}, {"resolved", "f", "a", early}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got alerttest.Recorder
			h := newHandler(once(&got), testToken, silent())
			for _, a := range tt.alerts {
				require.Equal(t, http.StatusOK, postBody(h, `{"version":"4","alerts":[`+fmt.Sprintf(f, a[:]...)+`]}`, testToken))
			}
			require.Len(t, slices.Concat(got.Calls()...), tt.want)
		})
	}
}

// What ARMS posts, as its documentation prints it: no version, and an end in the
// future of an alert that is firing.
func TestARMS(t *testing.T) {
	t.Parallel()
	var got alerttest.Recorder
	h := newHandler(once(&got), testToken, silent())
	require.Equal(t, http.StatusOK, post(t, h, "arms", testToken))
	a := last(&got)[0]
	require.Equal(t, alert.Firing, a.Status)
	require.True(t, a.EndsAt.IsZero())
	require.Equal(t, alert.Major, a.Severity)
	require.Equal(t, "ERROR", a.Level)
	require.Equal(t, "容器内存使用率大于80%", a.Name)
	require.Equal(t, "cn-hangzhou", a.Region)
	require.Equal(t, "https://alerts.console.aliyun.com/#/alarm/alert/detail/2848", a.URL)
	for level, want := range map[string]alert.Severity{"P1": alert.Critical, "P2": alert.Major, "P3": alert.Warning, "P4": alert.Info, "P9": alert.Warning} {
		s := single{Labels: map[string]string{armsLevel: level, "severity": "info"}}
		require.Equal(t, want, s.alert().Severity, level)
	}
}

// A group that is told again reaches people with what is new in it.
func TestToldAgain(t *testing.T) {
	t.Parallel()
	var got alerttest.Recorder
	h := newHandler(once(&got), testToken, silent())
	require.Equal(t, http.StatusOK, post(t, h, "firing", testToken))
	require.Equal(t, http.StatusOK, post(t, h, "mixed", testToken))
	alerts := last(&got)
	require.Len(t, alerts, 2, "the recovery, and the note about what was left out")
	require.Equal(t, alert.Resolved, alerts[0].Status)
}

// The program as main builds it, up to a robot.
func TestRobot(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, post(t, newHandler(robot, testToken, silent()), "firing", testToken))
	require.Len(t, server.Messages(), 1)
	require.Contains(t, server.Messages()[0].Content, "DiskFull")
}

// The command of the documentation is one that the program takes.
func TestDocumentedPost(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	page, err := os.ReadFile("../../docs/alertmanager.md")
	require.NoError(t, err)
	_, command, found := strings.Cut(string(page), "<!-- run by TestDocumentedPost -->\n```sh\n")
	require.True(t, found)
	command, _, _ = strings.Cut(command, "```")
	var got alerttest.Recorder
	server := httptest.NewServer(newHandler(&got, testToken, silent()))
	t.Cleanup(server.Close)
	require.Contains(t, command, "http://127.0.0.1:9099/")
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(command, "http://127.0.0.1:9099/", server.URL))
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "WEBHOOK_TOKEN="+testToken)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, out, "an answer that is no success is printed")
	require.Len(t, last(&got), 3)
}

// TestMain lets the test binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv("BE_ALERTMANAGER") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestProgramSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"wecom: new: ":            nil,
		"WEBHOOK_TOKEN has fewer": {"WECOM_KEY=hush"},
		"address nowhere":         {"WECOM_KEY=hush", "WEBHOOK_TOKEN=hush-hush-hush-hush", "LISTEN=nowhere"},
	}
	for want, env := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append([]string{"BE_ALERTMANAGER=1"}, env...)
			out, err := cmd.CombinedOutput()
			require.ErrorAs(t, err, new(*exec.ExitError))
			require.Contains(t, string(out), want)
			require.NotContains(t, string(out), "hush")
		})
	}
}

func Example() {
	group := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		for _, a := range alerts {
			fmt.Printf("%v %v %q %q\n", a.Status, a.Severity, a.Name, a.Instance)
		}
		return nil
	})
	body, err := os.ReadFile("testdata/mixed.json")
	if err != nil {
		panic(err)
	}
	fmt.Println(postBody(newHandler(group, testToken, silent()), string(body), testToken))
	// Output:
	// resolved critical "DiskFull" "db-1:9100"
	// firing warning "DiskFull" "db-2:9100"
	// firing warning "alerts left out" ""
	// 200
}
