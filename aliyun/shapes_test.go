package aliyun_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

// object is a JSON object that a test changes.
type object = map[string]any

// vary returns a stored object with changes; nil removes a key. A key with dots
// leads into objects, and a number into arrays.
func vary(tb testing.TB, name string, changes object) string {
	tb.Helper()
	_, body := fixture(tb, name)
	var top object
	require.NoError(tb, json.Unmarshal(body, &top))
	for path, value := range changes {
		at := top
		keys := strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			switch inner := at[key].(type) {
			case object:
				at = inner
			case []any:
				at, _ = inner[0].(object)
			}
		}
		at[keys[len(keys)-1]] = value
		if value == nil {
			delete(at, keys[len(keys)-1])
		}
	}
	text, err := json.Marshal(top)
	require.NoError(tb, err)
	return string(text)
}

const (
	cms2 = "cms2-occurred.json"
	sls  = "sls-firing.json"
	arms = "arms-firing.json"
	ce   = "cloudevent-agent-stopped.json"
)

// What is one problem and what are two, what is one event and what are two.
func TestShapeIdentity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, of        string
		change          object
		sameKey, sameID bool
	}{
		{"redelivery", cms2, nil, true, true},
		{"field of the future", cms2, object{"future": 1}, true, true},
		{"persistent", cms2, object{"status": "PERSISTENT", "id": "2", "timestamp": int64(1785300300123)}, true, false},
		{"persistent with the same id", cms2, object{"status": "PERSISTENT"}, true, false},
		{"told again later", cms2, object{"timestamp": int64(1785300300123)}, true, false},
		{"resolved", cms2, object{"status": "RESOLVED", "subtype": "NORMAL_RESOLVE"}, true, false},
		{"another value", cms2, object{"data.value": 99, "alertMessage": "x", "annotations": object{"current_value": "99"}}, true, true},
		{"more severe", cms2, object{"severity": "WARN"}, true, false},
		{"another entity", cms2, object{"alertEntityId": "ecs:i-bbbb"}, false, false},
		{"another entity in the resource", cms2, object{"resource.entity.entity_id": "i-bbbb"}, false, false},
		{"another disk", cms2, object{"labels": object{"_cms_region": "cn-hangzhou", "device": "/dev/vdb"}}, false, false},
		{"another value in a label", cms2, object{"labels": object{"_cms_region": "cn-hangzhou", "current_value": "99", "severity": "INFO"}}, true, true},
		{"another rule", cms2, object{"ruleId": "rule-2"}, false, false},
		{"another workspace", cms2, object{"workspace": "w"}, false, false},

		{"redelivery", sls, nil, true, true},
		{"evaluated again", sls, object{"alert_instance_id": "ee16a5c2-9", "alert_time": 1785300060}, true, false},
		{"resolved", sls, object{"status": "resolved", "resolve_time": 1785300600}, true, false},
		{"more severe", sls, object{"severity": 8}, true, false},
		{"another fingerprint", sls, object{"fingerprint": "f2"}, false, false},
		{"another project", sls, object{"project": "other"}, false, false},

		{"redelivery", arms, nil, true, true},
		{"other notes", arms, object{"alerts.annotations": object{"message": "x"}}, true, true},
		{"told with its end moved", arms, object{"alerts.endsAt": "2021-02-22T07:37:15Z"}, true, true},
		{"another level", arms, object{"alerts.labels._aliyun_arms_alert_level": "CRITICAL"}, true, false},
		{"fired again", arms, object{"alerts.startsAt": "2021-02-22T09:18:15Z"}, true, false},
		{"resolved", arms, object{"alerts.status": "resolved"}, true, false},
		{"another fingerprint", arms, object{"alerts.fingerprint": "f2"}, false, false},
		{"equal fingerprint, other labels", arms, object{"alerts.labels.pod": "b"}, true, false},

		{"redelivery", ce, nil, true, true},
		{"another event id", ce, object{"id": "2"}, true, false},
		{"id in the data", ce, object{"data.id": "45ef4dew-7c35-447a-bd93-fab000000001"}, true, true},
		{"later", ce, object{"time": "2026-07-29T15:00:00+08:00"}, true, false},
		{"another machine", ce, object{"data.resourceId": "acs:ecs:cn-hangzhou:1:instance/i-bbbb"}, false, false},
	}
	for _, test := range tests {
		t.Run(test.of+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			base, got := only(t, test.of), alertOf(t, vary(t, test.of, test.change))
			require.NotEmpty(t, base.Key)
			require.Equal(t, test.sameKey, base.Key == got.Key, "key %s and %s", base.Key, got.Key)
			require.Equal(t, test.sameID, base.ID == got.ID, "id %s and %s", base.ID, got.ID)
		})
	}
}

