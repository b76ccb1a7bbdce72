package ocp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/ocp"
)

// documented holds the variables of the vendor's tables, written down here a
// second time, so that one that is lost from the list is missed.
const documented = `alarm_id alarm_type alarm_name alarm_level alarm_status alarm_scope alarm_level_color alarm_target
	alarm_summary alarm_description alarm_active_at alarm_updated_at alarm_resolved_at alarm_duration alarm_last_interval
	alarm_evaluation_interval alarm_threshold value value_shown value_zh_cn value_zh_tw value_en_us alarm_url alarm_count
	alarm_group_by alarm_group app_type service app_cluster ob_cluster_group ob_cluster ob_cluster_id ob_tenant host_ip svr_ip
	operation_name operator operation_result failed_reason check_item message message_json recipients_uids
	recipients_json_array at_recipients`

func TestVariables(t *testing.T) {
	t.Parallel()
	var environ []string
	for name := range strings.FieldsSeq(documented + " host obproxy_cluster task_result error_message") {
		environ = append(environ, name+"=sample of "+name)
	}
	p := payloadOf(t, append([]string{"alarm_count=1"}, environ...)...)
	require.Len(t, p.Values, len(environ))
	a := p.Alert()
	text := fmt.Sprint(a, a.Labels)
	for name := range p.Values {
		unused := strings.Contains(name, "recipients") || strings.HasSuffix(name, "_at") || strings.HasPrefix(name, "value_") || name == "message_json" ||
			name == "message" || name == "alarm_level_color" || name == "alarm_count"
		require.True(t, unused || strings.Contains(text, "sample of "+name), name)
	}
}

// Nothing of the environment of OCP's process is taken along.
func TestOnlyKnownVariables(t *testing.T) {
	t.Parallel()
	environ := append(envFixture(t, "notify-4x-zh_CN-host-down"),
		"PATH=/hush-1-path", "HOME=/hush-2-home", "OCP_METADB_PASSWORD=hush-3-password", "MESSAGE=hush-4-upper", "=C:=hush-5-drive",
		"LD_PRELOAD=hush-6-lib", "message_hush=hush-7-more", "no equal sign hush-8-none", "alarm_secret=hush-9-name")
	p := payloadOf(t, environ...)
	leaktest.Check(t, []string{"hush-1", "hush-2", "hush-3", "hush-4", "hush-5", "hush-6", "hush-7", "hush-8", "hush-9"}, p, p.Alert())
	require.Equal(t, payloadOf(t, envFixture(t, "notify-4x-zh_CN-host-down")...), p)
}

func TestNoAlarm(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"nothing":          nil,
		"another program":  {"PATH=/hush-path", "HOME=/hush-home", "USER=hush-user"},
		"blanks":           {"message= \n", "alarm_id=", "alarm_name=\t"},
		"placeholders":     {"message=${message}", "alarm_id=${alarm_id}", "message_json=${message_json}"},
		"values of nobody": {"value=1", "service=hush-service", "app_type=OCP", "level=3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ocp.FromEnv(environ)
			require.Nil(t, p)
			require.ErrorContains(t, err, "no variable of an alarm is set (looked for message, alarm_id")
			leaktest.Check(t, []string{"hush-path", "hush-home", "hush-user", "hush-service"}, err)
		})
	}
}

func TestMissingEmptyAndUnexpanded(t *testing.T) {
	t.Parallel()
	for _, variables := range [][]string{nil, {"ob_tenant=", "alarm_resolved_at= "}, {"ob_tenant= ${ob_tenant}\n", "alarm_resolved_at=${alarm_resolved_at}"}} {
		a := payloadOf(t, append([]string{"alarm_id=1", "alarm_description=${HOME} ${ob_tenant}"}, variables...)...).Alert()
		require.Empty(t, a.Instance)
		require.Equal(t, alert.Firing, a.Status)
		require.NotContains(t, a.Labels, "ob_tenant")
		require.Equal(t, "${HOME} ${ob_tenant}", a.Summary, "text that is no placeholder of its own stays")
	}
	p := payloadOf(t, "alarm_id=1", "ob_tenant=${ob_tenant}")
	require.Equal(t, []string{"ob_tenant: left unexpanded by OCP"}, p.Problems)
	require.Equal(t, "${ob_tenant}", p.Values["ob_tenant"])
}

