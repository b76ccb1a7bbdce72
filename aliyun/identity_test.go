package aliyun_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

// alertOf reads one alert from a body.
func alertOf(tb testing.TB, body string) alert.Alert {
	tb.Helper()
	c, err := aliyun.Parse("", []byte(body))
	require.NoError(tb, err)
	alerts := c.Alerts()
	require.Len(tb, alerts, 1)
	return alerts[0]
}

// edit returns a form with fields replaced; an empty value removes the field.
func edit(tb testing.TB, name string, changes map[string]string) string {
	tb.Helper()
	_, body := fixture(tb, name)
	form, err := url.ParseQuery(string(body))
	require.NoError(tb, err)
	for k, v := range changes {
		form.Set(k, v)
		if v == "" {
			form.Del(k)
		}
	}
	return form.Encode()
}

// requirePair checks what the two ends of a problem must have in common.
func requirePair(tb testing.TB, begin, end alert.Alert) {
	tb.Helper()
	require.NotEmpty(tb, begin.Key)
	require.Equal(tb, begin.Key, end.Key)
	require.NotEqual(tb, begin.ID, end.ID)
	require.Equal(tb, alert.Firing, begin.Status)
	require.Equal(tb, alert.Resolved, end.Status)
	require.Equal(tb, begin.Severity, end.Severity)
	require.Equal(tb, begin.Level, end.Level)
	require.True(tb, begin.EndsAt.IsZero())
	require.False(tb, end.EndsAt.IsZero())
}

func TestThresholdPair(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"threshold-2023-apigateway-alert.form", "threshold-2019-ecs-disk.form", "threshold-2019-rds.form"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := only(t, name)
			end := alertOf(t, edit(t, name, map[string]string{
				"alertState": "OK", "triggerLevel": "OK", "preTriggerLevel": "INFO",
				"timestamp": "1785646149981", "curValue": "0", "lastTime": "7分钟",
			}))
			requirePair(t, begin, end)
		})
	}
	// Bodies of 2018 have neither a rule nor levels.
	requirePair(t, only(t, "threshold-2018-ecs-12fields.form"),
		alertOf(t, edit(t, "threshold-2018-ecs-12fields.form", map[string]string{"alertState": "OK", "timestamp": "1532234980000"})))
}

func TestThresholdIdentity(t *testing.T) {
	t.Parallel()
	const name = "threshold-2019-ecs-disk.form"
	base := only(t, name)
	tests := []struct {
		name            string
		change          map[string]string
		sameKey, sameID bool
	}{
		{"redelivery", nil, true, true},
		{"order of dimensions", map[string]string{"dimensions": "{instanceId=i-example00000000000002, userId=1234567890123456, device=/dev/vda1}"}, true, true},
		{"repeated later", map[string]string{"timestamp": "1566382990000"}, true, false},
		{"no longer known", map[string]string{"alertState": "INSUFFICIENT_DATA"}, true, false},
		{"another level", map[string]string{"triggerLevel": "CRITICAL"}, true, false},
		{"another device", map[string]string{"dimensions": "{userId=1234567890123456, device=/dev/vdb1, instanceId=i-example00000000000002}"}, false, false},
		{"another rule", map[string]string{"ruleId": "x"}, false, false},
		{"same transaction", map[string]string{"transId": "x"}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := alertOf(t, edit(t, name, test.change))
			require.Equal(t, test.sameKey, base.Key == got.Key, "key %s and %s", base.Key, got.Key)
			require.Equal(t, test.sameID, base.ID == got.ID, "id %s and %s", base.ID, got.ID)
		})
	}
}

