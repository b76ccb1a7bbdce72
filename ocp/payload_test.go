package ocp_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/ocp"
)

func TestLevels(t *testing.T) {
	t.Parallel()
	for severity, words := range map[alert.Severity]string{
		alert.Critical: "1 Down Stopped 停服 2 Critical 严重 嚴重 DOWN critical",
		alert.Warning:  "3 Alert Warning 警告 alert",
		alert.Notice:   "4 Caution 注意",
		alert.Info:     "5 Info Reminder 提醒",
	} {
		for word := range strings.FieldsSeq(words) {
			p := payloadOf(t, "alarm_id=1", "alarm_level= "+word+"\n")
			require.Equal(t, word, p.Alert().Level)
			require.Equal(t, severity, p.Alert().Severity)
		}
	}
}

func TestLevelsBeyondTheWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		variables []string
		severity  alert.Severity
		level     string
	}{
		{"unknown word", []string{"alarm_level=灾难性"}, alert.Warning, "灾难性"},
		{"unknown word, colour", []string{"alarm_level=灾难性", "alarm_level_color=#722ED1"}, alert.Critical, "灾难性"},
		{"unknown number", []string{"alarm_level=6"}, alert.Warning, "6"},
		{"word of other systems", []string{"alarm_level=紧急", "alarm_level_color=#52C41A"}, alert.Critical, "紧急"},
		{"none", nil, alert.Warning, ""},
		{"native", []string{"alarm_level=", "alarm_level_native=Down"}, alert.Critical, "Down"},
		{"native under another name", []string{"level=5"}, alert.Info, "5"},
		{"word beats native", []string{"alarm_level=提醒", "alarm_level_native=1"}, alert.Info, "提醒"},
		{"word beats colour", []string{"alarm_level=提醒", "alarm_level_color=#722ED1"}, alert.Info, "提醒"},
		{"placeholder", []string{"alarm_level=${alarm_level}", "alarm_level_native=2"}, alert.Critical, "2"},
		{"lost, native", []string{"alarm_level=??", "alarm_level_native=Caution", "alarm_level_color=#722ED1"}, alert.Notice, "Caution"},
		{"lost, colour of level 1", []string{"alarm_level=?", "alarm_level_color=#722ed1"}, alert.Critical, ""},
		{"lost, red", []string{"alarm_level=??", "alarm_level_color=#F5222D"}, alert.Critical, ""},
		{"lost, dark red", []string{"alarm_level=\uFFFD\uFFFD", "alarm_level_color=#CF1322"}, alert.Critical, ""},
		{"lost, orange", []string{"alarm_level=??", "alarm_level_color=#FA8C16"}, alert.Warning, ""},
		{"lost, blue", []string{"alarm_level=??", "alarm_level_color=#1890FF"}, alert.Notice, ""},
		{"lost, green", []string{"alarm_level=??", "alarm_level_color=#52C41A"}, alert.Info, ""},
		{"lost, light purple", []string{"alarm_level=??", "alarm_level_color=#D500F9"}, alert.Critical, ""},
		{"lost, yellow", []string{"alarm_level=??", "alarm_level_color=#FADB14"}, alert.Warning, ""},
		{"lost, lime", []string{"alarm_level=??", "alarm_level_color=#A0D911"}, alert.Info, ""},
		{"lost, cyan", []string{"alarm_level=??", "alarm_level_color=#13C2C2"}, alert.Notice, ""},
		{"lost, dark blue", []string{"alarm_level=??", "alarm_level_color=#10239E"}, alert.Notice, ""},
		{"lost, named", []string{"alarm_level=??", "alarm_level_color=Green"}, alert.Info, ""},
		{"lost in part", []string{"alarm_level=\uFFFD澯\uFFFD", "alarm_level_color=#1890FF"}, alert.Notice, ""},
		{"lost, grey", []string{"alarm_level=??", "alarm_level_color=#777777"}, alert.Warning, ""},
		{"lost, pink", []string{"alarm_level=??", "alarm_level_color=#EB2F96"}, alert.Warning, ""},
		{"lost, no colour", []string{"alarm_level=??", "alarm_level_color=#12345"}, alert.Warning, ""},
		{"lost, colour lost", []string{"alarm_level=??", "alarm_level_color=${alarm_level_color}"}, alert.Warning, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := payloadOf(t, append(test.variables, "alarm_id=1")...).Alert()
			require.Equal(t, test.severity, a.Severity)
			require.Equal(t, test.level, a.Level)
			require.Equal(t, strings.HasPrefix(test.name, "lost"), strings.Contains(a.Summary, "alarm_level"), a.Summary)
		})
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	const resolvedAt = "alarm_resolved_at=2020-12-03T09:50:12+08:00"
	tests := []struct {
		name      string
		variables []string
		want      alert.Status
	}{
		{"inhibited", []string{"alarm_status=抑制", resolvedAt, "message=【告警恢复通知】"}, alert.Firing},
		{"blanks", []string{"alarm_status= 已消除 "}, alert.Resolved},
		{"in another variable", []string{"alarm_status=", "alarm_status_native=Inactive"}, alert.Resolved},
		{"lost, but in another variable", []string{"alarm_status=???", "alarm_status_native=Inactive"}, alert.Resolved},
		{"word beats time and text", []string{"alarm_status=告警中", resolvedAt, "message=【告警恢复通知】"}, alert.Firing},
		{"nothing", nil, alert.Firing},
		{"a time alone", []string{resolvedAt}, alert.Resolved},
		{"a time before the beginning", []string{resolvedAt, "alarm_active_at=2020-12-03T09:50:13+08:00"}, alert.Firing},
		{"lost, no time", []string{"alarm_status=???", "alarm_resolved_at=-"}, alert.Firing},
		{"lost, a time that was not replaced", []string{"alarm_status=???", "alarm_resolved_at=${alarm_resolved_at}"}, alert.Firing},
		{"lost", []string{"alarm_status=???"}, alert.Firing},
		{"lost, with a time", []string{"alarm_status=???", resolvedAt, "message=????????????"}, alert.Resolved},
		{"lost as U+FFFD, with a time", []string{"alarm_status=\xb8\xe6\xbe\xaf\xd6\xd0", resolvedAt}, alert.Resolved},
		{"lost, with a text", []string{"alarm_status=???", "message=[Alarm Recover Notification] x"}, alert.Resolved},
		{"unknown", []string{"alarm_status=好消息"}, alert.Firing},
		{"unknown, with a time and a text of one's own", []string{"alarm_status=好消息", resolvedAt, "message=恢复了"}, alert.Resolved},
		{"unknown, with a text", []string{"alarm_status=好消息", "message=【告警恢复通知】"}, alert.Firing},
		{"text of 4.x", []string{"message=【OCP 告警恢复通知】\n- x"}, alert.Resolved},
		{"text of 3.x", []string{"message= 【告警恢复通知】"}, alert.Resolved},
		{"text in Traditional Chinese", []string{"message=【OCP 警示恢復通知】"}, alert.Resolved},
		{"text in English", []string{"message=### [Alarm Recover Notification] x"}, alert.Resolved},
		{"text in English of 3.x", []string{"message=[alert clearance notification]"}, alert.Resolved},
		{"text further down", []string{"message=OCP 告警通知\n【告警恢复通知】"}, alert.Firing},
		{"half a text", []string{"message=【告警恢复"}, alert.Firing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := payloadOf(t, append(test.variables, "alarm_id=1")...).Alert()
			require.Equal(t, test.want, a.Status)
			require.Equal(t, strings.HasPrefix(test.name, "lost"), strings.Contains(a.Summary, "text lost"), a.Summary)
		})
	}
	require.Contains(t, payloadOf(t, "alarm_id=1", "alarm_status=好消息").Alert().Summary, "alarm_status: 好消息")
	require.Contains(t, payloadOf(t, "alarm_id=1", "alarm_status=已过期").Alert().Summary, "alarm_status: 已过期")
	require.Empty(t, payloadOf(t, "alarm_id=1", "alarm_status=Active").Alert().Summary)
}

