package ocp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// contents returns the entries of a fixture that is a list.
func contents(t *testing.T, name string) []json.RawMessage {
	t.Helper()
	var envelope struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal(fixture(t, name), &envelope))
	entries, _, _, err := ocp.ParsePage(envelope.Data)
	require.NoError(t, err)
	return entries
}

// TestEventFixtures reads the events of every version that is documented.
func TestEventFixtures(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		moment, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return moment
	}
	tests := []struct {
		file   string
		index  int
		labels int
		want   ocp.Event // without Labels and Raw
	}{
		{"api-alarms-list-3x.json", 0, 30, ocp.Event{
			ID: "1000160", AlarmType: "no_enough_exporter", AppType: "OCP", Scope: "Host", Level: 1, Status: "Active",
			Target: "service=OCP:svr_ip=192.0.2.10", Summary: "service=OCP:svr_ip=192.0.2.10 exporter进程数量不够",
			Description: "service=OCP:svr_ip=192.0.2.10 exporter进程数量不够, 部署服务 OB_CLUSTER,OB_PROXY，预期exporter数量 6，实际exporter数量 5",
			ActiveAt:    at("2020-12-03T01:44:04Z"), UpdatedAt: at("2020-12-03T01:45:04Z"),
		}},
		{"api-alarms-list-3x.json", 1, 31, ocp.Event{
			ID: "1000159", AlarmType: "no_enough_exporter", AppType: "OCP", Scope: "Host", Level: 1, Status: "Inactive",
			Target: "service=OCP:svr_ip=192.0.2.10", Summary: "service=OCP:svr_ip=192.0.2.10 exporter进程数量不够",
			Description: "service=OCP:svr_ip=192.0.2.10 exporter进程数量不够, 部署服务 OB_CLUSTER,OB_PROXY，预期exporter数量 6，实际exporter数量 5",
			ActiveAt:    at("2020-12-03T00:52:03Z"), UpdatedAt: at("2020-12-03T01:05:03Z"), ResolvedAt: at("2020-12-03T01:10:12Z"),
		}},
		{"api-alarms-list-4.2.json", 0, 60, ocp.Event{
			ID: "3000024", AlarmType: "ob_tenant_exists_expired_xa_trans", AppType: "OceanBase", Name: "OceanBase租户存在XA悬挂事务",
			Scope: "Tenant", Level: 2, Status: "Active",
			Target:      "alarm_template_id=0:ob_cluster=TEST_CLUSTER-12:tenant_name=oracle:trans_hash=10609937150880685421",
			Summary:     "alarm_template_id=0:ob_cluster=TEST_CLUSTER-12:tenant_name=oracle:trans_hash=10609937150880685421 OceanBase租户存在XA悬挂事务",
			Description: "集群：TEST_CLUSTER，租户：oracle 存在XA悬挂事务。会话ID：0，事务ID：10609937150880685421，事务创建时间：2023-04-25T14:05:47.766+08:00，事务最长持续时长：5 小时 27 分 53.51 秒。",
			ActiveAt:    at("2023-04-25T10:04:17Z"), UpdatedAt: at("2023-04-25T11:34:17Z"),
		}},
		{"api-alarms-actived-2025.json", 1, 18, ocp.Event{
			ID: "2000032", AlarmType: "ob_tenant_log_stream_degraded", AppType: "OceanBase", Scope: "Tenant", Level: 2, Status: "Active",
			Target: "alarm_template_id=0:ob_cluster=ob4253_A-1731295857:tenant_name=A_oracle",
		}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.file, " ", tt.index), func(t *testing.T) {
			t.Parallel()
			raw := contents(t, tt.file)[tt.index]
			e, err := ocp.ParseEvent(raw)
			require.NoError(t, err)
			require.Len(t, e.Labels, tt.labels)
			require.Equal(t, e.AlarmType, e.Labels["alarm_type"])
			require.JSONEq(t, string(raw), string(e.Raw))
			e.Labels, e.Raw = nil, nil
			require.Equal(t, tt.want, e)
		})
	}
	e, err := ocp.ParseEvent(contents(t, "api-alarms-list-4.2.json")[0])
	require.NoError(t, err)
	require.Equal(t, `{hash:10609937150880685421, inc:404115548, addr:"192.0.2.10:2882", t:1677651496056481}`, e.Labels["trans_id"])
}