func TestUnreadableVariables(t *testing.T) {
	t.Parallel()
	p := payloadOf(t, "alarm_id=1", "alarm_active_at=hush", "alarm_count=hush", "alarm_level=??", "alarm_name=\xff\xfe name", "alarm_id=2")
	require.ElementsMatch(t, []string{
		"alarm_active_at: not a time", "alarm_count: not a number", "alarm_name: not UTF-8", "alarm_level: lost on the way: nothing but ? or U+FFFD is left of it",
	}, p.Problems)
	require.Equal(t, "alarm/1", p.Alert().Key, "the first of two counts")
	require.Equal(t, "\uFFFD name", p.Alert().Name)
	require.Equal(t, "hush", p.Values["alarm_active_at"])
	require.Contains(t, p.Alert().Summary, "alarm_count: hush", "the reader can make something of it")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("界", 60_000)
	p := payloadOf(t, "message="+long, "alarm_id="+long, "alarm_type="+long, "alarm_target="+long)
	require.LessOrEqual(t, len(p.Message), 128<<10)
	require.True(t, strings.HasSuffix(p.Message, "界…"))
	a := p.Alert()
	require.LessOrEqual(t, len(a.Key), 200)
	require.LessOrEqual(t, len(a.ID), 240)
	fits := strings.Repeat("m", 128<<10)
	require.Equal(t, fits, payloadOf(t, "message="+fits).Message)

	var environ []string
	for _, entry := range envFixture(t, "notify-3x-zh_CN-recovered") {
		name, _, _ := strings.Cut(entry, "=")
		environ = append(environ, name+"=\xff")
	}
	require.Len(t, payloadOf(t, environ...).Problems, 32)
}

func TestMessageFromJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ message, json, want string }{
		"text":         {"m", `"j"`, "m"},
		"string":       {"", `"a \"quoted\"\nline"`, "a \"quoted\"\nline"},
		"object":       {"", `{"content":"x"}`, `{"content":"x"}`},
		"garbage":      {"", `{"content":""x"}`, `{"content":""x"}`},
		"blanks count": {" m\n", "", " m\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := payloadOf(t, "message="+test.message, "message_json="+test.json)
			require.Equal(t, test.want, p.Message)
			require.Empty(t, p.Problems)
		})
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 8*3600)
	tests := []struct {
		text string
		want time.Time
	}{
		{"2020-12-03T09:44:04+08:00", time.Date(2020, 12, 3, 9, 44, 4, 0, east)},
		{"2025-06-06T15:03:06.671+08:00", time.Date(2025, 6, 6, 15, 3, 6, 671e6, east)},
		{" 2023-04-25T10:04:17Z\n", time.Date(2023, 4, 25, 10, 4, 17, 0, time.UTC)},
		{"2023-04-25T10:04:17.123456789Z", time.Date(2023, 4, 25, 10, 4, 17, 123456789, time.UTC)},
		{"2023-04-25T10:04:17+0800", time.Date(2023, 4, 25, 10, 4, 17, 0, east)},
		{"2023-04-25T10:04+08:00", time.Date(2023, 4, 25, 10, 4, 0, 0, east)},
		{"2023-04-25T10:04:17-00:00", time.Date(2023, 4, 25, 10, 4, 17, 0, time.UTC)},
		{"not a time", time.Time{}},
		{"2023-04-25 10:04:17", time.Time{}},
		{"1969-12-31T23:59:59Z", time.Time{}},
		{"9999-12-31T23:59:59-08:00", time.Time{}},
		{"10000-01-01T00:00:00Z", time.Time{}},
		{"2023-02-30T10:04:17Z", time.Time{}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			p := payloadOf(t, "alarm_id=1", "alarm_active_at="+test.text)
			require.Equal(t, test.want, p.Alert().StartsAt)
			require.Equal(t, test.want.IsZero(), len(p.Problems) == 1)
		})
	}
	require.Equal(t, 2020, payloadOf(t, "alarm_id=1", "alarm_time=2020-12-03T09:44:04Z").Alert().StartsAt.Year())
	require.Equal(t, []string{"alarm_time: not a time"}, payloadOf(t, "alarm_id=1", "alarm_time=x").Problems)
	require.Equal(t, 2021, payloadOf(t, "alarm_id=1", "alarm_time=2020-12-03T09:44:04Z", "alarm_active_at=2021-12-03T09:44:04Z").Alert().StartsAt.Year())
}