// Without what usually identifies it, a problem has another identity, which
// firing and recovery share all the same.
func TestShapeIdentityIncomplete(t *testing.T) {
	t.Parallel()
	over := map[string]object{
		cms2: {"status": "RECOVERED", "id": "2", "timestamp": int64(1785300600123), "time": nil},
		sls:  {"status": "resolved", "resolve_time": 1785300600, "alert_instance_id": "ee16a5c2-2", "alert_time": 1785300600, "fire_results": nil},
		arms: {"alerts.status": "resolved", "alerts.labels._aliyun_arms_alert_level": "P1", "alerts.annotations": nil},
	}
	other := map[string]object{ // another object of the same rule
		cms2: {"labels": object{"device": "vdb"}},
		sls:  {"labels": object{"env": "test"}},
		arms: {"alerts.labels.clustername": "k8s-2"},
	}
	without := map[string][]object{
		cms2: {
			{}, {"ruleId": nil}, {"alertEntityId": nil}, {"resource": nil}, {"ruleId": nil, "alertEntityId": nil, "resource": nil, "workspace": nil},
			{"specversion": nil, "type": nil, "subtype": nil},
		},
		sls:  {{}, {"fingerprint": nil}, {"fingerprint": nil, "alert_id": nil}, {"fingerprint": nil, "project": nil, "aliuid": nil}},
		arms: {{}, {"alerts.fingerprint": nil}},
	}
	for of, list := range without {
		for i, gone := range list {
			t.Run(fmt.Sprintf("%s/%d", of, i), func(t *testing.T) {
				t.Parallel()
				change := func(more object) alert.Alert {
					all := object{}
					for _, m := range []object{more, gone} {
						maps.Copy(all, m)
					}
					return alertOf(t, vary(t, of, all))
				}
				begin, end := change(nil), change(over[of])
				require.NotEmpty(t, begin.Key)
				require.Equal(t, begin.Key, end.Key)
				require.NotEqual(t, begin.ID, end.ID)
				require.Equal(t, alert.Firing, begin.Status)
				require.Equal(t, alert.Resolved, end.Status)
				require.True(t, begin.EndsAt.IsZero())
				require.False(t, end.EndsAt.IsZero())
				if of == cms2 || i > 0 {
					require.NotEqual(t, begin.Key, change(other[of]).Key)
				}
			})
		}
	}
}

// An event is the same, whether it comes by EventBridge or by an event rule.
func TestCloudEventIsTheEvent(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		c, err := aliyun.Parse(fixture(t, name))
		if err != nil || c.Event == nil || c.CloudEvent != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, body := fixture(t, name)
			want := c.Alerts()[0]
			data := map[string]string{
				"object": `"data":` + string(body),
				"text":   `"data":` + quote(t, string(body)),
				"base64": `"data_base64":"` + base64.StdEncoding.EncodeToString(body) + `"`,
			}
			for how, data := range data {
				got := alertOf(t, `{"type":"ecs:CloudMonitor:Whatever",`+data+`,"source":"acs.ecs","subject":"acs:x:y:1:z","specversion":"1.0","id":"1","time":"2020-01-01T00:00:00Z"}`)
				require.Equal(t, want.Key, got.Key, how)
				require.Equal(t, want.Status, got.Status, how)
				require.Equal(t, want.Name, got.Name, how)
				require.Equal(t, want.Product, got.Product, how)
				require.Equal(t, want.Resource == "", got.Resource == "acs:x:y:1:z", how)
				if c.Event.ID != "" && c.Event.EventTime != "" {
					require.Equal(t, want.ID, got.ID, how)
				}
			}
		})
	}
}

