package pigeon_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// newSender returns a sender by the prepared objects, with its far end.
func newSender(tb testing.TB, plan pigeon.Request, opts *pigeon.SenderOptions) (*pigeon.Sender, *pigeontest.Server) {
	tb.Helper()
	client, server := newClient(tb, nil)
	sender, err := pigeon.NewSender(client, plan, opts)
	require.NoError(tb, err)
	return sender, server
}

// anyTime returns options with a Ringer that bounds no number of calls.
func anyTime(tb testing.TB, policy alert.RingPolicy) *pigeon.SenderOptions {
	tb.Helper()
	policy.Window, policy.Limits = -1, []alert.Limit{}
	ring, err := alert.NewRinger(&policy)
	require.NoError(tb, err)
	return &pigeon.SenderOptions{Ring: ring}
}

// plan is the prepared call flow and guidance.
func plan() pigeon.Request {
	return pigeon.Request{CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID}
}

// A conformance run over the prepared guidance, which reads count and text.
func TestSender(t *testing.T) {
	t.Parallel()
	for _, socket := range []bool{false, true} {
		for _, resolved := range []bool{false, true} {
			t.Run(fmt.Sprintf("socket %t, resolved %t", socket, resolved), func(t *testing.T) {
				t.Parallel()
				alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness { return newHarness(t, socket, resolved) })
			})
		}
	}
}

func newHarness(t *testing.T, socket, resolved bool) *alerttest.Harness {
	t.Helper()
	server, log := pigeontest.NewServer(t), &journal{}
	server.User, server.Password = "hq", password
	opts := &pigeon.Options{
		User: "hq", Password: password, HTTPClient: server.Client(),
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	url := server.URL()
	if socket {
		url, opts.HTTPClient = server.Listen(t), nil
	}
	client, err := pigeon.New(url, server.Token, opts)
	require.NoError(t, err)
	p := inline()
	p.Guidance.Text, p.Parameters = "{{count}} {{name}} {{text}}", nil
	sender, err := pigeon.NewSender(client, p, anyTime(t, alert.RingPolicy{Resolved: resolved, Tests: resolved}))
	require.NoError(t, err)
	h := &alerttest.Harness{
		Sender:   sender,
		Messages: server.Attempts,
		Delivered: func() int {
			total := 0
			for _, c := range server.Chains() {
				n, err := strconv.Atoi(c.Parameters["count"])
				require.NoError(t, err)
				require.Equal(t, n, spoken(t, c.Parameters["text"]), c.Text)
				total += n
			}
			return total
		},
		Saw: func(text string) bool {
			return slices.ContainsFunc(server.Chains(), func(c pigeontest.Chain) bool { return strings.Contains(c.Text, text) })
		},
		Refuse: func() { server.FailAlways(pigeontest.HTML(401)) },
		Busy:   func() { server.FailAlways(pigeontest.RetryAfter(429, "1")) },
		Break:  func() { server.FailAlways(pigeontest.ResetAfter()) },
		Hang: func() <-chan struct{} {
			arrived := make(chan struct{})
			server.FailAlways(pigeontest.Hang(arrived))
			return arrived
		},
		Logs:       log.String,
		Secrets:    []string{server.Token, password, number1, number2},
		OneMessage: true,
		NeverTwice: true,
	}
	if !resolved { // a send of resolved alerts alone is accepted without a call
		h.Delivered = nil
	}
	return h
}

// spoken reads the number of alerts from what the voice says.
func spoken(t *testing.T, text string) int {
	t.Helper()
	count := func(pattern string, otherwise int) int {
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			return otherwise
		}
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		return n
	}
	return count(`共 (\d+) 条告警`, 1) + count(`另有测试 (\d+) 条`, 0)
}

