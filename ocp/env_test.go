package ocp_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
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
	var names, all []string
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, v := range ocp.Variables() {
		all = append(all, v.Name)
		require.NotEmpty(t, v.Meaning, v.Name)
		if v.Groups == "" {
			require.Equal(t, "seen", v.Since, v.Name)
			continue
		}
		names = append(names, v.Name)
		require.Contains(t, string(doc), fmt.Sprintf("\n//\t%-25s %-4s %-5s %s\n", v.Name, v.Groups, v.Since, v.Meaning))
	}
	require.ElementsMatch(t, strings.Fields(documented), names)
	slices.Sort(all)
	require.Equal(t, all, slices.Compact(slices.Clone(all)), "no name twice")
	rows := regexp.MustCompile(`(?m)^//\t[a-z_]+ +[RNACM]+ +[0-9.]+ `)
	require.Len(t, rows.FindAll(doc, -1), len(names), "no row is left of a variable that is gone")
}

// sampleOf is a value that a variable can have, which no other variable has.
func sampleOf(name string) string {
	switch name {
	case "alarm_active_at", "alarm_time":
		return "2025-06-06T15:03:06+08:00"
	case "alarm_updated_at":
		return "2025-06-06T15:03:07+08:00"
	case "alarm_resolved_at":
		return "2025-06-06T15:03:08+08:00"
	case "alarm_duration":
		return "101"
	case "alarm_last_interval":
		return "PT102S"
	case "alarm_evaluation_interval":
		return "103"
	case "alarm_count":
		return "1"
	case "recipients_json_array":
		return `["json-1"]`
	}
	return "sample of " + name
}

// TestEachVariable: each variable fills exactly what is said to be its own, it
// is kept as it came, and without it nothing of that is there.
func TestEachVariable(t *testing.T) {
	t.Parallel()
	var environ []string
	for _, v := range ocp.Variables() {
		environ = append(environ, v.Name+"="+sampleOf(v.Name))
	}
	full := payloadOf(t, environ...)
	require.Empty(t, full.Problems)
	require.Len(t, full.Values, len(environ))
	fields := reflect.ValueOf(*full)
	for i := range fields.NumField() {
		switch f := fields.Type().Field(i); f.Name {
		case "Aggregated", "Problems", "extra":
		default:
			require.False(t, fields.Field(i).IsZero(), "no variable fills %s", f.Name)
		}
	}
	backedUp := map[string]bool{"alarm_active_at": true, "message": true} // another variable can say it
	for i, v := range ocp.Variables() {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, sampleOf(v.Name), full.Values[v.Name])
			less := payloadOf(t, slices.Delete(slices.Clone(environ), i, i+1)...)
			require.NotContains(t, less.Values, v.Name)
			changed := changedFields(full, less)
			if _, ok := ownField[v.Name]; ok && !backedUp[v.Name] {
				require.Equal(t, []string{ownField[v.Name]}, changed)
			} else if !backedUp[v.Name] {
				require.Empty(t, changed)
			}
		})
	}
	for name := range backedUp {
		require.Contains(t, ownField, name)
	}
}

// ownField says which field a variable fills.
//
//nolint:gochecknoglobals // read-only table
var ownField = map[string]string{
	"alarm_id": "ID", "alarm_type": "Type", "alarm_name": "Name", "alarm_level": "Level", "alarm_status": "Status",
	"alarm_scope": "Scope", "alarm_level_color": "LevelColor", "alarm_target": "Target", "alarm_summary": "Summary",
	"alarm_description": "Description", "alarm_active_at": "ActiveAt", "alarm_updated_at": "UpdatedAt",
	"alarm_resolved_at": "ResolvedAt", "alarm_duration": "Duration", "alarm_last_interval": "LastInterval",
	"alarm_evaluation_interval": "EvaluationInterval", "alarm_threshold": "Threshold", "value": "Value",
	"value_shown": "ValueShown", "alarm_url": "URL", "alarm_count": "Count", "alarm_group_by": "GroupBy",
	"alarm_group": "Group", "app_type": "AppType", "service": "Service", "app_cluster": "AppCluster",
	"ob_cluster_group": "ClusterGroup", "ob_cluster": "Cluster", "ob_cluster_id": "ClusterID", "ob_tenant": "Tenant",
	"host_ip": "HostIP", "svr_ip": "ServerIP", "operation_name": "OperationName", "operator": "Operator",
	"operation_result": "OperationResult", "failed_reason": "FailedReason", "check_item": "CheckItem",
	"message": "Message", "message_json": "MessageJSON", "recipients_uids": "RecipientUIDs",
	"recipients_json_array": "Recipients", "at_recipients": "AtRecipients",
}