func TestStatusWords(t *testing.T) {
	t.Parallel()
	for want, words := range map[alert.Status]string{
		alert.Firing:   "Active 告警中 警示中 Silenced 屏蔽 已屏蔽 Inhibited 抑制 已抑制 ACTIVE Suppressed Blocked Shielded",
		alert.Resolved: "Inactive 已消除 Cleared inactive INACTIVE 已恢复 已恢復 已过期 已過期 Restored Recovered Expired Resolved restored",
	} {
		for word := range strings.FieldsSeq(words) {
			require.Equal(t, want, payloadOf(t, "alarm_id=1", "alarm_status="+word).Alert().Status, word)
		}
	}
}

// A name that was lost is not shown; one of which a part is left is.
func TestLostNames(t *testing.T) {
	t.Parallel()
	a := payloadOf(t, "alarm_type=ob_x", "alarm_name=???????", "alarm_description=????, ???: ?").Alert()
	require.Equal(t, "ob_x", a.Name)
	require.Contains(t, a.Summary, "(text lost between OCP and here: alarm_name, alarm_description;")
	require.NotContains(t, a.Summary, "????")
	a = payloadOf(t, "alarm_type=ob_x", "alarm_name=OceanBase???????", "alarm_description=ob4253_A???192.0.2.20").Alert()
	require.Equal(t, "OceanBase???????", a.Name)
	require.Equal(t, "ob4253_A???192.0.2.20", a.Summary)
}

