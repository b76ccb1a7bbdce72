package outbox_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// scrape returns the page.
func scrape(t *testing.T, b *outbox.Outbox) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, b.WriteMetrics(t.Context(), &page))
	return page.String()
}

func TestWriteMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const name = "a \"b\\\n\xff"
		fault := outbox.Fault{}
		b, err := outbox.Open(outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault { return fault }), nil)
		require.NoError(t, err)
		var far alerttest.Recorder
		far.Fail(errors.New("later"))
		require.NoError(t, b.Route(name, &far, nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "1"}))
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "1"}))
		<-time.After(40 * time.Second)
		page := scrape(t, b)
		const label = `{route="a \"b\\\n�"`
		for _, want := range []string{
			"tocsin_outbox_accepted_alerts_total 1\n", "tocsin_outbox_repeated_alerts_total 1\n", "tocsin_outbox_store_up 1\n",
			"tocsin_outbox_pending_alerts" + label + "} 1\n", "tocsin_outbox_oldest_pending_age_seconds" + label + "} 40\n",
			"tocsin_outbox_route_leased" + label + "} 0\n",
		} {
			require.Contains(t, page, want)
		}
		stop := run(t, b)
		<-time.After(time.Minute)
		far.Fail(forGood{})
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "2"}))
		<-time.After(time.Minute)
		page = scrape(t, b)
		for _, want := range []string{
			"tocsin_outbox_pending_alerts" + label + "} 0\n", "tocsin_outbox_oldest_pending_age_seconds" + label + "} 0\n",
			"tocsin_outbox_stored_dead_letters" + label + "} 1\n", "tocsin_outbox_route_leased" + label + "} 1\n",
			"tocsin_outbox_messages_total" + label + "} 3\n", "tocsin_outbox_failed_messages_total" + label + "} 2\n",
			"tocsin_outbox_delivered_alerts_total" + label + "} 1\n", "tocsin_outbox_retried_alerts_total" + label + "} 1\n",
			"tocsin_outbox_dead_letters_total" + label + `,cause="refused"} 1` + "\n", "tocsin_outbox_dead_letters_total" + label + `,cause="expired"} 0` + "\n",
			"tocsin_outbox_send_duration_seconds_count" + label + "} 3\n", "tocsin_outbox_send_duration_seconds_bucket" + label + `,le="0.01"} 3` + "\n",
			"tocsin_outbox_delivery_delay_seconds_bucket" + label + `,le="30"} 0` + "\n", "tocsin_outbox_delivery_delay_seconds_bucket" + label + `,le="60"} 1` + "\n",
			"tocsin_outbox_delivery_delay_seconds_bucket" + label + `,le="+Inf"} 1` + "\n",
		} {
			require.Contains(t, page, want)
		}
		require.Regexp(t, `delivery_delay_seconds_sum.*} 4[0-9]`, page)
		stop()
		fault.Before = errHush
		page = scrape(t, b)
		require.Contains(t, page, "tocsin_outbox_store_up 0\n")
		require.Contains(t, page, "tocsin_outbox_delivered_alerts_total")
		require.NotContains(t, page, "pending")
		require.NotContains(t, page, "hush")
	})
}

// promtool knows the format and the conventions.
func TestRealPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("TOCSIN_REQUIRE_REAL") == "" {
		t.Skip("no promtool")
	}
	require.NoError(t, err)
	b := newBox(t, new(alerttest.Recorder), nil)
	require.NoError(t, b.Send(t.Context(), alert.Alert{}))
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(scrape(t, b))
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}
