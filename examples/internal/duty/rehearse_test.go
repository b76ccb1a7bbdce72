package duty_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
	"github.com/tocsin-go/tocsin/examples/internal/duty"
)

func TestRehearse(t *testing.T) {
	t.Parallel()
	roster, err := duty.NewRoster(people("Li", "Wang"), write(t, "zone Asia/Shanghai\nmon-fri 09:00-21:00 Li, Wang\nmon-fri 21:00-09:00 Wang\n", 0), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	group := new(alerttest.Recorder)
	c := &duty.Config{
		Name: "duty", Least: alert.Warning, Roster: roster, CallAfter: 10 * time.Minute, Patience: time.Hour,
		Robots: []destinations.Destination{{Name: "wecom", Sender: group}},
	}
	alerts, err := duty.ReadAlerts([]byte(`[{"source":"t","id":"1","key":"a","status":"firing","severity":"critical","name":"disk\nfull"},
		{"source":"t","id":"2","key":"b","status":"firing","severity":"info","name":"cpu"}]`), alert.English)
	require.NoError(t, err)
	at, err := time.Parse(time.RFC3339, "2026-12-01T12:55:00Z")
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, duty.Rehearse(c, alerts, at, &out))
	require.Equal(t, `alert 1: firing critical: disk·full
  2026-12-01 20:55:00 CST  wecom      told: it is taken at once and hears everything
  2026-12-01 21:05:00 CST  autocall   rings Wang (on duty then by the rota): the alert opens an incident, and nobody has taken it 10m0s later
alert 2: firing info: cpu
  2026-12-01 20:55:00 CST  wecom      no: below -severity warning
  2026-12-01 21:05:00 CST  autocall   no: below -severity warning
Of calls that are due at the same time one is placed, which speaks for all; the next one two minutes later.
`, out.String())
	require.Empty(t, group.Calls())

	for file, want := range map[string]int{
		`{"source":"t","id":"1","status":"firing","severity":"critical"}`:                                      1,
		`alertName=cpu&alertState=ALERT&ruleId=r&metricName=CPU&triggerLevel=CRITICAL&timestamp=1700000000000`: 1,
	} {
		alerts, err := duty.ReadAlerts([]byte(file), alert.English)
		require.NoError(t, err)
		require.Len(t, alerts, want)
	}
	for _, file := range []string{"", "[]", "\x00"} {
		_, err := duty.ReadAlerts([]byte(file), alert.English)
		require.Error(t, err, "%q", file)
	}
}
