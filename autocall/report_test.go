package autocall_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

//nolint:gochecknoglobals // a flag
var update = flag.Bool("update", false, "rewrite the golden files")

// What readers of a chat are told, in each language.
func TestReports(t *testing.T) {
	t.Parallel()
	call := autocall.Call{
		Severity: alert.Critical, Message: "告警通知，磁盘已满，联系 " + numberA,
		People: []autocall.Person{{Name: "张三", Number: numberA}, {Number: numberB}, {Name: numberC, Number: numberC}},
	}
	begun := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	rung := []autocall.Entry{{Event: autocall.EventHandedOut}}
	var text strings.Builder
	for _, l := range []alert.Locale{alert.Chinese, alert.English, alert.Japanese} {
		for _, s := range []autocall.Status{
			{ID: "1", State: autocall.Answered, By: &call.People[0], Phone: "p1"},
			{ID: "2", State: autocall.Answered, By: &call.People[1]},
			{ID: "3", State: autocall.Exhausted, Round: 3, Phone: "p2", Audit: rung},
			{ID: "4", State: autocall.Expired, Round: 1, Audit: rung},
			{ID: "5", State: autocall.Exhausted, Round: 1, Audit: []autocall.Entry{{Event: autocall.EventSkipped, Cause: "the block list"}}},
		} {
			s.Call, s.Created = call, begun
			var to alerttest.Recorder
			require.NoError(t, autocall.Report(&to, l)(t.Context(), s))
			require.False(t, to.Accepted()[0].Test)
			write(&text, to.Accepted())
			s.Call.Test = true
			require.NoError(t, autocall.Report(&to, l)(t.Context(), s))
			require.True(t, to.Accepted()[1].Test)
		}
		var to alerttest.Recorder
		silence := autocall.ReportSilence(&to, l)
		require.NoError(t, silence(t.Context(), autocall.PhoneStatus{Name: "p1", Model: "MI 8", Seen: begun, Silent: true}))
		write(&text, to.Accepted())
	}
	const golden = "testdata/reports.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o600))
	}
	require.Equal(t, fixture(t, "reports.golden"), text.String())
	leaktest.Check(t, []string{numberA, numberB, numberC}, text.String())
}

func write(text *strings.Builder, alerts []alert.Alert) {
	for _, a := range alerts {
		fmt.Fprintf(text, "%s %s %v %v | %s | %s | %s %s %s\n", a.Source, a.ID, a.Status, a.Severity, a.Name, a.Summary,
			a.Instance, a.Resource, a.StartsAt.Format(time.RFC3339))
	}
}

// The error of the Sender is that of the callback, so that it is called again.
func TestReportFails(t *testing.T) {
	t.Parallel()
	var to alerttest.Recorder
	to.Fail(context.DeadlineExceeded)
	require.ErrorIs(t, autocall.Report(&to, alert.English)(t.Context(), autocall.Status{State: autocall.Exhausted}), context.DeadlineExceeded)
}