// TestListFixtures has a server answer with the fixtures as they are.
func TestListFixtures(t *testing.T) {
	t.Parallel()
	t.Run("4.2", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "api-alarms-list-4.2.json"))))
		events, err := collect(client.Events(t.Context(), ocp.Query{}))
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, 1, server.Attempts(), "the page says that it is the only one")
	})
	t.Run("newest", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "api-alarms-actived-2025.json"))))
		events, err := collect(client.Events(t.Context(), ocp.Query{}))
		require.NoError(t, err)
		require.Len(t, events, 2)
		a := events[0].Alert()
		require.Equal(t, alert.Alert{
			Source: "ocp", ID: "alarm/2000031/firing/1/-/-", Key: "alarm/2000031",
			Severity: alert.Critical, Level: "Down", Name: "ob_cannot_connected", Summary: "集群：ob4253_A，主机：192.0.2.20，告警：OceanBase服务器无法连接。",
			Product: "OceanBase", Resource: "alarm_template_id=0:ob_cluster=ob4253_A-1731295857:host=192.0.2.20", Instance: "ob4253_A", Labels: events[0].Labels,
		}, a)
	})
	t.Run("3.x, first page", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "api-alarms-list-3x.json"))))
		n := 0
		for e, err := range client.Events(t.Context(), ocp.Query{}) {
			require.NoError(t, err)
			require.NotEmpty(t, e.ID)
			if n++; n == 2 {
				break
			}
		}
		require.Equal(t, 1, server.Attempts(), "nobody asked for the second")
	})
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "api-alarm-get-4.2.json"))))
		e, err := client.Event(t.Context(), "3000024")
		require.NoError(t, err)
		require.Equal(t, "OceanBase租户存在XA悬挂事务", e.Name)
		require.Contains(t, string(e.Raw), `"targetLabels"`)
		require.Equal(t, time.Date(2023, 4, 25, 11, 40, 17, 0, time.UTC), e.UpdatedAt)
	})
	t.Run("notifications", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "api-notifications-3x.json"))))
		var all []ocp.Notification
		for n, err := range client.Notifications(t.Context(), ocp.Query{}) {
			require.NoError(t, err)
			if all = append(all, n); len(all) == 2 {
				break
			}
		}
		require.Equal(t, "stdout=,stderr=", all[0].ChannelResponse)
		require.Contains(t, all[1].ChannelResponse, "send too fast")
		require.Equal(t, "已消除", all[1].Labels["alarm_status"])
		all[1].Labels, all[1].Raw, all[1].Message, all[1].ChannelResponse = nil, nil, "", ""
		require.Equal(t, ocp.Notification{
			ID: "1001133", AlarmIDs: []string{"1000160"}, AlarmType: "no_enough_exporter", AppType: "OCP", Scope: "Host", Level: 1,
			Status: "Success", ChannelID: "100000",
			GeneratedAt: time.Date(2020, 12, 3, 1, 50, 12, 0, time.UTC), SentAt: time.Date(2020, 12, 3, 1, 50, 13, 0, time.UTC),
		}, all[1])
	})
}

// collect reads a list to its end.
func collect(seq func(func(ocp.Event, error) bool)) (events []ocp.Event, err error) {
	for e, err := range seq {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

// TestVariants is about what may differ from the fixtures.
func TestVariants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, json string
		want       ocp.Event // without Raw
	}{
		{"nothing but an id", `{"id":7}`, ocp.Event{ID: "7"}},
		{"id as text", `{"id":"a-7_B"}`, ocp.Event{ID: "a-7_B"}},
		{"great id", `{"id":12345678901234567890}`, ocp.Event{ID: "12345678901234567890"}},
		{"level as text", `{"id":7,"level":" 2 "}`, ocp.Event{ID: "7", Level: 2}},
		{"level that is none", `{"id":7,"level":{"a":1}}`, ocp.Event{ID: "7"}},
		{"fraction and offset", `{"id":7,"activeAt":"2025-06-06T15:03:06.671+08:00"}`, ocp.Event{ID: "7", ActiveAt: time.Date(2025, 6, 6, 15, 3, 6, 671e6, time.FixedZone("", 8*3600))}},
		{"time that is none", `{"id":7,"activeAt":"soon","updatedAt":17,"resolvedAt":null}`, ocp.Event{ID: "7"}},
		{"labels of any type", `{"id":7,"labels":{"s":"x","n":1.50,"b":true,"z":null,"o":{"a": [1, 2]},"":""}}`, ocp.Event{ID: "7", Labels: map[string]string{
			"s": "x", "n": "1.50", "b": "true", "z": "", "o": `{"a":[1,2]}`, "": "",
		}}},
		{"labels that are none", `{"id":7,"labels":["a"],"status":["x"],"target":null,"name":3}`, ocp.Event{ID: "7", Name: "3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := ocp.ParseEvent(json.RawMessage(tt.json))
			require.NoError(t, err)
			e.Raw = nil
			require.True(t, tt.want.ActiveAt.Equal(e.ActiveAt))
			e.ActiveAt = tt.want.ActiveAt
			require.Equal(t, tt.want, e)
		})
	}
	for _, bad := range []string{``, `null`, `7`, `"x"`, `[]`, `{}`, `{"id":null}`, `{"id":""}`, `{"id":1.5}`, `{"id":"a/b"}`, `{"id":["7"]}`, `{"id":"` + strings.Repeat("7", 65) + `"}`} {
		_, err := ocp.ParseEvent(json.RawMessage(bad))
		require.Error(t, err, bad)
		_, err = ocp.ParseNotification(json.RawMessage(bad))
		require.Error(t, err, bad)
	}
	n, err := ocp.ParseNotification(json.RawMessage(`{"id":"n1","alarmIds":"none","isAggregated":true}`))
	require.NoError(t, err)
	require.True(t, n.Aggregated)
	require.Empty(t, n.AlarmIDs)
}

