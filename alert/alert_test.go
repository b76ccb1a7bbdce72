package alert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func full() alert.Alert {
	return alert.Alert{
		Source:   "aliyun",
		ID:       "event-1",
		Key:      "problem-1",
		Status:   alert.Resolved,
		Severity: alert.Critical,
		Level:    "紧急",
		Name:     "磁盘使用率",
		Summary:  "使用率 95% > 90%",
		Product:  "ecs",
		Region:   "cn-hangzhou",
		Resource: "acs:ecs:cn-hangzhou:1:instance/i-1",
		Instance: "db-1",
		Labels:   map[string]string{"userId": "1"},
		StartsAt: time.Date(2026, 3, 1, 8, 0, 0, 5_000_000, time.UTC),
		EndsAt:   time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		URL:      "https://example.com/?a=1&b=<2>",
	}
}

func TestAlertJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		give alert.Alert
		want string // compared if given
	}{
		{name: "zero value", want: `{"status":"firing","severity":"warning"}`},
		{name: "every field", give: full()},
		{name: "lowest severity", give: alert.Alert{Severity: alert.Info, Status: alert.NoData},
			want: `{"status":"no_data","severity":"info"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(tt.give)
			require.NoError(t, err)
			if tt.want != "" {
				require.JSONEq(t, tt.want, string(encoded))
			}
			var back alert.Alert
			require.NoError(t, json.Unmarshal(encoded, &back))
			require.Equal(t, tt.give, back)
		})
	}
}

func TestAlertJSONRefusesWhatItCannotEncode(t *testing.T) {
	t.Parallel()
	_, err := json.Marshal(alert.Alert{Severity: 100})
	require.ErrorContains(t, err, "severity 100 is out of range")
	_, err = json.Marshal(alert.Alert{Status: 100})
	require.ErrorContains(t, err, "status 100 is out of range")
	var a alert.Alert
	require.ErrorContains(t, json.Unmarshal([]byte(`{"status":"ok"}`), &a), `unknown status "ok"`)
}

func TestAlertClone(t *testing.T) {
	t.Parallel()
	a := full()
	b := a.Clone()
	require.Equal(t, a, b)
	b.Labels["userId"] = "2"
	require.Equal(t, "1", a.Labels["userId"])
	require.Nil(t, alert.Alert{}.Clone().Labels)
}

func TestAlertLevelWord(t *testing.T) {
	t.Parallel()
	require.Equal(t, "紧急", full().LevelWord())
	require.Equal(t, "major", alert.Alert{Severity: alert.Major}.LevelWord())
}

func TestAlertTime(t *testing.T) {
	t.Parallel()
	start, end := time.Unix(100, 0), time.Unix(200, 0)
	tests := []struct {
		name string
		give alert.Alert
		want time.Time
	}{
		{"none", alert.Alert{}, time.Time{}},
		{"firing", alert.Alert{StartsAt: start, EndsAt: end}, start},
		{"resolved", alert.Alert{Status: alert.Resolved, StartsAt: start, EndsAt: end}, end},
		{"resolved at an unknown time", alert.Alert{Status: alert.Resolved, StartsAt: start}, start},
		{"no data", alert.Alert{Status: alert.NoData, StartsAt: start, EndsAt: end}, start},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.give.Time())
		})
	}
}

func TestAlertLogValue(t *testing.T) {
	t.Parallel()
	a := full()
	a.Name = strings.Repeat("磁", 1000)
	var buf bytes.Buffer
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("sent", "alert", a)
	var line struct {
		Alert map[string]string `json:"alert"`
	}
	require.NoError(t, json.Unmarshal(buf.Bytes(), &line))

	name := line.Alert["name"]
	require.LessOrEqual(t, len(name), 256)
	require.True(t, strings.HasSuffix(name, "磁…"), "a cut is visible and between runes: %q", name)
	require.True(t, utf8.ValidString(name))
	require.Equal(t, "test=true", strings.Fields(fmt.Sprint(alert.Alert{Test: true}.LogValue().Group()[2]))[0])
	delete(line.Alert, "name")
	require.Equal(t, map[string]string{
		"status": "resolved", "severity": "critical", "source": "aliyun", "id": "event-1",
		"key": "problem-1", "level": "紧急", "product": "ecs", "region": "cn-hangzhou", "instance": "db-1",
	}, line.Alert)
}