func TestTargetParts(t *testing.T) {
	t.Parallel()
	type parts = []ocp.TargetPart
	tests := []struct {
		name, target string
		want         parts
	}{
		{"none", "", nil},
		{"one", "service=OCP", parts{{"service", "OCP"}}},
		{"three", "alarm_template_id=0:ob_cluster=c-1:host=192.0.2.20", parts{{"alarm_template_id", "0"}, {"ob_cluster", "c-1"}, {"host", "192.0.2.20"}}},
		{"port", "svr=192.0.2.1:2882:tenant=t", parts{{"svr", "192.0.2.1:2882"}, {"tenant", "t"}}},
		{"version 6", "svr_ip=fe80::1:svr_port=2882", parts{{"svr_ip", "fe80::1"}, {"svr_port", "2882"}}},
		{"version 6 at the end", "a=1:svr_ip=2001:db8::10", parts{{"a", "1"}, {"svr_ip", "2001:db8::10"}}},
		{"empty values", "a=:b=:c=", parts{{"a", ""}, {"b", ""}, {"c", ""}}},
		{"equal signs", "q=x=y==:b=1", parts{{"q", "x=y=="}, {"b", "1"}}},
		{"address", "url=http://h:8080/p:b=1", parts{{"url", "http://h:8080/p"}, {"b", "1"}}},
		{"time", "at=2025-06-06T15:03:06+08:00:b=1", parts{{"at", "2025-06-06T15:03:06+08:00"}, {"b", "1"}}},
		{"no key", "whatever", nil},
		{"no key first", "whatever:a=1", parts{{"a", "1"}}},
		{"colons at the ends", ":a=1:", parts{{"a", "1:"}}},
		{"odd key", "__ob_cluster.id=1:b-2=3", parts{{"__ob_cluster.id", "1"}, {"b-2", "3"}}},
		{"number is no key", "a=1:2=3", parts{{"a", "1:2=3"}}},
		{"long key", "a=1:" + strings.Repeat("k", 65) + "=1", parts{{"a", "1:" + strings.Repeat("k", 65) + "=1"}}},
		{"longest key", "a=1:" + strings.Repeat("k", 64) + "=1", parts{{"a", "1"}, {strings.Repeat("k", 64), "1"}}},
		{"Chinese", "名称=值:b=值:值", parts{{"b", "值:值"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, ocp.TargetParts(test.target))
			require.Equal(t, test.target, payloadOf(t, "alarm_id=1", "alarm_target="+test.target).Alert().Resource)
		})
	}
}

func TestTargetLabels(t *testing.T) {
	t.Parallel()
	a := payloadOf(t, "alarm_id=1", "alarm_target=x:ob_cluster=c:a=1:a=2:e=").Alert()
	require.Equal(t, map[string]string{"alarm_id": "1", "target.ob_cluster": "c", "target.a": "1"}, a.Labels)
	many := payloadOf(t, "alarm_id=1", "alarm_target="+strings.Repeat("a", 1)+strings.Repeat(":k=v", 30_000)).Alert()
	require.Len(t, many.Labels, 2)
}