// full is an alert with everything.
func full() alert.Alert {
	return alert.Alert{
		Source: "aliyun", Severity: alert.Critical, Level: "P0", Name: "磁盘使用率过高", Summary: "已用 > 95% {{server}} https://example.com/x",
		Product: "rds", Region: "cn-hangzhou", Instance: "db_1",
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	minor := alert.Alert{Severity: alert.Notice, Name: "backup"}
	over := full()
	over.Status = alert.Resolved
	trial, news := full(), alert.Alert{Status: alert.News, Severity: alert.Critical, Name: "failover done"}
	trial.Test = true
	var b strings.Builder
	for _, tt := range []struct {
		name   string
		alerts []alert.Alert
	}{
		{"one", []alert.Alert{full()}},
		{"zero", []alert.Alert{{}}},
		{"many", []alert.Alert{minor, over, full(), full()}},
		{"the worst is over", []alert.Alert{minor, over}},
		{"all over", []alert.Alert{over, over}},
		{"test", []alert.Alert{trial}},
		{"test and news", []alert.Alert{trial, news, over, minor}},
	} {
		for l := alert.Chinese; l <= alert.Japanese; l++ {
			opts := anyTime(t, alert.RingPolicy{Resolved: true, Tests: true})
			opts.Locale = l
			sender, server := newSender(t, plan(), opts)
			require.NoError(t, sender.Send(t.Context(), tt.alerts...))
			values := server.Chains()[0].Parameters
			require.ElementsMatch(t, pigeon.ParameterNames(), slices.Collect(maps.Keys(values)))
			fmt.Fprintf(&b, "%s, %s\n", tt.name, l)
			for _, name := range pigeon.ParameterNames() {
				require.NotEmpty(t, values[name])
				require.NotContains(t, values[name], "{")
				require.NotContains(t, values[name], "http")
				fmt.Fprintf(&b, "  %s: %s\n", name, values[name])
			}
		}
	}
	golden(t, "parameters.golden", b.String())
}

// TestTextLimit bounds everything in runes and says so.
func TestTextLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 5000)
	a := alert.Alert{Name: long, Summary: long, Product: long, Region: long, Instance: long, Level: long, Source: long}
	for _, limit := range []int{0, 40, 500} {
		sender, server := newSender(t, plan(), &pigeon.SenderOptions{TextLimit: limit})
		require.NoError(t, sender.Send(t.Context(), a, a))
		if limit == 0 {
			limit = 150
		}
		for name, value := range server.Chains()[0].Parameters {
			most := limit
			if name != "text" && name != "summary" {
				most = 60
			}
			require.LessOrEqual(t, utf8.RuneCountInString(value), most, name)
		}
		text := server.Chains()[0].Text
		require.Equal(t, limit, utf8.RuneCountInString(text))
		require.True(t, strings.HasSuffix(text, "…（已截断）"))
		require.Contains(t, text, "共 2 条告警")
	}
}

// TestNames is about guidances that have names of their own.
func TestNames(t *testing.T) {
	t.Parallel()
	sender, server := newSender(t, plan(), &pigeon.SenderOptions{Names: map[string]string{"instance": "server", "text": "text"}})
	require.NoError(t, sender.Send(t.Context(), full()))
	values := server.Chains()[0].Parameters
	require.Len(t, values, 2)
	require.Equal(t, "db 1", values["server"])

	p := inline()
	p.Parameters = map[string]string{"server": "fixed"}
	sender, server = newSender(t, p, &pigeon.SenderOptions{Names: map[string]string{"instance": "server", "name": "incident"}})
	require.NoError(t, sender.Send(t.Context(), full()))
	require.Equal(t, "fixed: 磁盘使用率过高. 1 take, 2 next, 3 skip me.", server.Chains()[0].Text)
	require.Equal(t, map[string]string{"server": "fixed"}, p.Parameters, "the plan is left alone")

	p = inline()
	p.Guidance.Text, p.Parameters = "{{count}}", nil
	p.Guidance.Reactions["1"] = pigeon.Reaction{pigeon.Terminate, "{{severity}}"}
	sender, server = newSender(t, p, nil)
	require.NoError(t, sender.Send(t.Context(), full()))
	require.Equal(t, map[string]string{"count": "1", "severity": "紧急"}, server.Chains()[0].Parameters, "what the guidance uses")
}

// TestResolved places no call to say that all is well, unless asked.
func TestResolved(t *testing.T) {
	t.Parallel()
	over, silent := full(), full()
	over.Status, silent.Status = alert.Resolved, alert.NoData
	sender, server := newSender(t, plan(), anyTime(t, alert.RingPolicy{}))
	require.NoError(t, sender.Send(t.Context(), over))
	require.NoError(t, sender.Send(t.Context(), over, over))
	require.Zero(t, server.Attempts())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sender.Send(ctx, over), context.Canceled, "nothing is accepted after the end")

	require.NoError(t, sender.Send(t.Context(), over, full(), over))
	values := server.Chains()[0].Parameters
	require.Equal(t, []string{"3", "1", "2"}, []string{values["count"], values["open"], values["resolved"]})
	require.NoError(t, sender.Send(t.Context(), silent, over), "silence is no good news")
	require.NoError(t, sender.Send(t.Context(), alert.Alert{Status: 99}), "nor is a state that nobody knows")
	require.Equal(t, 3, server.Placed())

	sender, server = newSender(t, plan(), anyTime(t, alert.RingPolicy{Resolved: true}))
	require.NoError(t, sender.Send(t.Context(), over))
	require.Equal(t, 1, server.Placed())
}