func TestEventPair(t *testing.T) {
	t.Parallel()
	requirePair(t, only(t, "event-ecs-reboot-scheduled.json"), only(t, "event-ecs-reboot-avoided.json"))

	_, stalled := fixture(t, "event-ecs-disk-stalled-start.json")
	over := strings.Replace(string(stalled), `"executeStartTime"`, `"executeFinishTime": "2019-04-10T01:09:01Z", "executeStartTime"`, 1)
	over = strings.Replace(over, "20190410T080101.922", "20190410T090901.922", 1)
	requirePair(t, only(t, "event-ecs-disk-stalled-start.json"), alertOf(t, over))

	_, running := fixture(t, "event-syn-agent-running.json")
	stopped := strings.NewReplacer("Agent_Status_Running", "Agent_Status_Stopped", `"Running"`, `"Stopped"`).Replace(string(running))
	requirePair(t, alertOf(t, stopped), only(t, "event-syn-agent-running.json"))

	_, end := fixture(t, "event-syn-rds-failover-end.json")
	start := strings.NewReplacer("Failure_End", "Failure_Start", `"Executed"`, `"Executing"`).Replace(string(end))
	requirePair(t, alertOf(t, start), only(t, "event-syn-rds-failover-end.json"))
}

func TestEventIdentity(t *testing.T) {
	t.Parallel()
	_, body := fixture(t, "event-ecs-livemigration-failed.json")
	failed := alertOf(t, string(body))
	started := alertOf(t, strings.Replace(string(body), `"failed"`, `"started"`, 1))
	require.Equal(t, started.Key, failed.Key, "one migration")
	require.NotEqual(t, started.ID, failed.ID)
	requirePair(t, started, alertOf(t, strings.NewReplacer(`"failed"`, `"accomplished"`, "092545", "092600").Replace(string(body))))

	// The pipeline's own times differ between deliveries of one event.
	_, body = fixture(t, "event-2020-cfw-dryrun.json")
	again := bytes.Replace(body, []byte("1608106123986"), []byte("1608106999999"), 1)
	require.NotEqual(t, body, again)
	require.Equal(t, alertOf(t, string(body)).ID, alertOf(t, string(again)).ID)

	// Without resource and instance nobody knows what the event is about.
	require.Empty(t, alertOf(t, `{"product":"waf","name":"waf_event_webscan"}`).Key)
	// Without id and time the text decides.
	one, two := alertOf(t, `{"product":"p","name":"n"}`), alertOf(t, `{"product":"p","name":"n","x":1}`)
	require.NotEqual(t, one.ID, two.ID)
}

// Nothing promises that an id of the vendor belongs to one resource only, and
// a test from the console has a placeholder where the resource should stand.
func TestEventAboutAnotherInstance(t *testing.T) {
	t.Parallel()
	_, body := fixture(t, "event-2020-cfw-dryrun.json")
	one := alertOf(t, string(body))
	other := alertOf(t, strings.Replace(string(body), `"instanceName":"instanceName"`, `"instanceName":"web-02"`, 1))
	require.Equal(t, "web-02", other.Instance)
	require.NotEqual(t, one.ID, other.ID)
	require.NotEqual(t, one.Key, other.Key)
}

func TestSubscriptionPair(t *testing.T) {
	t.Parallel()
	requirePair(t, only(t, "subscription-doc-post-json.json"), only(t, "subscription-syn-resolved.json"))
	require.Equal(t, only(t, "subscription-2024.form").ID, only(t, "subscription-2024.json").ID)
	require.Equal(t, only(t, "subscription-get-json.form"), only(t, "subscription-doc-post-json.json"))
}

func TestIdentitiesAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 50_000)
	for _, body := range []string{
		`{"product":"` + long + `","name":"` + long + `","id":"` + long + `","eventTime":"` + long + `","resourceId":"` + long + `"}`,
		"alertState=" + long + "&transId=" + long,
		`{"alert":{"dedupId":"` + long + `","alertStatus":"` + long + `"},"batchId":"1"}`,
	} {
		a := alertOf(t, body)
		require.LessOrEqual(t, len(a.ID), 220)
		require.LessOrEqual(t, len(a.Key), 220)
	}
}