// The five fields of the relay, and what people see of the rest.
func TestAlertFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		variables []string
		check     func(t *testing.T, a alert.Alert)
	}{
		{"rule instead of title", []string{"alarm_type=ob_x"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "ob_x", a.Name) }},
		{"title in one language", []string{"alarm_type=ob_x", "alarm_name_2=English", "alarm_name_1=中文"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "中文", a.Name) }},
		{"title of 4.x first", []string{"alarm_name_en_us=four", "alarm_name_1=三"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "four", a.Name) }},
		{"app", []string{"app=OCP"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "OCP", a.Product) }},
		{"tenant and host", []string{"ob_tenant=t", "svr_ip=192.0.2.1"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "t / 192.0.2.1", a.Instance) }},
		{"host_ip first", []string{"host_ip=192.0.2.2", "svr_ip=192.0.2.1", "host_name=h"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "192.0.2.2", a.Instance) }},
		{"host name", []string{"host_name=h"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "h", a.Instance) }},
		{"of the target", []string{"alarm_target=tenant_name=t:host=h"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "t / h", a.Instance) }},
		{"tenant_name", []string{"tenant_name=t"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "t", a.Instance) }},
		{"service", []string{"service=OCP", "alarm_target=service=OCP"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "OCP", a.Instance) }},
		{"target at last", []string{"alarm_target=x=y"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "x=y", a.Instance) }},
		{"cluster", []string{"ob_cluster=c", "app_cluster=a"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "c", a.Region) }},
		{"app cluster", []string{"app_cluster=a"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "a", a.Region) }},
		{"details", []string{"alarm_description=d", "alarm_summary=s", "message=m"}, func(t *testing.T, a alert.Alert) {
			require.Equal(t, "d", a.Summary)
			require.Equal(t, "s", a.Labels["alarm_summary"])
		}},
		{"summary for details", []string{"alarm_summary=s", "message=m"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "s", a.Summary) }},
		{"message for details", []string{"message=\n m \n"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "m", a.Summary) }},
		{"details in one language", []string{"alarm_description_en_us=d", "message=m"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "d", a.Summary) }},
		{"value", []string{"value=19673.51", "value_shown=5 小时", "alarm_threshold=1200"}, func(t *testing.T, a alert.Alert) {
			require.Equal(t, "value: 5 小时 (alarm_threshold: 1200)", a.Summary)
			require.Equal(t, "19673.51", a.Labels["value"])
		}},
		{"value alone", []string{"value=1"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "value: 1", a.Summary) }},
		{"value in one language", []string{"value=1", "value_en_us=one"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "value: one", a.Summary) }},
		{"inspection", []string{"check_item=c"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "check_item: c", a.Summary) }},
		{"begin by update", []string{"alarm_updated_at=2020-12-03T09:45:04Z"}, func(t *testing.T, a alert.Alert) { require.Equal(t, 45, a.StartsAt.Minute()) }},
		{"end by update", []string{"alarm_status=Inactive", "alarm_updated_at=2020-12-03T09:45:04Z"}, func(t *testing.T, a alert.Alert) {
			require.Equal(t, 45, a.EndsAt.Minute())
			require.True(t, a.StartsAt.IsZero())
		}},
		{"no end while it lasts", []string{"alarm_status=Active", "alarm_resolved_at=2020-12-03T09:45:04Z"}, func(t *testing.T, a alert.Alert) { require.True(t, a.EndsAt.IsZero()) }},
		{"address", []string{"alarm_url=http://ocp:8080/alarm/event/1"}, func(t *testing.T, a alert.Alert) { require.Equal(t, "http://ocp:8080/alarm/event/1", a.URL) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := payloadOf(t, append(test.variables, "alarm_id=1")...).Alert()
			require.Equal(t, ocp.Source, a.Source)
			test.check(t, a)
		})
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	a := fixtureAlert(t, "operation-info-5")
	require.Equal(t, "OCP 告警通知\noperation_name: 下线集群\noperator: admin\noperation_result: 失败\nfailed_reason: precheck failed", a.Summary)
	require.Equal(t, alert.Info, a.Severity)
}

