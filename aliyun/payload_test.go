package aliyun_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

func TestThresholdPayload(t *testing.T) {
	t.Parallel()
	p := parse(t, "threshold-syn-customlabels.form").Threshold
	require.Equal(t, "API网关_返回码5XX个数", p.AlertName)
	require.Equal(t, "$Value >= 5", p.Expression)
	require.Equal(t, "个", p.Unit)
	require.Equal(t, "INFO", p.TriggerLevel)
	require.Empty(t, p.PreTriggerLevel, "the text null is absent")
	require.Empty(t, p.InstanceName)
	require.Empty(t, p.RegionID)
	require.Equal(t, "dba", p.CustomLabels.Get("team"))
	require.Equal(t, "prod", p.CustomLabels.Get("env"))
	require.Equal(t, aliyun.Fields{{"someFutureField", "x"}}, p.Extra)
	require.Equal(t, "1685646149981", p.Timestamp)
	require.Equal(t, int64(1685646149981), p.At.UnixMilli())
	require.Empty(t, p.CustomLabels.Get("absent"))
}

func TestRuleNamedNull(t *testing.T) {
	t.Parallel()
	a := alertOf(t, "alertState=ALERT&alertName=null&metricName=null")
	require.Equal(t, "null", a.Name, "a rule may have any name")
	require.NotContains(t, a.Labels, "metricName")
}

func TestEventPayload(t *testing.T) {
	t.Parallel()
	p := parse(t, "event-2020-cfw-dryrun.json").Event
	require.True(t, p.DryRun())
	require.Equal(t, "Exceeded", p.State())
	require.Equal(t, "10M", p.Content.Get("BandwidthSpecifications"))
	require.True(t, strings.HasPrefix(p.ContentText, `{"logStore":"dry_run"`))
	require.Equal(t, time.Date(2020, 12, 16, 16, 8, 41, 792e6, time.FixedZone("", 8*60*60)), p.At)
	require.Empty(t, p.Extra)

	require.False(t, parse(t, "event-doc-2023-ecs-statechange.json").Event.DryRun())
	require.Equal(t, "Avoided", parse(t, "event-ecs-reboot-avoided.json").Event.State())
	require.Equal(t, "Executing", parse(t, "event-ecs-disk-stalled-start.json").Event.State())
	require.Empty(t, parse(t, "event-ecs-preemptible.json").Event.State())
}

func TestSubscriptionPayload(t *testing.T) {
	t.Parallel()
	p := parse(t, "subscription-doc-post-json.json").Subscription
	require.Equal(t, "eventwebhook", p.StrategyName)
	require.Equal(t, "testid", p.Policy.SubscriptionUUID)
	require.Equal(t, "TRIGGERED", p.Alert.AlertStatus)
	require.Equal(t, "test-id", p.Alert.DedupID)
	require.Equal(t, "i-testhost", p.Alert.Meta.InstanceName)
	require.Equal(t, p.Alert.Content, p.Alert.Meta.Content)
	require.Equal(t, int64(1704780333000), p.At.UnixMilli())

	form, object := parse(t, "subscription-2024.form"), parse(t, "subscription-2024.json")
	require.Equal(t, form.Subscription.Alert.Content, object.Subscription.Alert.Content)
	require.Equal(t, form.Subscription.Alert.Meta.Extra, object.Subscription.Alert.Meta.Extra)
	require.Equal(t, form.Subscription.Policy, object.Subscription.Policy)
	require.Equal(t, form.Alerts()[0].Summary, object.Alerts()[0].Summary)
	require.Contains(t, form.Alerts()[0].Summary, "实例状态改变通知")
}