// TestPaging reads lists of many lengths, page by page, in both layouts.
// TestQuery shows the parameters on the wire.
// numbered is a page of a list with these ids.
// TestLiars shows that no server keeps a reader busy for ever, and that a list
// which is not whole ends with an error.
// An error ends the loop once, on whichever page it comes.
// A list can be read twice.
func TestEvent(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	server.TextCodes = true
	server.Raise(ocptest.Event{Type: "t", Target: "x"})
	e, err := client.Event(t.Context(), "1000001")
	require.NoError(t, err)
	require.Equal(t, "x", e.Target)
	_, err = client.Event(t.Context(), "42")
	require.ErrorIs(t, err, ocp.CodeNoAlarm)
	require.Equal(t, http.StatusNotFound, asError(t, err).HTTPStatus)
	before := server.Attempts()
	for _, bad := range []string{"", "a/b", "..", "a b", "1?x", strings.Repeat("1", 65)} {
		_, err := client.Event(t.Context(), bad)
		require.ErrorContains(t, err, "ocp: get alarm: id: want 1 to 64")
	}
	require.Equal(t, before, server.Attempts())
	for body, want := range map[string]string{
		`{"successful":true,"data":{"contents":[{"id":7}]}}`:          "",
		`{"successful":true,"data":{"contents":[{"id":7},{"id":8}]}}`: "holds no alarm",
		`{"successful":true,"data":{"contents":[]}}`:                  "holds no alarm",
		`{"successful":true,"data":null}`:                             "holds no alarm",
		`{"successful":true}`:                                         "holds no alarm",
		`{"successful":true,"data":{"id":8}}`:                         "is about another alarm",
	} {
		server.Fail(ocptest.Answer(200, body))
		_, err := client.Event(t.Context(), "7")
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// TestAlertOfEvent maps levels and states.
func TestAlertOfEvent(t *testing.T) {
	t.Parallel()
	for level, want := range map[int]struct {
		severity alert.Severity
		word     string
	}{
		0: {alert.Warning, ""}, 1: {alert.Critical, "Down"}, 2: {alert.Critical, "Critical"}, 3: {alert.Warning, "Alert"},
		4: {alert.Notice, "Caution"}, 5: {alert.Info, "Info"}, 6: {alert.Warning, ""}, -1: {alert.Warning, ""},
	} {
		a := ocp.Event{Level: level}.Alert()
		require.Equal(t, want.severity, a.Severity, level)
		require.Equal(t, want.word, a.Level, level)
	}
	began, ended := time.Unix(1e9, 0), time.Unix(2e9, 0)
	for status, want := range map[string]alert.Status{
		"Active": alert.Firing, "Inactive": alert.Resolved, "inactive": alert.Resolved, "Silenced": alert.Firing, "Inhibited": alert.Firing, "": alert.Firing, "new": alert.Firing,
	} {
		e := ocp.Event{ID: "7", AlarmType: "t", Target: "x", Status: status, ActiveAt: began, ResolvedAt: ended, Labels: map[string]string{"svr_ip": "192.0.2.1", "alarm_name": "n"}}
		a := e.Alert()
		require.Equal(t, want, a.Status, status)
		require.Equal(t, want == alert.Resolved, a.EndsAt.Equal(ended), status)
		require.Equal(t, []string{"alarm/7", "n", "192.0.2.1"}, []string{a.Key, a.Name, a.Instance})
		a.Labels["svr_ip"] = "changed"
		require.Equal(t, "192.0.2.1", e.Labels["svr_ip"], "nothing is shared")
	}
}
