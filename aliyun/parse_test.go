package aliyun_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // test flag

// fixture returns the query and the body of a stored callback.
func fixture(tb testing.TB, name string) (query string, body []byte) {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "fixtures", name))
	require.NoError(tb, err)
	if strings.Contains(name, "-get-") {
		return string(body), nil
	}
	return "", body
}

// fixtures returns the names of all stored callbacks.
func fixtures(tb testing.TB) []string {
	tb.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", "fixtures"))
	require.NoError(tb, err)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Len(tb, names, 72)
	return names
}

// parse reads a fixture that must hold an alert.
func parse(tb testing.TB, name string) *aliyun.Callback {
	tb.Helper()
	query, body := fixture(tb, name)
	c, err := aliyun.Parse(query, body)
	require.NoError(tb, err)
	return c
}

// only returns the one alert of a fixture.
func only(tb testing.TB, name string) alert.Alert {
	tb.Helper()
	alerts := parse(tb, name).Alerts()
	require.Len(tb, alerts, 1)
	return alerts[0]
}

// result is what a golden file holds.
type result struct {
	Error        string               `json:"error,omitempty"`
	Alerts       []alert.Alert        `json:"alerts,omitempty"`
	Problems     []string             `json:"problems,omitempty"`
	Threshold    *aliyun.Threshold    `json:"threshold,omitempty"`
	Event        *aliyun.Event        `json:"event,omitempty"`
	Subscription *aliyun.Subscription `json:"subscription,omitempty"`

	CloudMonitor2 *aliyun.CloudMonitor2 `json:"cloudMonitor2,omitempty"`
	LogAlert      *aliyun.LogAlert      `json:"logAlert,omitempty"`
	Alertmanager  *aliyun.Alertmanager  `json:"alertmanager,omitempty"`
	CloudEvent    *aliyun.CloudEvent    `json:"cloudEvent,omitempty"`
	Unread        []string              `json:"unread,omitempty"`
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got result
			query, body := fixture(t, name)
			c, err := aliyun.Parse(query, body)
			if err != nil {
				got.Error = err.Error()
			} else {
				got = result{
					Alerts: c.Alerts(), Problems: c.Problems,
					Threshold: c.Threshold, Event: c.Event, Subscription: c.Subscription,
					CloudMonitor2: c.CloudMonitor2, LogAlert: c.LogAlert, Alertmanager: c.Alertmanager, CloudEvent: c.CloudEvent,
				}
				for _, e := range c.Unread {
					got.Unread = append(got.Unread, e.Error())
				}
				require.Equal(t, query+string(body), c.Raw)
			}
			text, err := json.MarshalIndent(got, "", "  ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", "golden", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text)+"\n")
		})
	}
}