// changedFields returns the exported fields, Values aside, in which a and b
// differ.
func changedFields(a, b *ocp.Payload) (names []string) {
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range x.NumField() {
		f := x.Type().Field(i)
		if f.IsExported() && f.Name != "Values" && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			names = append(names, f.Name)
		}
	}
	return names
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

func TestExtraVariables(t *testing.T) {
	t.Parallel()
	environ := append(envFixture(t, "odd-names-and-empties"), "room=B2", "blank= ", "left=${left}")
	p, err := ocp.FromEnv(environ, "__ob_cluster.id", "room", "room", "absent", "blank", "left", "message", "")
	require.NoError(t, err)
	require.Equal(t, "1", p.Values["__ob_cluster.id"])
	require.NotContains(t, p.Values, "__host.id")
	a := p.Alert()
	require.Equal(t, "1", a.Labels["__ob_cluster.id"])
	require.Equal(t, "B2", a.Labels["room"])
	for _, name := range []string{"absent", "blank", "left", "message", ""} {
		require.NotContains(t, a.Labels, name)
	}
	require.Equal(t, "x\n__ob_cluster.id: 1\nroom: B2", a.Summary)

	p, err = ocp.FromEnv([]string{"message=x", "room=B2\n value: forged"}, "room")
	require.NoError(t, err)
	require.Equal(t, "x\nroom: B2 value: forged", p.Alert().Summary)
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
			require.ErrorIs(t, err, ocp.ErrNoAlarm)
			require.ErrorContains(t, err, "alarm_id")
			require.False(t, alert.Retryable(err))
			leaktest.Check(t, []string{"hush-path", "hush-home", "hush-user", "hush-service"}, err)
		})
	}
}

func TestMissingEmptyAndUnexpanded(t *testing.T) {
	t.Parallel()
	for _, variables := range [][]string{nil, {"ob_tenant=", "alarm_resolved_at= "}, {"ob_tenant= ${ob_tenant}\n", "alarm_resolved_at=${alarm_resolved_at}"}} {
		p := payloadOf(t, append([]string{"alarm_id=1", "alarm_description=${HOME} ${ob_tenant}"}, variables...)...)
		require.Empty(t, p.Tenant)
		require.True(t, p.ResolvedAt.IsZero())
		require.NotContains(t, p.Alert().Labels, "ob_tenant")
		require.Equal(t, "${HOME} ${ob_tenant}", p.Description, "text that is no placeholder of its own stays")
	}
	p := payloadOf(t, "alarm_id=1", "ob_tenant=${ob_tenant}")
	require.Equal(t, []string{"ob_tenant: left unexpanded by OCP"}, p.Problems)
	require.Equal(t, "${ob_tenant}", p.Values["ob_tenant"])
}