func TestAggregated(t *testing.T) {
	t.Parallel()
	const name = "aggregated-4x-zh_CN"
	a := fixtureAlert(t, name)
	require.True(t, strings.HasPrefix(a.Summary, "alarm_count: 7\nalarm_group_by: alarm_type=ob_tenant_active_sessions,ob_cluster=demo\nOCP告警通知-多条告警\n"))
	require.Equal(t, "7", a.Labels["alarm_count"])
	require.Contains(t, fixtureAlert(t, name, "message=", "message_json=").Summary, "连接数超限。")
	over := fixtureAlert(t, name, "alarm_status=已消除", "alarm_resolved_at=2025-06-06T16:12:06+08:00")
	require.Equal(t, a.Key, over.Key)
	require.NotEqual(t, a.ID, over.ID)
	require.Equal(t, alert.Resolved, over.Status)

	tests := []struct {
		name            string
		variables       []string
		sameKey, sameID bool
	}{
		{"repetition", []string{"alarm_updated_at=2025-06-06T15:22:06+08:00", "alarm_duration=1140", "value=88", "value_shown=88 个", "message=其他", "alarm_description=其他"}, true, true},
		{"of another alarm of the group", []string{"alarm_id=2000041", "alarm_target=ob_cluster=demo-1:tenant_name=t2", "ob_tenant=t2"}, true, true},
		{"criteria in another order", []string{"alarm_group_by=ob_cluster=demo, alarm_type=ob_tenant_active_sessions"}, true, true},
		{"more of them", []string{"alarm_count=8"}, true, false},
		{"one is left", []string{"alarm_count=1"}, true, false},
		{"begun anew", []string{"alarm_active_at=2025-06-06T18:03:06+08:00"}, true, false},
		{"another level", []string{"alarm_level=严重"}, true, false},
		{"another rule", []string{"alarm_type=ob_tenant_disk"}, false, false},
		{"another cluster", []string{"ob_cluster=prod"}, false, false},
		{"another cluster of the same name", []string{"ob_cluster_id=7"}, false, false},
		{"another group", []string{"alarm_group_by=alarm_type=ob_tenant_active_sessions,ob_cluster=demo,ob_tenant=t1"}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := fixtureAlert(t, name, test.variables...)
			require.Equal(t, test.sameKey, a.Key == got.Key, got.Key)
			require.Equal(t, test.sameID, a.ID == got.ID, got.ID)
		})
	}
}

// Criteria may be names alone, and may not be said at all.
func TestAggregatedByNames(t *testing.T) {
	t.Parallel()
	const name, byNames = "aggregated-4x-zh_CN", "alarm_group_by=alarm_type,ob_tenant"
	key := func(variables ...string) string { return fixtureAlert(t, name, variables...).Key }
	require.Equal(t, key(byNames), key(byNames, "alarm_target=x", "alarm_id=7", "alarm_status=已消除"))
	require.NotEqual(t, key(byNames), key(byNames, "ob_tenant=t2"))
	require.Equal(t, key("alarm_group_by="), key("alarm_group_by=${alarm_group_by}", "alarm_id=7"))
	require.NotEqual(t, key("alarm_group_by="), key("alarm_group_by=", "ob_tenant=t2"), "nobody says that they belong together")
	require.Empty(t, fixtureAlert(t, name, "alarm_active_at=").ID, "a repetition cannot be told from a new beginning")
}