// TestThresholdObjects: a rule that is about several objects has several problems.
func TestThresholdObjects(t *testing.T) {
	t.Parallel()
	const body = "alertState=ALERT&triggerLevel=WARN&timestamp=1685646149981"
	one := alertOf(t, body+"&ruleId=r&dimensions={userId=1, instanceId=i-1}")
	for name, other := range map[string]string{
		"another rule":           "&ruleId=s&dimensions={userId=1, instanceId=i-1}",
		"another instance":       "&ruleId=r&dimensions={userId=1, instanceId=i-2}",
		"no instance":            "&ruleId=r&dimensions={userId=1}",
		"instance named only":    "&ruleId=r&dimensions={userId=1}&instanceName=db-1",
		"other instance named":   "&ruleId=r&dimensions={userId=1}&instanceName=db-2",
		"group only":             "&ruleId=r&dimensions={userId=1}&groupId=7",
		"other group":            "&ruleId=r&dimensions={}&groupId=8",
		"transaction":            "&ruleId=r&transId=t&dimensions={userId=1, instanceId=i-1}",
		"shared transaction":     "&ruleId=r&transId=t&dimensions={userId=1, instanceId=i-2}",
		"device of the instance": "&ruleId=r&dimensions={userId=1, instanceId=i-1, device=/dev/vdb}",
		"no rule":                "&alertName=a&metricName=m&dimensions={userId=1, instanceId=i-1}",
		"no rule, other name":    "&alertName=b&metricName=m&dimensions={userId=1, instanceId=i-1}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := alertOf(t, body+other)
			require.NotEqual(t, one.Key, a.Key)
			require.NotEqual(t, one.ID, a.ID)
			worse := alertOf(t, strings.NewReplacer("WARN", "CRITICAL", "1685646149981", "1685646209981").Replace(body+other))
			require.Equal(t, a.Key, worse.Key, "one problem that gets worse")
			require.NotEqual(t, a.ID, worse.ID)
		})
	}
}

// TestSubscriptionKeys: the event names its problem wherever it can.
func TestSubscriptionKeys(t *testing.T) {
	t.Parallel()
	const meta = `"product":"RDS","name":"NAME","resourceId":"acs:rds:cn-x:1:dbinstance/rm-1","level":"CRITICAL"`
	const bare = `"product":"RDS","eventName":"NAME","arn":"acs:rds:cn-x:1:dbinstance/rm-1","severity":"CRITICAL"`
	asB := func(name string) alert.Alert { return alertOf(t, "{"+strings.ReplaceAll(meta, "NAME", name)+"}") }
	subscribed := func(fields, name, dedup, status string) alert.Alert {
		return alertOf(t, `{"alert":{"alertStatus":"`+status+`","dedupId":"`+dedup+`",`+strings.ReplaceAll(fields, "NAME", name)+`},"batchId":"b","time":1755824400000}`)
	}
	wrapped := `"meta":{"sysEventMeta":{` + meta + `}}`
	for _, fields := range []string{wrapped, bare} {
		begin := subscribed(fields, "Instance_Failure_Start", "1", "TRIGGERED")
		require.Equal(t, asB("Instance_Failure_Start").Key, begin.Key)
		requirePair(t, begin, subscribed(fields, "Instance_Failure_End", "2", "TRIGGERED"))
		requirePair(t, begin, subscribed(fields, "Instance_Failure_Start", "3", "RESOLVED"))
	}
	news := subscribed(wrapped, "Disk:DiskOperationCompleted", "1", "TRIGGERED")
	require.Equal(t, alert.News, news.Status)
	require.NotEqual(t, news.Key, subscribed(wrapped, "Disk:DiskOperationCompleted", "2", "TRIGGERED").ID)
	// Where neither the event nor its object is named, only dedupId is left.
	require.Equal(t, "subscription/1", subscribed(`"severity":"INFO"`, "", "1", "TRIGGERED").Key)
	require.Equal(t, aliyun.Source, news.Source)
}
