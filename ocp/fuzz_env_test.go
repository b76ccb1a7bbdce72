package ocp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/ocp"
)

// FuzzFromEnv: whatever the environment holds, there is an error or an alert
// that can be used. Variables are separated by NUL,
// which no environment can hold.
func FuzzFromEnv(f *testing.F) {
	for _, name := range envFixtures(f) {
		f.Add(strings.Join(envFixture(f, name), "\x00"))
	}
	f.Add("alarm_id=\xff/\x00alarm_level=${alarm_level}\x00alarm_target=:=:a=:b=::\x00alarm_count=-1\x00room=\xc3")
	f.Add("message=【告警恢复通知】\x00alarm_resolved_at=2020-12-03T09:50:12+08:00\x00alarm_status=?")
	f.Fuzz(func(t *testing.T, joined string) {
		environ := strings.Split(joined, "\x00")
		p, err := ocp.FromEnv(environ)
		if err != nil {
			require.Nil(t, p)
			require.ErrorContains(t, err, "no variable of an alarm is set")
			return
		}
		require.LessOrEqual(t, len(p.Problems), 32)
		a := p.Alert()
		require.Equal(t, ocp.Source, a.Source)
		require.False(t, a.Test && (a.ID != "" || a.Key != ""))
		require.Contains(t, []alert.Status{alert.Firing, alert.Resolved}, a.Status)
		require.LessOrEqual(t, len(a.Labels), 160)
		require.LessOrEqual(t, len(a.Key)+len(a.ID), 2*240)
		for _, text := range []string{a.ID, a.Key, a.Level, a.Name, a.Summary, a.Product, a.Region, a.Resource, a.Instance, a.URL} {
			require.True(t, utf8.ValidString(text), "%q", text)
		}
		for _, at := range []time.Time{a.StartsAt, a.EndsAt} {
			require.True(t, at.IsZero() || at.UTC().Year() >= 1970 && at.UTC().Year() <= 9999)
		}
		text, err := json.Marshal(a)
		require.NoError(t, err)
		var back alert.Alert
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, a.Summary, back.Summary)
		require.True(t, a.StartsAt.Equal(back.StartsAt))

		again, err := ocp.FromEnv(environ)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

// FuzzState: whatever a state file holds, the alert goes out or was told
// before, and afterwards the file is sound.
func FuzzState(f *testing.F) {
	f.Add("tocsin ocp state 1\n" + strings.Repeat("0", 32) + " " + strings.Repeat("0", 32) + " 1764200000000\n")
	f.Add("tocsin ocp state 1\n\x00")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		var r alerttest.Recorder
		s := ocp.Remember(path, time.Hour)(&r)
		a := alert.Alert{Source: "ocp", Key: "k", ID: "i"}
		require.NoError(t, s.Send(t.Context(), a))
		require.Len(t, r.Accepted(), 1)
		require.NoError(t, s.Send(t.Context(), a))
		require.Len(t, r.Accepted(), 1)
	})
}