func TestTestMessage(t *testing.T) {
	t.Parallel()
	a := fixtureAlert(t, "test-message")
	require.Equal(t, alert.Alert{
		Source: "ocp", Severity: alert.Notice, Name: "OCP 通道测试 (test)", Summary: "OCP 告警通道测试消息", Test: true,
	}, a)
	require.True(t, payloadOf(t, "message=x", "app_type=OCP", "value=1", "level=1").Alert().Test)
	for _, variable := range []string{"alarm_id=1", "alarm_type=x", "alarm_name=x", "alarm_name_1=x", "alarm_level=1", "alarm_status=x", "alarm_status_native=x",
		"alarm_target=x", "alarm_summary=x", "alarm_description=x", "message=【告警恢复通知】", "message=### OCP 告警通知 x", "message=OCP告警通知-多条告警"} {
		p := payloadOf(t, variable, "message=x")
		require.False(t, p.Alert().Test, variable)
	}
	recovery := payloadOf(t, "message=【告警恢复通知】").Alert()
	require.Equal(t, alert.Resolved, recovery.Status)
	require.NotEmpty(t, recovery.ID)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const name = "notify-4x-zh_CN-host-down"
	base := fixtureAlert(t, name)
	require.Equal(t, "alarm/2000031", base.Key)
	require.Equal(t, "alarm/2000031/firing/1/20250606T070306.671Z/-", base.ID)
	tests := []struct {
		name            string
		variables       []string
		sameKey, sameID bool
	}{
		{"repetition", []string{"alarm_updated_at=2025-06-06T15:15:11+08:00", "value=2", "alarm_duration=725", "alarm_description=y", "message=y"}, true, true},
		{"English", []string{"alarm_level=Down", "alarm_status=Active", "alarm_name=y"}, true, true},
		{"zone", []string{"alarm_active_at=2025-06-06T07:03:06.671Z"}, true, true},
		{"another level of the same severity", []string{"alarm_level=严重"}, true, false},
		{"over", []string{"alarm_status=已消除"}, true, false},
		{"begun anew", []string{"alarm_active_at=2025-06-06T16:03:06.671+08:00"}, true, false},
		{"another alarm", []string{"alarm_id=2000032"}, false, false},
		{"no id", []string{"alarm_id="}, false, false},
		{"odd id", []string{"alarm_id=a/b"}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := fixtureAlert(t, name, test.variables...)
			require.Equal(t, test.sameKey, base.Key == got.Key, got.Key)
			require.Equal(t, test.sameID, base.ID == got.ID, got.ID)
			require.NotEmpty(t, got.Key)
		})
	}
	over := fixtureAlert(t, "notify-4x-zh_CN-recovered")
	require.Equal(t, base.Key, over.Key)
	require.NotEqual(t, base.ID, over.ID)
	require.Equal(t, base.Severity, over.Severity)

	english := fixtureAlert(t, "notify-4x-en_US-host-down")
	require.Equal(t, base.Key, english.Key)
	require.Equal(t, base.ID, english.ID)
}

func TestIdentityWithoutID(t *testing.T) {
	t.Parallel()
	of := func(variables ...string) alert.Alert { return payloadOf(t, variables...).Alert() }
	base := of("alarm_type=r", "alarm_target=t", "alarm_status=Active")
	require.Empty(t, base.ID, "the next time that it begins looks the same")
	began := of("alarm_type=r", "alarm_target=t", "alarm_status=Active", "alarm_active_at=2020-12-03T09:44:04+08:00")
	require.Equal(t, began.Key+"/firing//20201203T014404Z/-", began.ID)
	require.True(t, strings.HasPrefix(base.Key, "rule/r/"))
	require.Equal(t, base.Key, of("alarm_type=r", "alarm_target=t", "alarm_status=Inactive").Key)
	require.NotEqual(t, base.Key, of("alarm_type=r", "alarm_target=u").Key)
	require.NotEqual(t, base.Key, of("alarm_type=s", "alarm_target=t").Key)

	bare := of("alarm_type=r")
	require.Empty(t, bare.Key, "nobody knows what it is about")
	require.NotEmpty(t, bare.ID)
	require.NotEqual(t, bare.ID, of("alarm_type=r", "value=1").ID)
	require.Equal(t, bare.ID, of("alarm_type=r", "PATH=/x").ID)
}

// A process that stays sees the repetitions of an alarm once, and its end.
func TestDedupOfRepetitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const down, recovered = "notify-4x-zh_CN-host-down", "notify-4x-zh_CN-recovered"
		var recorder alerttest.Recorder
		group := alert.Chain(&recorder, alert.Dedup(10*time.Minute))
		for _, name := range []string{down, down, down, recovered, recovered} {
			require.NoError(t, group.Send(t.Context(), fixtureAlert(t, name, "alarm_updated_at="+time.Now().Format(time.RFC3339))))
			<-time.After(3 * time.Minute)
		}
		require.Len(t, recorder.Accepted(), 2)
	})
}
