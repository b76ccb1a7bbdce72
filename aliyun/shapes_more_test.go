package aliyun_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

func TestShapeSeverity(t *testing.T) {
	t.Parallel()
	const level = "alerts.labels._aliyun_arms_alert_level"
	tests := []struct {
		of, key string
		word    any
		want    alert.Severity
		known   bool
	}{
		{cms2, "severity", "CRITICAL", alert.Critical, true}, {cms2, "severity", "ERROR", alert.Major, true},
		{cms2, "severity", "WARN", alert.Warning, true}, {cms2, "severity", "Warning", alert.Warning, true},
		{cms2, "severity", "INFO", alert.Info, true}, {cms2, "severity", "紧急", alert.Critical, true},
		{cms2, "severity", "错误", alert.Major, true}, {cms2, "severity", "警告", alert.Warning, true},
		{cms2, "severity", "普通", alert.Info, true}, {cms2, "severity", "P1", alert.Critical, true},
		{cms2, "severity", "p2", alert.Major, true}, {cms2, "severity", "P3", alert.Warning, true},
		{cms2, "severity", "P4", alert.Info, true}, {cms2, "severity", "SEV-9", alert.Warning, false},
		{sls, "severity", 10, alert.Critical, true}, {sls, "severity", "8", alert.Major, true}, {sls, "severity", 6, alert.Warning, true},
		{sls, "severity", 4, alert.Notice, true}, {sls, "severity", 2, alert.Info, true}, {sls, "severity", 5, alert.Warning, false},
		{sls, "severity", "Medium", alert.Warning, true}, {sls, "severity", "严重", alert.Critical, true},
		{arms, level, "CRITICAL", alert.Critical, true}, {arms, level, "ERROR", alert.Major, true}, {arms, level, "WARN", alert.Warning, true},
		{arms, level, "P1", alert.Critical, true}, {arms, level, "P2", alert.Major, true}, {arms, level, "P4", alert.Info, true},
	}
	words := map[string]string{"10": "critical", "8": "high", "6": "medium", "4": "low", "2": "report"}
	for _, test := range tests {
		c, err := aliyun.Parse("", []byte(vary(t, test.of, object{test.key: test.word})))
		require.NoError(t, err)
		a := c.Alerts()[0]
		require.Equal(t, test.want, a.Severity, "%v", test)
		spelt := fmt.Sprint(test.word)
		if word, numbered := words[spelt]; numbered && test.of == sls {
			spelt = word
		}
		require.Equal(t, spelt, a.Level, "in its own spelling")
		require.Equal(t, test.known, len(c.Problems) == 0, "%v: %v", test, c.Problems)
	}
	page := alertOf(t, vary(t, arms, object{level: "PAGE"}))
	require.Equal(t, alert.Info, page.Severity, "the least of ARMS")
	page = alertOf(t, vary(t, arms, object{level: nil, "alerts.labels.severity": "page"}))
	require.Equal(t, alert.Warning, page.Severity, "elsewhere a page is no remark")
}