// TestTests rings for a test only where its owner wants that, and says so.
func TestTests(t *testing.T) {
	t.Parallel()
	trial, over, log := full(), full(), &journal{}
	trial.Test, over.Status = true, alert.Resolved
	client, server := newClient(t, &pigeon.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	sender, err := pigeon.NewSender(client, plan(), nil)
	require.NoError(t, err)
	chain, err := sender.Place(t.Context(), trial, trial)
	require.NoError(t, err)
	require.Empty(t, chain.ResultID)
	require.Zero(t, server.Attempts())
	require.Contains(t, log.String(), "level=INFO msg=\"no phone rings for tests\" tests=2")
	alerts := []alert.Alert{trial, over, full()}
	require.NoError(t, sender.Send(t.Context(), alerts...))
	require.True(t, alerts[0].Test, "the caller's")
	values := server.Chains()[0].Parameters
	require.Equal(t, []string{"2", "1", "1"}, []string{values["count"], values["open"], values["resolved"]})
	require.NotContains(t, values["text"], "测试")

	sender, server = newSender(t, plan(), anyTime(t, alert.RingPolicy{Tests: true}))
	require.NoError(t, sender.Send(t.Context(), trial))
	require.True(t, strings.HasPrefix(server.Chains()[0].Text, "测试，告警通知，紧急"), server.Chains()[0].Text)
	trial.Status = alert.Resolved
	require.NoError(t, sender.Send(t.Context(), trial))
	require.Equal(t, 1, server.Placed())
}

// TestNews rings nobody, however grave.
func TestNews(t *testing.T) {
	t.Parallel()
	news, over := full(), full()
	news.Status, over.Status = alert.News, alert.Resolved
	sender, server := newSender(t, plan(), nil)
	require.NoError(t, sender.Send(t.Context(), news, over))
	require.Zero(t, server.Attempts())
	require.NoError(t, sender.Send(t.Context(), news, over, alert.Alert{Name: "backup"}))
	values := server.Chains()[0].Parameters
	require.Equal(t, []string{"3", "1", "1", "backup"}, []string{values["count"], values["open"], values["resolved"], values["name"]})
}

// TestOnInvoked hands out what Wait needs.
func TestOnInvoked(t *testing.T) {
	t.Parallel()
	var chains []pigeon.Invocation
	var counts []int
	opts := anyTime(t, alert.RingPolicy{})
	opts.OnInvoked = func(c pigeon.Invocation, n int) { chains, counts = append(chains, c), append(counts, n) }
	sender, server := newSender(t, plan(), opts)
	require.NoError(t, sender.Send(t.Context(), full(), full()))
	server.Fail(pigeontest.Instead(pigeontest.HTML(503)))
	err := sender.Send(t.Context(), full())
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.False(t, alert.Retryable(err))
	require.Equal(t, []int{2}, counts)
	require.Equal(t, server.Chains()[0].ResultID, chains[0].ResultID)
	require.Equal(t, 2, server.Placed())
}

// TestQueueNeverRingsTwice has the loop of a queue around the sender, which
// goes on for as long as the errors say that it may.
func TestQueueNeverRingsTwice(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]pigeontest.Failure{
		"503": pigeontest.Instead(pigeontest.RetryAfter(503, "1")), "reset": pigeontest.ResetAfter(), "cut": pigeontest.Cut(),
		"429": pigeontest.HTML(429), "unreachable": pigeontest.Unreachable(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender, server := newSender(t, plan(), nil)
			server.Fail(fault)
			for range 5 {
				if err := sender.Send(alert.Once(t.Context()), full()); !alert.Retryable(err) {
					break
				}
			}
			require.Equal(t, 1, server.Placed())
		})
	}
}