// TestSubscriptionTriggered: a policy without recovery sends TRIGGERED for the
// good news too, so the event itself is asked.
func TestSubscriptionTriggered(t *testing.T) {
	t.Parallel()
	const body = `{"alert":{"alertStatus":"STATUS","dedupId":"1","severity":"CRITICAL","meta":{"sysEventMeta":
		{"product":"CloudMonitor","name":"NAME","status":"WORD","level":"CRITICAL"}}},"batchId":"b","time":1704780333000}`
	tests := []struct {
		name, state, event, word string
		want                     alert.Status
	}{
		{"stopped", "TRIGGERED", "Agent_Status_Stopped", "Stopped", alert.Firing},
		{"stopped, over", "RESOLVED", "Agent_Status_Stopped", "Stopped", alert.Resolved},
		{"running", "TRIGGERED", "Agent_Status_Running", "Running", alert.Resolved},
		{"unknown state", "ESCALATED", "Agent_Status_Stopped", "Stopped", alert.Firing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := alertOf(t, strings.NewReplacer("STATUS", test.state, "NAME", test.event, "WORD", test.word).Replace(body))
			require.Equal(t, test.want, a.Status)
			require.Equal(t, alert.Critical, a.Severity)
			require.Equal(t, "subscription/1", a.Key)
		})
	}
}

func TestSourceRanges(t *testing.T) {
	t.Parallel()
	documented := func(address string) bool {
		for _, prefix := range aliyun.SourceRanges() {
			require.Equal(t, prefix, prefix.Masked())
			if prefix.Contains(netip.MustParseAddr(address)) {
				return true
			}
		}
		return false
	}
	for _, address := range []string{
		"106.11.225.1", "106.11.226.255", "106.11.227.0", "106.11.242.9", "106.11.167.100", "106.11.245.3", "59.82.0.1", "59.82.84.1",
		"203.119.128.1", "203.119.156.1", "203.119.255.255", "121.41.9.246", "47.74.206.122", "47.74.206.255", "8.222.159.116",
	} {
		require.True(t, documented(address), address)
	}
	for _, address := range []string{"106.11.224.255", "121.41.9.247", "203.119.127.255", "47.74.207.0", "8.222.160.1", "::1", "127.0.0.1"} {
		require.False(t, documented(address), address)
	}
}

// TestHostileSize: bodies near the limit that would take minutes if any step
// were quadratic.
func TestHostileSize(t *testing.T) {
	t.Parallel()
	bodies := map[string]func(n int) string{
		"keys": func(n int) string { return `{"product":"p","name":"n"` + strings.Repeat(`,"k":1`, n) + "}" },
		"content": func(n int) string {
			return `{"product":"p","name":"n","content":{"a":0` + strings.Repeat(`,"k":1`, n) + "}}"
		},
		"escapes": func(n int) string { return `{"product":"p","name":"` + strings.Repeat(`\\\"`, n) + `"}` },
		"brackets": func(n int) string {
			return `{"product":"p","name":"n","x":` + strings.Repeat("[", n%9000) + strings.Repeat("]", n%9000) + "}"
		},
		"form":       func(n int) string { return "alertState=OK" + strings.Repeat("&k=%25", n) },
		"dimensions": func(n int) string { return "alertState=OK&dimensions={" + strings.Repeat("a, ", n) + "}" },
		"group": func(n int) string {
			return `{"alerts":[{"labels":{"k":"1"` + strings.Repeat(`,"k":1`, n) + `}}],"commonLabels":{"a":1}}`
		},
		"envelope": func(n int) string {
			return `{"type":"a:b","source":"s","data":{"k":1` + strings.Repeat(`,"k":1`, n) + "}}"
		},
		"entity": func(n int) string { return `{"alertEntityId":"e","labels":{"k":1` + strings.Repeat(`,"k":1`, n) + "}}" },
		"rows": func(n int) string {
			return `{"alert_id":"e","alert_time":1,"fire_results":[1` + strings.Repeat(`,1`, n) + "]}"
		},
		"no alerts":  func(n int) string { return `[` + strings.Repeat(`{},`, n) + `{"product":"p","name":"n"}]` },
		"separators": func(n int) string { return "alertState=OK&dimensions={" + strings.Repeat("a=b, ", n) + "}" },
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := alertOf(t, body(150_000))
			require.NotEmpty(t, a.ID)
		})
	}
}