// A link is one that can be clicked without harm, or none.
func TestShapeLinks(t *testing.T) {
	t.Parallel()
	const good = "https://example.com/a?b=c#/d"
	links := map[string][]string{
		cms2: {"alertHistoryUrl", "entityUrl", "alertRuleUrl", "ruleUrl"},
		sls:  {"alert_url", "query_url", "dashboard_url", "alert_history_dashboard_url", "signin_url"},
		arms: {"alerts.generatorURL", "externalURL"},
	}
	for of, keys := range links {
		none := object{}
		for _, key := range keys {
			none[key] = nil
		}
		require.Empty(t, alertOf(t, vary(t, of, none)).URL)
		for i, key := range keys {
			change := object{}
			for j, other := range keys {
				change[other] = "javascript:alert(1)"
				if j > i {
					change[other] = "https://example.com/later"
				}
			}
			change[key] = good
			require.Equal(t, good, alertOf(t, vary(t, of, change)).URL, "%s %s", of, key)
		}
	}
	for _, bad := range []any{
		"", "x", "/relative", "//example.com/", "ftp://example.com/", "javascript:alert(1)", "data:text/html,x", "https://", "https:///x", "http://:80/",
		"https://user:secret@example.com/", "https://example.com/a b", "https://example.com/\n", "https://exa\nmple.com", "https://example.com/\u202e",
		"https://example.com/\x00", "https://example.com/<script>", "https://example.com/\"x", "https://example.com/`x", `https://example.com\x`,
		"https://example.com/\ufffd", "https://example.com/%zz", "https://[::1/", "https://example.com/" + strings.Repeat("a", 2048), 7, object{"a": 1}, []any{good},
	} {
		a := alertOf(t, vary(t, cms2, object{"alertHistoryUrl": bad}))
		if text, ok := bad.(string); ok && strings.TrimSpace(text) != text {
			continue // blanks around a link are cut off
		}
		require.Empty(t, a.URL, "%v", bad)
		require.NotContains(t, fmt.Sprint(a.Labels), "secret")
	}
	require.Equal(t, good, alertOf(t, vary(t, cms2, object{"alertHistoryUrl": " " + good + "\n"})).URL)

	// The link that needs no login opens the console for everybody who reads it.
	a := alertOf(t, vary(t, sls, object{"alert_url": good, "signin_url": "https://example.com/?token=TOKEN"}))
	require.NotContains(t, fmt.Sprintf("%+v", a), "TOKEN")
}

// Hundreds of alerts in one push are hundreds of alerts, each with its own ID.
func TestManyElements(t *testing.T) {
	t.Parallel()
	const n = 500
	var objects, group []string
	for i := range n {
		objects = append(objects, vary(t, sls, object{"fingerprint": fmt.Sprint(i)}))
		group = append(group, fmt.Sprintf(`{"status":"firing","labels":{"alertname":"x","pod":"%d"},"fingerprint":"same"}`, i))
	}
	mixed := append([]string{"null", "{}", `"x"`}, objects...)
	for _, body := range []string{
		"[" + strings.Join(objects, ",") + "]",
		"[" + strings.Join(mixed, ",\n") + "]",
		`{"alerts":[` + strings.Join(group, ",") + `]}`,
	} {
		c, err := aliyun.Parse("", []byte(body))
		require.NoError(t, err)
		ids := map[string]bool{}
		for _, a := range c.Alerts() {
			ids[a.ID] = true
		}
		require.Len(t, ids, n)
	}
	c, err := aliyun.Parse("", []byte("[7"+strings.Repeat(",{}", 1000)+","+objects[0]+"]"))
	require.NoError(t, err)
	require.Len(t, c.Alerts(), 1)
	require.Len(t, c.Problems, 32)
	require.Len(t, c.Unread, 32)
	c, err = aliyun.Parse("", []byte("["+strings.Repeat(`{"alerts":[{"status":"firing"},7]},`, 40)+objects[0]+"]"))
	require.NoError(t, err)
	require.Len(t, c.Alerts(), 41)
	require.Len(t, c.Unread, 32)
}

// What all alerts of a group share is not copied into each: a body of the
// largest size would become gigabytes.
func TestGroupOfManyStaysSmall(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	c, err := aliyun.Parse("", []byte(`{"status":"`+long+`","receiver":"`+long+`","externalURL":"https://example.com/`+long+`","commonLabels":{"alertname":"n","k":"`+
		long+`"},"commonAnnotations":{"k":"`+long+`"},"alerts":[{"status":"firing"}`+strings.Repeat(`,{"status":"firing"}`, 5000)+`]}`))
	require.NoError(t, err)
	alerts := c.Alerts()
	require.Len(t, alerts, 5001)
	require.Equal(t, "n", alerts[7].Name)
	require.NotEqual(t, alerts[7].ID, alerts[8].ID)
	require.Less(t, len(fmt.Sprintf("%+v", alerts[7])), 2000)
}

