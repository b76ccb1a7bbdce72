package duty_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/duty"
)

// write writes a rota and makes it look as if it was changed some time ago.
func write(t *testing.T, text string, ago time.Duration) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rota")
	change(t, path, text, ago)
	return path
}

func change(t *testing.T, path, text string, ago time.Duration) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	at := time.Now().Add(-ago)
	require.NoError(t, os.Chtimes(path, at, at))
}

func named(people []autocall.Person) string {
	var names []string
	for _, p := range people {
		names = append(names, p.Name)
	}
	return strings.Join(names, "|")
}

func TestRoster(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	monday := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	all := people("Li", "Wang", "Chen")
	always, err := duty.NewRoster(all, "", logger)
	require.NoError(t, err)
	require.Equal(t, "Li|Wang|Chen", named(always.At(monday)))
	require.Empty(t, always.Gap(monday))

	path := write(t, "zone UTC\nmon 08:00-20:00 Wang, Li\n", time.Hour)
	r, err := duty.NewRoster(all, path, logger)
	require.NoError(t, err)
	require.Equal(t, "Wang|Li", named(r.At(monday)))
	require.Equal(t, "2026-11-30 20:00 UTC", r.Gap(monday))
	require.Empty(t, log.String())
	require.Equal(t, "Li|Wang|Chen", named(r.At(monday.Add(12*time.Hour))), "somebody has to be rung")
	require.Contains(t, log.String(), "nobody is on duty")

	change(t, path, "zone UTC\nmon-sun 00:00-24:00 Chen\n", time.Minute)
	require.Equal(t, "Chen", named(r.At(monday)))
	log.Reset()
	for range 3 {
		change(t, path, "zone UTC\nmon-sun 00:00-24:00 Zhao\n", time.Second)
		require.Equal(t, "Chen", named(r.At(monday)))
		require.Equal(t, "Chen", named(r.At(monday)))
	}
	require.Contains(t, log.String(), `\"Zhao\" is in the rota, and has no number`)
	require.NotContains(t, log.String(), path)

	_, err = duty.NewRoster(all, path, logger)
	require.ErrorContains(t, err, "has no number")
	_, err = duty.NewRoster(all, path+"x", logger)
	require.Error(t, err)
	require.NotContains(t, err.Error(), path)
}

// The group hears of a hand-over while something is open, and who has it.
func TestHandOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // begins on Saturday 2000-01-01 00:00 UTC
		roster, err := duty.NewRoster(people("Li", "Wang"), write(t, "zone UTC\nmon-sun 00:10-00:30 Li\nmon-sun 00:30-00:10 Wang\n", 0), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		var group alerttest.Recorder
		ctx, cancel := context.WithCancel(t.Context())
		accept, e, run, err := duty.HandOvers(ctx, &group, roster)
		require.NoError(t, err)
		done := make(chan struct{})
		go func() { run(); close(done) }()
		<-time.After(12 * time.Minute)
		require.Empty(t, group.Accepted())
		require.NoError(t, accept.Send(t.Context(), alert.Alert{Source: "s", ID: "1", Key: "1", Name: "disk full", Severity: alert.Critical},
			alert.Alert{Source: "s", ID: "2", Key: "2", Name: "fan"}))
		<-time.After(time.Minute)
		link := group.Accepted()[0].URL
		list, err := e.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		_, err = e.Acknowledge(t.Context(), link[strings.LastIndexByte(link, '/')+1:], "Li", list[0].Number)
		require.NoError(t, err)
		<-time.After(20 * time.Minute) // 00:33
		var told []alert.Alert
		for _, a := range group.Accepted() {
			if a.Name == "Hand-over" {
				told = append(told, a)
			}
		}
		require.Len(t, told, 1)
		require.Equal(t, alert.News, told[0].Status)
		require.Equal(t, "Li → Wang. Still open: disk full (Li); fan", told[0].Summary)
		cancel()
		<-done
	})
}