func quote(tb testing.TB, text string) string {
	tb.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(tb, err)
	return string(quoted)
}

// Whatever is known is known in an envelope too.
func TestCloudEventOfEveryShape(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		query, body := fixture(t, name)
		c, err := aliyun.Parse(query, body)
		if err != nil || c.CloudEvent != nil || query != "" || body[0] != '{' {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := aliyun.Parse("", []byte(`{"specversion":"1.0","id":"1","source":"acs.x","type":"x:y:z","data":`+string(body)+`}`))
			require.NoError(t, err)
			require.NotNil(t, got.CloudEvent)
			want := c.Alerts()
			for i, a := range got.Alerts() {
				require.Equal(t, want[i].Key, a.Key)
				require.Equal(t, want[i].Status, a.Status)
				require.Equal(t, want[i].URL, a.URL)
			}
		})
	}
}

// Where the data do not name the event, its type does.
func TestCloudEventName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, source, want, product string
		status                      alert.Status
	}{
		{"cms:CloudMonitor:AgentStatusStopped", "acs.cms", "Agent_Status_Stopped", "CloudMonitor", alert.Firing},
		{"cms:CloudMonitor:AgentStatusRunning", "acs.cms", "Agent_Status_Running", "CloudMonitor", alert.Resolved},
		{"ecs:CloudMonitor:Instance[SystemMaintenance.Reboot:Avoided]", "acs.ecs", "Instance:SystemMaintenance.Reboot:Avoided", "ecs", alert.Resolved},
		{"ecs:CloudMonitor:Disk:Stalled:Executing", "acs:ecs", "Disk:Stalled:Executing", "ecs", alert.Firing},
		{"oss:ObjectCreated:PostObject", "acs.oss", "oss:ObjectCreated:PostObject", "oss", alert.Firing},
		{"com.example.order", "https://example.com/orders", "com.example.order", "https://example.com/orders", alert.Firing},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			data := `{"instanceName":"db-1"}`
			if state, ok := strings.CutPrefix(test.want, "Agent_Status_"); ok {
				data = `{"instanceName":"db-1","status":"` + state + `"}`
			}
			body := fmt.Sprintf(`{"specversion":"1.0","id":"1","source":%q,"type":%q,"data":%s}`, test.source, test.kind, data)
			a := alertOf(t, body)
			require.Equal(t, test.want, a.Name)
			require.Equal(t, test.product, a.Product)
			require.Equal(t, test.status, a.Status)
		})
	}
	for _, data := range []string{"null", `"text"`, `7`, `[]`, `[{"a":1}]`, `""`, `"{broken"`, `{}`} {
		a := alertOf(t, `{"specversion":"1.0","id":"1","source":"acs.x","type":"x:y:z","subject":"s","data":`+data+`}`)
		require.Equal(t, "x:y:z", a.Name)
		require.Contains(t, a.Summary, "subject: s", data)
	}
	require.Equal(t, "x:y:z", alertOf(t, `{"specversion":"1.0","id":"1","source":"acs.x","type":"x:y:z"}`).Name)
	require.Equal(t, "x:y:z", alertOf(t, `{"specversion":"1.0","source":"acs.x","type":"x:y:z","data_base64":"%%"}`).Name)
}

// Keys in another order, numbers as texts, objects as texts, a byte order mark,
// a form or a query around it: the alert is the same.
func TestShapeEncodings(t *testing.T) {
	t.Parallel()
	require.Equal(t, only(t, cms2), only(t, "cms2-texts.json"))
	require.Equal(t, only(t, sls), only(t, "sls-texts.json"))
	require.Equal(t, only(t, ce), only(t, "cloudevent-base64.json"))
	for _, name := range []string{cms2, sls, arms, ce, "sls-merged.json", "cloudevent-batch.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := parse(t, name).Alerts()
			_, body := fixture(t, name)
			escaped := url.QueryEscape(string(body))
			for _, in := range [][2]string{
				{"data=" + escaped, ""}, {"t=1&body=" + escaped, " \n"}, {"", "data=" + escaped}, {"", "\uFEFF \n" + string(body) + "\r\n"},
				{"signature=x", "body=" + escaped},
			} {
				c, err := aliyun.Parse(in[0], []byte(in[1]))
				require.NoError(t, err)
				require.Equal(t, want, c.Alerts())
			}
			if body[0] == '[' {
				return
			}
			var fields map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &fields))
			form := url.Values{}
			for k, v := range fields {
				var text string
				if json.Unmarshal(v, &text) != nil {
					text = string(v)
				}
				form.Set(k, text)
			}
			require.Equal(t, want[0].Key, alertOf(t, form.Encode()).Key)
			require.Equal(t, want[0].Severity, alertOf(t, form.Encode()).Severity)
		})
	}
}