// Elements that say neither which nor when are told apart by their text.
func TestElementsWithoutIdentity(t *testing.T) {
	t.Parallel()
	c, err := aliyun.Parse("", []byte(`[{"product":"p","name":"n","x":1},{"product":"p","name":"n","x":2},{"product":"p","name":"n","x":1}]`))
	require.NoError(t, err)
	alerts := c.Alerts()
	require.NotEqual(t, alerts[0].ID, alerts[1].ID)
	require.Equal(t, alerts[0].ID, alerts[2].ID, "the same event twice")
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	alerts := parse(t, "alertmanager-mixed.json").Alerts()
	require.Len(t, alerts, 3)
	require.Contains(t, alerts[2].Summary, "left out 1 alerts")
	c, err := aliyun.Parse("", []byte(`{"alerts":[],"truncatedAlerts":"7"}`))
	require.NoError(t, err)
	require.Contains(t, c.Alerts()[0].Summary, "left out 7 alerts")
	require.Len(t, parse(t, arms).Alerts(), 1)
}

func TestMergedSubscription(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		count, related any
		want           int
	}{
		{"number", 3, nil, 3}, {"text", "3", nil, 3}, {"list", nil, []string{"a", "b"}, 2}, {"list as text", "0", `["a","b","c","d"]`, 4},
		{"list longer", 2, []string{"a", "b", "c"}, 3}, {"one", 1, []string{"a"}, 0}, {"none", 0, nil, 0}, {"nonsense", "many", "x", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := vary(t, "subscription-2024.json", object{"alertCount": test.count, "relatedAlertIds": test.related})
			c, err := aliyun.Parse("", []byte(body))
			require.NoError(t, err)
			require.Equal(t, test.want, c.Subscription.Merged)
			a := c.Alerts()[0]
			if test.want == 0 {
				require.NotContains(t, a.Summary, "in one message")
				return
			}
			require.Contains(t, a.Summary, fmt.Sprintf("合并 %d 条报警 (%[1]d alerts in one message)", test.want))
			require.Equal(t, fmt.Sprint(test.want), a.Labels["alertCount"])
		})
	}
}

// What is about people stays out of the alerts of every shape.
func TestContactsStayOut(t *testing.T) {
	t.Parallel()
	people := object{
		"userInfo": object{"userName": "geheim"}, "contacts": []any{object{"name": "geheim"}}, "receivers": object{"phone": "geheim"},
		"alarmContactList": "geheim", "userEmail": "geheim",
	}
	inside := object{"contactPhone": "geheim", "email": "geheim", "team": "dba"}
	for _, of := range []string{cms2, sls, arms, ce} {
		change := object{"labels": inside, "annotations": inside, "alerts.labels": inside, "alerts.annotations": inside, "commonLabels": inside}
		maps.Copy(change, people)
		if of == arms {
			delete(change, "labels")
			delete(change, "annotations")
		} else {
			delete(change, "alerts.labels")
			delete(change, "alerts.annotations")
		}
		a := alertOf(t, vary(t, of, change))
		require.NotContains(t, fmt.Sprintf("%+v", a), "geheim", of)
		if of != ce {
			require.Equal(t, "dba", a.Labels["label.team"])
		}
	}
}

// The rows of logs in a summary are few and short.
func TestLogRows(t *testing.T) {
	t.Parallel()
	summary := only(t, "sls-no-fingerprint.json").Summary
	require.Contains(t, summary, "host=web-2, pv=2, line=xxx")
	require.NotContains(t, summary, "web-3")
	require.Contains(t, summary, "… +117")
	require.Less(t, len(summary), 1100)
	for rows, want := range map[string]string{`"text"`: "fire_results: text", `[1,"a"]`: "1\na", `{}`: "fire_results: {}", `[]`: ""} {
		a := alertOf(t, `{"alert_id":"a","alert_name":"n","fire_results":`+rows+`}`)
		require.Equal(t, want, a.Summary)
	}
}