// TestPlanIsCopied changes a plan under a sender.
func TestPlanIsCopied(t *testing.T) {
	t.Parallel()
	p := inline()
	sender, server := newSender(t, p, nil)
	p.CallFlow.Contacts[0].Phones[0], p.CallFlow.Contacts[1].Name, p.CallFlow.Loops = "110", "other", 9
	p.Guidance.Text, p.Guidance.Reactions["1"], p.Parameters["server"] = "other", pigeon.Reaction{}, "other"
	require.NoError(t, sender.Send(t.Context(), full()))
	require.JSONEq(t, string(fixture(t, "invoke_request_inline.json")), string(server.Chains()[0].Body))
}

func TestNewSender(t *testing.T) {
	t.Parallel()
	client, _ := newClient(t, nil)
	twoHalves, unknown, broken := plan(), inline(), inline()
	twoHalves.CallFlow = inline().CallFlow
	broken.Guidance.Text = "{{"
	for _, tt := range []struct {
		name   string
		client *pigeon.Client
		plan   pigeon.Request
		opts   *pigeon.SenderOptions
		want   string
	}{
		{"no client", nil, plan(), nil, "no client"},
		{"empty plan", client, pigeon.Request{}, nil, "params.callflowId"},
		{"two halves", client, twoHalves, nil, "excludes callflow"},
		{"short text", client, plan(), &pigeon.SenderOptions{TextLimit: 39}, "TextLimit: 39 runes, want 40"},
		{"long text", client, plan(), &pigeon.SenderOptions{TextLimit: 1001}, "TextLimit: 1001 runes, want 40 to 1000"},
		{"two for one", client, plan(), &pigeon.SenderOptions{Names: map[string]string{"name": "x", "text": "x"}}, "two parameters for"},
		{"unknown name", client, plan(), &pigeon.SenderOptions{Names: map[string]string{"nam": "x"}}, `"nam" is no parameter`},
		{"bad name", client, plan(), &pigeon.SenderOptions{Names: map[string]string{"name": "{x}"}}, "is no name of a placeholder"},
		{"placeholder that nobody fills", client, func() pigeon.Request { unknown.Parameters = nil; return unknown }(), nil, "{{server}} has no value"},
		{"broken guidance", client, broken, nil, "does not begin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := pigeon.NewSender(tt.client, tt.plan, tt.opts)
			require.ErrorContains(t, err, "pigeon: new sender: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// TestLeaks prints everything there is.
func TestLeaks(t *testing.T) {
	t.Parallel()
	opts := &pigeon.Options{User: "hq", Password: password}
	client, server := newClient(t, opts)
	sender, err := pigeon.NewSender(client, inline(), nil)
	require.NoError(t, err)
	chain, err := client.Invoke(t.Context(), inline())
	require.NoError(t, err)
	secrets := []string{server.Token, password, number1, number2}
	leaktest.Check(t, secrets, client, sender, chain, *client, pigeon.Result{ID: "x"}, pigeon.Listed{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{*opts, inline().CallFlow.Contacts[0], *inline().CallFlow, inline()} {
			leaktest.Check(t, secrets, fmt.Sprintf(verb, v))
		}
	}
	require.Equal(t, "on-call 1 [090******01]", inline().CallFlow.Contacts[0].String())

	echo := fmt.Sprintf(`{"message":"no %s for %s, %s, 090-0000-0002 and +81 90 0000 0001","errors":[{"field":"x","message":%q}]}`,
		server.Token, password, number1, strings.Repeat(number2+" ", 100))
	server.FailAlways(pigeontest.Reply(400, echo))
	_, err = client.Invoke(t.Context(), inline())
	require.ErrorContains(t, err, "no [redacted] for [redacted]")
	require.LessOrEqual(t, len(asError(t, err).Message), 512)
	leaktest.Check(t, append(secrets, "0000-0002", "90 0000 0001"), err)
	_, err = client.Result(t.Context(), chain.ResultID)
	require.ErrorContains(t, err, "[number]")
	leaktest.Check(t, append(secrets, "0000-0002", "90 0000 0001"), err)
}

// A short number is too short to be taken for a number wherever it stands, and
// is known from the request.
func TestLeaksShortNumber(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	r := inline()
	r.CallFlow.Contacts[1].Phones = []string{"8050-921"}
	server.FailAlways(pigeontest.Reply(400, `{"message":"cannot call 8050921 or 8050-921, code 1234567"}`))
	_, err := client.Invoke(t.Context(), r)
	require.ErrorContains(t, err, "code 1234567")
	leaktest.Check(t, []string{"8050921", "8050-921"}, err)
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				chain, err := client.Invoke(t.Context(), inline())
				if err == nil {
					_, err = client.Result(t.Context(), chain.ResultID)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 80, server.Placed())
}