func TestCloudMonitor2Status(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status, subtype any
		want            alert.Status
	}{
		{"OCCURRED", "NORMAL_TRIGGER", alert.Firing},
		{"PERSISTENT", "NORMAL_TRIGGER", alert.Firing},
		{"RESOLVED", "NORMAL_RESOLVE", alert.Resolved},
		{"recovered", "NORMAL_RESOLVE", alert.Resolved},
		{" RECOVERED ", nil, alert.Resolved},
		{"RESOLVED", "NORMAL_TRIGGER", alert.Resolved}, // the status decides
		{"OCCURRED", "NORMAL_RESOLVE", alert.Firing},
		{"PERSISTENT", "NORMAL_RESOLVE", alert.Firing},
		{"SILENCED", "NORMAL_RESOLVE", alert.Firing},
		{nil, "NORMAL_RESOLVE", alert.Resolved},
		{"", "NORMAL_RESOLVE", alert.Resolved},
		{nil, "NODATA_TRIGGER", alert.Firing},
		{nil, nil, alert.Firing},
		{7, nil, alert.Firing},
	}
	for _, test := range tests {
		a := alertOf(t, vary(t, cms2, object{"status": test.status, "subtype": test.subtype}))
		require.Equal(t, test.want, a.Status, "%v %v", test.status, test.subtype)
	}
}

func TestLogAlertStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status, end any
		want        alert.Status
	}{
		{"firing", 0, alert.Firing}, {"firing", 1785300600, alert.Firing}, {"Resolved", 1785300600, alert.Resolved},
		{"resolved", 0, alert.Resolved}, {"resolved", nil, alert.Resolved}, {nil, 1785300600, alert.Resolved}, {nil, "0", alert.Firing},
		{nil, nil, alert.Firing}, {"acknowledged", 1785300600, alert.Firing}, {"恢复通知", "1785300600", alert.Resolved},
	}
	for _, test := range tests {
		a := alertOf(t, vary(t, sls, object{"status": test.status, "resolve_time": test.end}))
		require.Equal(t, test.want, a.Status, "%v", test)
		require.Equal(t, test.want == alert.Resolved, !a.EndsAt.IsZero(), "%v", test)
		require.False(t, a.StartsAt.IsZero())
	}
}

func TestAlertmanagerStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		group, single, end any
		want               alert.Status
		ended              bool
	}{
		{"firing", "firing", "2021-02-22T07:27:15Z", alert.Firing, false},
		{"firing", "resolved", "2021-02-22T07:27:15Z", alert.Resolved, true},
		{"resolved", "firing", "2021-02-22T07:27:15Z", alert.Firing, false},
		{"resolved", nil, "2021-02-22T07:27:15Z", alert.Resolved, true},
		{"firing", "Resolved", int64(1613978835000), alert.Resolved, true},
		{"firing", "resolved", "0001-01-01T00:00:00Z", alert.Resolved, false},
		{"firing", "resolved", "soon", alert.Resolved, false},
		{nil, nil, nil, alert.Firing, false},
		{"resolved", "suppressed", nil, alert.Firing, false},
	}
	for _, test := range tests {
		body := vary(t, arms, object{"status": test.group, "alerts.status": test.single, "alerts.endsAt": test.end})
		a := alertOf(t, body)
		require.Equal(t, test.want, a.Status, "%v", test)
		require.Equal(t, test.ended, !a.EndsAt.IsZero(), "%v", test)
		require.False(t, a.StartsAt.IsZero())
	}
}
