package ocp_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/internal/standin"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// newSender returns a sender for the rule "tocsin" and its far end.
func newSender(tb testing.TB, opts *ocp.SenderOptions) (*ocp.Sender, *ocptest.Server) {
	tb.Helper()
	client, server := newClient(tb, nil)
	sender, err := ocp.NewSender(client, "tocsin", opts)
	require.NoError(tb, err)
	return sender, server
}

// TestSender runs the conformance kit. It counts what reaches the wire, where
// a resolved alert does not go, so here every alert is made firing;
// TestResolvedIsNotPushed is about the others.
func TestSender(t *testing.T) {
	t.Parallel()
	for _, socket := range []bool{false, true} {
		for _, signed := range []bool{false, true} {
			t.Run(fmt.Sprintf("socket %t signed %t", socket, signed), func(t *testing.T) {
				t.Parallel()
				alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness { return newHarness(t, socket, signed) })
			})
		}
	}
}

// newHarness returns a sender and its far end.
func newHarness(t *testing.T, socket, signed bool) *alerttest.Harness {
	t.Helper()
	server := ocptest.NewServer(t)
	server.MaxLogins = 1 // a single failed login too many would show
	log := &journal{}
	opts := &ocp.Options{Logger: log.logger(), HTTPClient: server.Client()}
	url := server.URL()
	if socket {
		url, opts.HTTPClient = server.Listen(t), nil
	}
	credentials := ocp.Basic(server.User, server.Password)
	if signed {
		credentials = ocp.AccessKey(server.AccessKey, server.SecretKey)
	}
	client, err := ocp.NewClient(url, credentials, opts)
	require.NoError(t, err)
	sender, err := ocp.NewSender(client, "tocsin", nil)
	require.NoError(t, err)
	return &alerttest.Harness{
		Sender: alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			firing := make([]alert.Alert, len(alerts))
			for i, a := range alerts {
				firing[i] = a
				firing[i].Status = alert.Firing
			}
			return sender.Send(ctx, firing...)
		}),
		Messages:  server.Attempts,
		Delivered: func() int { return len(server.Pushes()) },
		Saw: func(text string) bool {
			for _, p := range server.Pushes() {
				if strings.Contains(string(p.Body), text) {
					return true
				}
			}
			return false
		},
		Refuse: func() { server.FailAlways(ocptest.Refuse(401, "IAM10004", "用户名或密码错误")) },
		Busy:   func() { server.FailAlways(ocptest.TooMany("30")) },
		Break:  func() { server.FailAlways(ocptest.ResetAfter()) },
		Hang: func() <-chan struct{} {
			arrived := make(chan struct{})
			server.FailAlways(ocptest.Hang(arrived))
			return arrived
		},
		Logs:    log.String,
		Secrets: []string{server.User, server.Password, server.AccessKey, server.SecretKey},
		Batch:   500,
	}
}

func TestNewSender(t *testing.T) {
	t.Parallel()
	client, _ := newClient(t, nil)
	for name, tt := range map[string]struct {
		client *ocp.Client
		rule   string
		want   string
	}{
		"no client": {nil, "t", "no client"},
		"no rule":   {client, "", "alarmType"},
		"odd rule":  {client, "a-b", "alarmType"},
	} {
		_, err := ocp.NewSender(tt.client, tt.rule, nil)
		require.ErrorContains(t, err, "ocp: new sender: ", name)
		require.ErrorContains(t, err, tt.want, name)
	}
}