func TestUnreadableVariables(t *testing.T) {
	t.Parallel()
	p := payloadOf(t, "alarm_id=1", "alarm_active_at=hush", "alarm_duration=hush", "alarm_count=hush", "recipients_json_array=[hush",
		"alarm_name=\xff\xfe name", "alarm_id=2")
	require.ElementsMatch(t, []string{
		"alarm_active_at: not a time", "alarm_duration: not a duration", "alarm_count: not a number",
		"recipients_json_array: not a JSON array", "alarm_name: not UTF-8",
	}, p.Problems)
	require.Equal(t, "1", p.ID, "the first of two counts")
	require.Equal(t, "\uFFFD name", p.Name)
	require.Equal(t, "hush", p.Values["alarm_active_at"])
	require.True(t, p.Aggregated)
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
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("extra\n%d", i)
		environ = append(environ, names[i]+"=\xff")
	}
	p, err := ocp.FromEnv(append(environ, "alarm_id=1"), names...)
	require.NoError(t, err)
	require.Len(t, p.Problems, 32)
	require.Equal(t, "extra?0: not UTF-8", p.Problems[0])
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

func TestRecipients(t *testing.T) {
	t.Parallel()
	p := payloadOf(t, "message=x", "recipients_uids=100, 101,,", `recipients_json_array=["100",101,{"mobile":"1"}]`, "at_recipients=@100")
	require.Equal(t, []string{"100", "101"}, p.RecipientUIDs)
	require.Equal(t, []string{"100", "101", `{"mobile":"1"}`}, p.Recipients)
	require.Equal(t, "@100", p.AtRecipients)
	for name := range p.Alert().Labels {
		require.NotContains(t, name, "recipients")
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
			require.Equal(t, test.want, p.ActiveAt)
			require.Equal(t, test.want.IsZero(), len(p.Problems) == 1)
		})
	}
	require.Equal(t, 2020, payloadOf(t, "alarm_id=1", "alarm_time=2020-12-03T09:44:04Z").ActiveAt.Year())
	require.Equal(t, []string{"alarm_time: not a time"}, payloadOf(t, "alarm_id=1", "alarm_time=x").Problems)
	require.Equal(t, 2021, payloadOf(t, "alarm_id=1", "alarm_time=2020-12-03T09:44:04Z", "alarm_active_at=2021-12-03T09:44:04Z").ActiveAt.Year())
}

func TestDurations(t *testing.T) {
	t.Parallel()
	const bad = -1
	for text, want := range map[string]time.Duration{
		"0": 0, "545": 545 * time.Second, "545.0": 545 * time.Second, " 60 ": time.Minute, "0.25": 250 * time.Millisecond,
		"PT6M8.301194S": 6*time.Minute + 8301194*time.Microsecond, "PT1M0.048S": time.Minute + 48*time.Millisecond,
		"PT16M53.329S": 16*time.Minute + 53329*time.Millisecond, "PT0S": 0, "PT36H": 36 * time.Hour, "P1DT2H3M4S": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"P2W": 14 * 24 * time.Hour, "P3D": 72 * time.Hour, "pt1h": time.Hour, "PT2562047H": 2562047 * time.Hour,
		"P": bad, "PT": bad, "P1": bad, "PT1": bad, "P1H": bad, "PT1D": bad, "P1Y": bad, "P1M": bad, "PT1S2M": bad, "PT1M2M": bad, "P1DT": bad,
		"PTT1S": bad, "P1D1D": bad, "PT1HT1S": bad, "PTS": bad, "PT-1S": bad, "-1": bad, "+1": bad, "1e3": bad, "NaN": bad, "1.2.3": bad, "1.": 1e9, ".5": bad,
		"9223372036854775807": bad, "PT9999999999H": bad, "PT2562047H48M": bad, "5 minutes": bad, "1_000": bad, "0x10": bad, "PT１S": bad, "PT1s2": bad,
	} {
		p := payloadOf(t, "alarm_id=1", "alarm_last_interval="+text)
		if want == bad {
			require.Equal(t, []string{"alarm_last_interval: not a duration"}, p.Problems, text)
			continue
		}
		require.Empty(t, p.Problems, text)
		require.Equal(t, want, p.LastInterval, text)
	}
}
