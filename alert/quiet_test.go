package alert_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := alert.QuietHours{From: 22 * time.Hour, To: 8 * time.Hour}
	in := func(q alert.QuietHours, zone string) alert.QuietHours {
		var err error
		q.Zone, err = time.LoadLocation(zone)
		require.NoError(t, err)
		return q
	}
	early := alert.QuietHours{From: 22 * time.Hour, To: 2*time.Hour + 30*time.Minute}
	tests := []struct {
		name string
		q    alert.QuietHours
		now  string
		s    alert.Severity
		want time.Duration // to wait
	}{
		{"in the night", in(night, "Asia/Shanghai"), "2026-11-29T22:00:00+08:00", alert.Major, 10 * time.Hour},
		{"a second before", in(night, "Asia/Shanghai"), "2026-11-29T21:59:59+08:00", alert.Major, 0},
		{"a second before the end", in(night, "Asia/Shanghai"), "2026-11-29T07:59:59+08:00", alert.Major, time.Second},
		{"at the end", in(night, "Asia/Shanghai"), "2026-11-29T08:00:00+08:00", alert.Major, 0},
		{"the same moment elsewhere", in(night, "Europe/Berlin"), "2026-11-29T22:00:00+08:00", alert.Major, 0},
		{"half an hour off", in(night, "Asia/Kolkata"), "2026-11-29T22:15:00+05:30", alert.Major, 9*time.Hour + 45*time.Minute},
		{"critical", in(night, "Asia/Shanghai"), "2026-11-29T23:00:00+08:00", alert.Critical, 0},
		{"loud from major on", func() alert.QuietHours { q := in(night, "Asia/Shanghai"); q.Loud = alert.Major; return q }(), "2026-11-29T23:00:00+08:00", alert.Major, 0},
		{"nothing is loud", func() alert.QuietHours { q := in(night, "Asia/Shanghai"); q.Loud = alert.Critical + 1; return q }(), "2026-11-29T23:00:00+08:00", alert.Critical, 9 * time.Hour},
		{"no quiet hours", in(alert.QuietHours{From: time.Hour, To: time.Hour}, "UTC"), "2026-11-29T01:00:00Z", alert.Info, 0},
		{"until midnight", in(alert.QuietHours{From: 20 * time.Hour, To: 24 * time.Hour}, "UTC"), "2026-11-29T23:00:00Z", alert.Info, time.Hour},
		{"all day", in(alert.QuietHours{To: 24 * time.Hour}, "UTC"), "2026-11-29T12:00:00Z", alert.Info, 48 * time.Hour},
		// Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
		{"a night of nine hours", in(night, "Europe/Berlin"), "2026-03-28T22:00:00+01:00", alert.Major, 9 * time.Hour},
		{"a night of eleven hours", in(night, "Europe/Berlin"), "2026-10-24T22:00:00+02:00", alert.Major, 11 * time.Hour},
		{"the end is left out", in(early, "Europe/Berlin"), "2026-03-29T01:00:00+01:00", alert.Major, time.Hour},
		{"the end comes twice, before", in(early, "Europe/Berlin"), "2026-10-25T02:00:00+02:00", alert.Major, 30 * time.Minute},
		{"the end comes twice, between", in(early, "Europe/Berlin"), "2026-10-25T02:30:00+02:00", alert.Major, 0},
		{"the end comes twice, again", in(early, "Europe/Berlin"), "2026-10-25T02:10:00+01:00", alert.Major, 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, tt.now)
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(now))
				var far alerttest.Recorder
				s := newRinger(t, &alert.RingPolicy{Quiet: []alert.QuietHours{{}, tt.q}}).Wrap(&far)
				a := alert.Alert{ID: "1", Key: "1", Severity: tt.s}
				err := s.Send(t.Context(), a)
				require.Equal(t, tt.want, alert.RetryAfter(err))
				if tt.want == 0 {
					require.NoError(t, err)
					return
				}
				require.Equal(t, alert.HeldByQuiet, held(err))
				require.ErrorContains(t, err, "alert: held back by quiet hours, nobody was rung; send again in ")
				require.True(t, alert.Retryable(err))
				require.Empty(t, far.Calls())
				if tt.want < 24*time.Hour {
					<-time.After(alert.RetryAfter(err))
					require.NoError(t, s.Send(t.Context(), a), "held is not lost")
				}
			})
		})
	}
}

// What is held in quiet hours is told by a call that may ring, also if that is about
// something else.
func TestQuietHoursAndACriticalAlert(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		var far alerttest.Recorder
		s := newRinger(t, &alert.RingPolicy{Quiet: []alert.QuietHours{{To: 8 * time.Hour, Zone: time.UTC}}}).Wrap(&far)
		require.Equal(t, alert.HeldByQuiet, held(s.Send(t.Context(), alert.Alert{ID: "1"})))
		require.NoError(t, s.Send(t.Context(), critical("2")))
		require.Len(t, far.Calls()[0], 2)
		require.NoError(t, s.Send(t.Context(), alert.Alert{ID: "1"}), "told already")
		require.Len(t, far.Calls(), 1)
	})
}

// A nil zone is that of the machine, in whatever way it is used.
func TestQuietHoursWithoutZone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local := time.Until(time.Date(2000, 1, 3, 8, 0, 0, 0, time.Local))
		<-time.After(local - time.Hour)
		r := newRinger(t, &alert.RingPolicy{Quiet: []alert.QuietHours{{From: 22 * time.Hour, To: 8 * time.Hour}}})
		require.Equal(t, time.Hour, alert.RetryAfter(r.Allow(alert.Major, false, "alice")))
	})
}