// TestAlarm shows what becomes of an alert.
func TestAlarm(t *testing.T) {
	t.Parallel()
	sender, server := newSender(t, &ocp.SenderOptions{
		Alarm: func(a alert.Alert, proposed ocp.Alarm) ocp.Alarm {
			if a.Severity == alert.Critical {
				proposed.Type = "tocsin_down"
			}
			proposed.Labels["team"] = "dba"
			return proposed
		},
	})
	a := alert.Alert{
		Source: "aliyun", ID: "1", Key: "rule-7/i-1", Severity: alert.Critical, Level: "CRITICAL", Name: "磁盘满", Summary: "91%\n\nof 100 GB",
		Product: "ecs", Region: "cn-hangzhou", Resource: "acs:ecs:x", Instance: "db-1", URL: "https://example.com/?a=1&b=2",
		StartsAt: time.Date(2026, 11, 20, 16, 8, 41, 0, time.FixedZone("", 8*60*60)),
		Labels:   map[string]string{"userId": "1", "alert_name": "forged", "alarm_id": "7", "a-b": "dash", "empty": "", "team": "theirs"},
	}
	want := ocp.Alarm{
		Type: "tocsin_down", Target: "source=aliyun:key=rule-7/i-1",
		Labels: map[string]string{
			"alert_status": "firing", "alert_severity": "critical", "alert_level": "CRITICAL", "alert_source": "aliyun", "alert_key": "rule-7/i-1",
			"alert_name": "磁盘满", "alert_summary": "91% of 100 GB", "alert_product": "ecs", "alert_region": "cn-hangzhou",
			"alert_resource": "acs:ecs:x", "alert_instance": "db-1", "alert_url": "https://example.com/?a=1&b=2",
			"alert_starts_at": "2026-11-20T16:08:41+08:00",
			"userId":          "1", "label_alert_name": "forged", "label_alarm_id": "7", "a_b": "dash", "team": "dba",
		},
	}
	require.Equal(t, want, sender.Alarm(a))
	require.NoError(t, sender.Send(t.Context(), a))
	push := server.Pushes()[0]
	require.Equal(t, want, ocp.Alarm{Type: push.Type, Target: push.Target, Labels: push.Labels})

	a.Severity, a.Status, a.Key = alert.Major, alert.NoData, ""
	alarm := sender.Alarm(a)
	require.Equal(t, "tocsin", alarm.Type)
	require.Equal(t, "no_data", alarm.Labels["alert_status"])
	require.Equal(t, "source=aliyun:product=ecs:region=cn-hangzhou:resource=acs_ecs_x~21e0b5a5a3a7:name=磁盘满", alarm.Target)
	require.Equal(t, "source=unknown", sender.Alarm(alert.Alert{}).Target)
	require.Equal(t, "source=s:resource=db-1", sender.Alarm(alert.Alert{Source: "s", Instance: "db-1"}).Target)
}

// TestAlarmOfATest shows that a test says so, and touches no alarm that is real.
func TestAlarmOfATest(t *testing.T) {
	t.Parallel()
	sender, _ := newSender(t, nil)
	alarm := sender.Alarm(trial(problem("a")))
	require.Equal(t, "test=true:"+sender.Alarm(problem("a")).Target, alarm.Target)
	require.Equal(t, "[Test] disk full", alarm.Labels["alert_name"])
	require.Equal(t, "true", alarm.Labels["alert_test"])
	require.NotContains(t, sender.Alarm(problem("a")).Labels, "alert_test")
}

// TestTarget shows that a target names the problem and nothing but the
// problem.
func TestTarget(t *testing.T) {
	t.Parallel()
	sender, _ := newSender(t, nil)
	firing := problem("disk/db-1")
	later := over("disk/db-1")
	later.Name, later.Summary, later.Instance, later.Severity, later.ID = "recovered", "x", "y", alert.Info, "2"
	require.Equal(t, sender.Alarm(firing).Target, sender.Alarm(later).Target)

	form := regexp.MustCompile(`^[a-z]+=[^:=\s]+(:[a-z]+=[^:=\s]+)*$`)
	seen := map[string]string{}
	for _, key := range []string{
		"a", "a:b", "a=b", "a b", "a\tb", "a_b", "a\nb", "A", "告警", "a\xffb", "a\xfeb", " a", "a ", "a\u200bb", "ab", "a~b", "a…",
		strings.Repeat("x", 120), strings.Repeat("x", 121), strings.Repeat("x", 122), strings.Repeat("长", 2000), strings.Repeat("长", 2001), ":", "=", "\x00",
	} {
		target := sender.Alarm(problem(key)).Target
		require.Regexp(t, form, target)
		require.Less(t, len(target), 200)
		require.Empty(t, seen[target], "%q and %q are one alarm", key, seen[target])
		seen[target] = key
	}
}

// TestAlarmBounds shows that no alert makes an alarm that the client refuses.
func TestAlarmBounds(t *testing.T) {
	t.Parallel()
	sender, _ := newSender(t, nil)
	labels := map[string]string{}
	for i := range 500 {
		labels[fmt.Sprintf("%03d%s", i, strings.Repeat("n", 200))] = strings.Repeat("\x00\"<告", 3000)
	}
	text := strings.Repeat("\"\\\n💔<&", 5000)
	a := alert.Alert{
		Source: text, Key: text, Level: text, Name: text, Summary: text, Product: text, Region: text, Resource: text, Instance: text, URL: text, Labels: labels,
	}
	alarm := sender.Alarm(a)
	require.NoError(t, alarm.Validate())
	own := 0
	for name := range alarm.Labels {
		if strings.HasPrefix(name, "alert_") {
			own++
		}
	}
	require.Equal(t, 12, own, "fields come first")
	require.Greater(t, len(alarm.Labels), 12)
	require.Less(t, len(alarm.Labels), 40, "what there is no room for is left out")
	require.LessOrEqual(t, len(alarm.Labels["alert_summary"]), 1024)
	require.True(t, strings.HasSuffix(alarm.Labels["alert_summary"], "…"), "a cut can be seen")
}

func TestLabelNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a": "a", "A_1": "A_1", "a.b-c d": "a_b_c_d", "告警": "__", "": "label_", "alarm_id": "label_alarm_id",
		"alert_x": "label_alert_x", strings.Repeat("x", 70): strings.Repeat("x", 64),
	} {
		require.Equal(t, want, ocp.LabelName(name))
	}
}

// TestResolvedIsNotPushed: there is no way to tell OCP that a problem is over,
// and one more push would keep the alarm alive.
func TestResolvedIsNotPushed(t *testing.T) {
	t.Parallel()
	sender, server := newSender(t, nil)
	require.NoError(t, sender.Send(t.Context(), over("a")))
	require.Zero(t, server.Attempts())
	require.NoError(t, sender.Send(t.Context(), over("a"), problem("b"), over("b")))
	require.NoError(t, sender.Send(t.Context(), news(problem("a"), "1"), trial(over("b"))), "nor is what was never a problem")
	require.Len(t, server.Pushes(), 1)

	server.FailAlways(ocptest.HTML(502))
	err := sender.Send(alert.Once(t.Context()), problem("a"), over("b"), problem("c"))
	require.Error(t, alert.ErrorAt(err, 0, 3))
	require.NoError(t, alert.ErrorAt(err, 1, 3), "nothing to be told")
	require.Error(t, alert.ErrorAt(err, 2, 3))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sender.Send(ctx, over("a")), context.Canceled)
}

// TestPartial shows which failures concern one alert, and which all of them.
func TestPartial(t *testing.T) {
	t.Parallel()
	const all = -1
	tests := []struct {
		name      string
		fault     ocptest.Failure
		failed    int // alerts that were tried and failed; all: the rest was not tried
		retryable bool
	}{
		{"no rule", ocptest.Refuse(400, "ALM20001", "x"), 1, false},
		{"not created", ocptest.Refuse(200, "ALM70002", "x"), 1, true},
		{"login", ocptest.Refuse(401, "IAM10004", "x"), all, false},
		{"denied", ocptest.Refuse(403, "ALM10001", "x"), all, false},
		{"too many", ocptest.TooMany("60"), all, true},
		{"error of OCP", ocptest.Refuse(500, "", "x"), all, true},
		{"gateway", ocptest.HTML(502), all, true},
		{"page", ocptest.HTML(200), all, true},
		{"hung up", ocptest.ResetAfter(), all, true},
		{"unreachable", standin.Unreachable(), all, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sender, server := newSender(t, nil)
			require.NoError(t, sender.Send(t.Context(), problem("before")))
			server.Fail(tt.fault)
			err := sender.Send(alert.Once(t.Context()), problem("a"), problem("b"), problem("c"))
			partial, ok := errors.AsType[*alert.PartialError](err)
			require.True(t, ok)
			require.Equal(t, tt.retryable, alert.Retryable(partial.Errs[0]))
			if tt.failed != all {
				require.NoError(t, partial.Errs[1])
				require.Len(t, server.Pushes(), 3)
				return
			}
			require.Equal(t, 2, server.Attempts(), "the rest would fail too")
			for _, rest := range partial.Errs[1:] {
				first := asError(t, partial.Errs[0])
				require.ErrorContains(t, rest, "not tried after: ")
				require.Equal(t, tt.retryable, alert.Retryable(rest))
				require.Equal(t, alert.RetryAfter(first), alert.RetryAfter(rest))
				require.NotErrorIs(t, rest, alert.ErrUncertain, "it was certainly not sent")
				require.Equal(t, first.Code, asError(t, rest).Code)
				require.Equal(t, 1, strings.Count(rest.Error(), "not tried after"))
			}
		})
	}
}

// A rule that does not exist for one alert does not keep the others.
func TestRulesByAlert(t *testing.T) {
	t.Parallel()
	sender, server := newSender(t, &ocp.SenderOptions{Alarm: func(a alert.Alert, proposed ocp.Alarm) ocp.Alarm {
		proposed.Type = cmp.Or(a.Labels["rule"], proposed.Type)
		return proposed
	}})
	server.Rules = map[string]ocptest.Rule{"tocsin": {}, "known": {}}
	typed := func(rule string) alert.Alert {
		a := problem(rule)
		a.Labels = map[string]string{"rule": rule}
		return a
	}
	err := sender.Send(t.Context(), typed("not a rule"), typed("unknown"), typed("known"), typed(""))
	require.ErrorContains(t, alert.ErrorAt(err, 0, 4), "alarmType: want the name of a rule")
	require.Equal(t, "20001", asError(t, alert.ErrorAt(err, 1, 4)).Code)
	require.NoError(t, alert.ErrorAt(err, 2, 4))
	require.NoError(t, alert.ErrorAt(err, 3, 4))
	require.Equal(t, 3, server.Attempts())
}
