package voice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// saying returns a gateway that answers for each callee in turn.
func saying(of ...voice.State) voice.Gateway {
	return voice.GatewayFunc(func(_ context.Context, r voice.Request) (voice.Report, error) {
		report := voice.Report{RequestID: "r-1"}
		for i := range r.Callees {
			report.Results = append(report.Results, voice.Result{State: of[i], RetryAfter: time.Duration(i+1) * time.Minute})
		}
		return report, nil
	})
}

// failing returns a gateway that can say nothing about anybody.
func failing(err error) voice.Gateway {
	return voice.GatewayFunc(func(context.Context, voice.Request) (voice.Report, error) { return voice.Report{}, err })
}

// Whether alerts count as told, and whether they may be sent again: nobody is
// rung twice, and nothing is missed in silence.
func TestOutcome(t *testing.T) {
	t.Parallel()
	const throttled, noAnswer, withheld = voice.Throttled, voice.NoAnswer, voice.Withheld
	tests := []struct {
		name                 string
		gateway              voice.Gateway
		ok, again, uncertain bool
		after                time.Duration
	}{
		{"all accepted", saying(accepted, accepted, accepted), true, false, false, 0},
		{"one accepted beside failures", saying(permanent, unknown, accepted), true, false, false, 0},
		{"one answered", saying(answered, notNeeded, notNeeded), true, false, false, 0},
		{"all busy", saying(temporary, temporary, throttled), false, true, false, 3 * time.Minute},
		{"busy and wrong", saying(permanent, temporary, permanent), false, true, false, 2 * time.Minute},
		{"all wrong", saying(permanent, permanent, permanent), false, false, false, 0},
		{"unknown", saying(unknown, unknown, unknown), false, false, true, 0},
		{"unknown and busy", saying(unknown, temporary, throttled), false, false, true, 0},
		{"rang in vain and busy", saying(noAnswer, temporary, temporary), false, false, false, 0},
		{"withheld by the gateway", saying(withheld, withheld, withheld), false, true, false, 3 * time.Minute},
		{"state out of range", saying(99, temporary, temporary), false, false, false, 0},
		{"error that says again", failing(errExplicit{true}), false, true, false, 0},
		{"error that says final", failing(errExplicit{false}), false, false, false, 0},
		{"error that says nothing", failing(errSilent), false, false, true, 0},
		{"error that says nothing, as it is", failing(io.ErrUnexpectedEOF), false, false, true, 0},
		{"joined errors of which one is silent, as they are", failing(fmt.Errorf("%w, %w", errExplicit{false}, io.EOF)), false, false, true, 0},
		{"wrapped error that says again", failing(fmt.Errorf("to %s: %w", numberA, errExplicit{true})), false, true, false, 0},
		{"joined errors of which one is silent", failing(errors.Join(errExplicit{true}, errSilent)), false, false, true, 0},
		{"joined errors that disagree", failing(errors.Join(errExplicit{true}, errExplicit{false})), false, false, true, 0},
		{"uncertain error that says again", failing(errors.Join(errExplicit{true}, alert.ErrUncertain)), false, false, true, 0},
		{"too few results", voice.GatewayFunc(func(context.Context, voice.Request) (voice.Report, error) {
			return voice.Report{Results: []voice.Result{{State: permanent}}}, nil
		}), false, false, true, 0},
		{"panic", voice.GatewayFunc(func(context.Context, voice.Request) (voice.Report, error) { panic(numberA) }), false, false, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := newSender(t, tt.gateway, three(), voice.SenderOptions{}).Send(t.Context(), full())
			require.Equal(t, tt.ok, err == nil, "%v", err)
			if err == nil {
				return
			}
			e := asError(t, err)
			require.Equal(t, tt.again, alert.Retryable(err), "%v", err)
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
			require.Equal(t, tt.after, alert.RetryAfter(err))
			require.NotContains(t, e.Error(), "\n")
			require.Equal(t, tt.uncertain, strings.Contains(e.Error(), "a phone may have rung"), "%v", err)
			leaktest.Check(t, []string{numberA, numberB, numberC}, err)
		})
	}
}

// One call for any number of alerts: its text names the worst, counts the
// rest, and keeps to its limit.
func TestText(t *testing.T) {
	t.Parallel()
	var many []alert.Alert
	for i := range 5000 {
		many = append(many, alert.Alert{Name: fmt.Sprintf("Rule%05d", i), Summary: "https://example.com/x {{y}} <b>"})
	}
	many[17] = full()
	tests := []struct {
		name   string
		opts   voice.SenderOptions
		alerts []alert.Alert
		want   string
	}{
		{"one", voice.SenderOptions{}, []alert.Alert{full()}, "告警通知，紧急，db-01，disk full，97 percent"},
		{"one in English", voice.SenderOptions{Locale: alert.English}, []alert.Alert{full()}, "Alert, Critical, db-01, disk full, 97 percent"},
		{"many", voice.SenderOptions{}, many, "告警通知，共 5000 条告警，紧急，db-01，disk full，此类 1 条，其他 4999 条，97 percent"},
		{"short", voice.SenderOptions{MaxRunes: 40}, many, "告警通知，共 5000 条告警，紧急，db-01，disk full…（已截断）"},
		{"resolved among others", voice.SenderOptions{}, []alert.Alert{{Status: alert.Resolved, Severity: alert.Critical, Name: "old"}, full()},
			"告警通知，共 2 条告警，紧急，db-01，disk full，此类 1 条，其他 1 条，97 percent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones := &voicetest.Phones{}
			require.NoError(t, newSender(t, newDialer(t, phones, voice.DialerOptions{}), three(), tt.opts).Send(t.Context(), tt.alerts...))
			require.Len(t, phones.Calls(), 3)
			for _, c := range phones.Calls() {
				require.Equal(t, tt.want, c.Text)
			}
		})
	}
	long := full()
	long.Summary = strings.Repeat("长", 3000)
	for limit, want := range map[int]int{0: 100, 40: 40, 350: 350, -1: 2000} {
		phones := &voicetest.Phones{}
		require.NoError(t, newSender(t, newDialer(t, phones, voice.DialerOptions{}), three(), voice.SenderOptions{MaxRunes: limit}).Send(t.Context(), long))
		got := utf8.RuneCountInString(phones.Calls()[0].Text)
		require.LessOrEqual(t, got, want)
		require.Greater(t, got, want-15)
	}
}

func TestResolvedOnly(t *testing.T) {
	t.Parallel()
	over := alert.Alert{Status: alert.Resolved, Severity: alert.Critical, Name: "disk full"}
	phones := &voicetest.Phones{}
	dialer := newDialer(t, phones, voice.DialerOptions{})
	require.NoError(t, newSender(t, dialer, three(), voice.SenderOptions{}).Send(t.Context(), over, over))
	require.Empty(t, phones.Calls())
	require.NoError(t, newSender(t, dialer, three(), anyTime(t, alert.RingPolicy{Resolved: true})).Send(t.Context(), over))
	require.Equal(t, "恢复通知，disk full", phones.Calls()[0].Text)
	// NoData is no recovery.
	require.NoError(t, newSender(t, dialer, three(), voice.SenderOptions{}).Send(t.Context(), alert.Alert{Status: alert.NoData}))
	require.Len(t, phones.Calls(), 6)
}

// No phone rings for news, nor for a test unless its owner wants that; and what a
// test says of itself is said.
func TestNewsAndTests(t *testing.T) {
	t.Parallel()
	news, trial := full(), full()
	news.Status, trial.Test = alert.News, true
	minor := alert.Alert{Name: "backup", Severity: alert.Notice}
	var log bytes.Buffer
	phones := &voicetest.Phones{}
	dialer := newDialer(t, phones, voice.DialerOptions{})
	s := newSender(t, dialer, three()[:1], voice.SenderOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, s.Send(t.Context(), news, trial))
	require.NoError(t, s.Send(t.Context(), trial))
	require.Empty(t, phones.Calls())
	require.Equal(t, 2, strings.Count(log.String(), "level=INFO msg=\"no phone rings for tests\" tests=1"))
	require.NoError(t, s.Send(t.Context(), trial, minor, news))
	require.Equal(t, "告警通知，共 2 条告警，通知，backup，此类 1 条，其他 1 条", phones.Calls()[0].Text)

	s = newSender(t, dialer, three()[:1], anyTime(t, alert.RingPolicy{Tests: true}))
	require.NoError(t, s.Send(t.Context(), trial))
	require.Equal(t, "测试，告警通知，紧急，db-01，disk full，97 percent", phones.Calls()[1].Text)
	require.NoError(t, s.Send(t.Context(), trial, minor))
	require.Equal(t, "告警通知，通知，backup，另有测试 1 条", phones.Calls()[2].Text)
	trial.Status = alert.Resolved
	require.NoError(t, s.Send(t.Context(), trial, news))
	require.Len(t, phones.Calls(), 3)
}

// What a Sender asks of its gateway, and what it shows of the report.
func TestSenderRequest(t *testing.T) {
	t.Parallel()
	var requests []voice.Request
	var reports []voice.Report
	var log bytes.Buffer
	callees := three()
	callees = append(callees, callee("duty", numberA))
	s := newSender(t, voice.GatewayFunc(func(_ context.Context, r voice.Request) (voice.Report, error) {
		requests = append(requests, r)
		return voice.Report{RequestID: "r-7", Results: []voice.Result{
			{State: accepted, ProviderID: "c-" + numberA}, {State: permanent, Code: "8\n", Reason: "no such number " + numberB}, {State: unknown},
		}}, nil
	}), callees, voice.SenderOptions{
		Serial: true, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Report: func(r voice.Report, err error) { require.NoError(t, err); reports = append(reports, r) },
	})
	callees[0] = callee("mallory", "19900000000") // the Sender has its own
	require.NoError(t, s.Send(t.Context(), full()))
	require.Len(t, requests, 1)
	require.True(t, requests[0].Serial)
	require.Len(t, requests[0].Callees, 3, "equal numbers once")
	require.Equal(t, numberA, requests[0].Callees[0].Number.Reveal())
	require.NotEmpty(t, requests[0].ID)
	require.Equal(t, []voice.State{accepted, permanent, unknown, accepted}, states(reports[0]))
	require.Equal(t, "duty", reports[0].Results[3].Callee.User)
	require.Equal(t, "no such number 138******02", reports[0].Results[1].Reason)
	require.Contains(t, log.String(), "level=WARN")
	require.Contains(t, log.String(), "2 of 4 callees not reached")
	require.Contains(t, log.String(), "reached=2")
	leaktest.Check(t, []string{numberA, numberB, numberC}, log.String(), reports, s, struct{ s *voice.Sender }{s})
	require.Equal(t, "voice.Sender(4 callees)", fmt.Sprintf("%+v", s))
	require.Equal(t, "voice.Sender(nil)", fmt.Sprint((*voice.Sender)(nil)))
}

func TestNewSender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		gateway voice.Gateway
		callees []voice.Callee
		opts    voice.SenderOptions
		want    string
	}{
		{"no gateway", nil, three(), voice.SenderOptions{}, "no gateway"},
		{"nobody", saying(), nil, voice.SenderOptions{}, "nobody to call"},
		{"empty callee", saying(), []voice.Callee{{}}, voice.SenderOptions{}, "neither user nor number"},
		{"short text", saying(), three(), voice.SenderOptions{MaxRunes: 39}, "want at least 40"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := voice.NewSender(tt.gateway, tt.callees, &tt.opts)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Numbers and callees print masked in every way.
func TestMasking(t *testing.T) {
	t.Parallel()
	n := voice.NewNumber("138-0000-0001")
	require.Equal(t, "138******01", n.String())
	require.Equal(t, numberA, n.Reveal())
	require.Equal(t, "(no number)", voice.Number{}.String())
	require.Equal(t, "alice 138******01", fmt.Sprintf("%+v", callee("alice", numberA)))
	require.Equal(t, "bob", callee("bob", "").String())
	require.Equal(t, "138******01", callee("", numberA).String())
	require.Equal(t, "138******01", callee(numberA, numberA).String())
	require.Equal(t, "+86*********01 138******02", fmt.Sprint(callee("+8613800000001", numberB)))
	r := voice.Request{Callees: three(), Text: "x"}
	leaktest.Check(t, []string{numberA, numberB, numberC}, n, callee("a", numberA), r, &r, three(),
		voice.Report{Results: []voice.Result{{Callee: callee("bob", numberB)}}})
	// A name that is a number is somebody's mistake: it does not print either.
	require.NotContains(t, fmt.Sprintf("%+v %v %d", callee(numberA, ""), voice.Result{Callee: callee(numberA, "")}, callee(numberA, "")), numberA)
}

// Numbers that nobody here knows are masked in words of a gateway.
func TestMaskNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"call 13800000009 failed":                     "call 138******09 failed",
		"13800000009,+8613800000009。":                 "138******09,+86*********09。",
		"给13800000009打电话":                             "给138******09打电话",
		"at 1700000000":                               "at 170*****00",
		"code 1306201, 95555":                         "code 1306201, 95555",
		"id 0f3c2b1a00000000000000000000abcd":         "id 0f3c2b1a00000000000000000000abcd",
		"c-1234567890ab x1234567890 1234567890123456": "c-1234567890ab x1234567890 1234567890123456",
		"": "",
	} {
		require.Equal(t, want, voice.MaskNumbers(text))
	}
	s := &spy{answer: `{"result":false,"code":1306000,"message":"phone 13800000009 of bob is wrong"}`}
	_, err := spied(t, s, "https://paas.example.com", voice.ESB).Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "bob"}}, Text: "x"})
	require.ErrorContains(t, err, `it says "phone 138******09 of bob is wrong"`)
	s.answer = `{"result":false,"data":{"failed":[{"username":"bob","mobile_phone":"13800000009","result":1004,"errmsg":"bad 8613800000009"}]}}`
	report, err := spied(t, s, "https://paas.example.com", voice.ESB).Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "bob"}}, Text: "x"})
	require.NoError(t, err)
	leaktest.Check(t, []string{"13800000009"}, report, report.Err())
}

// The end of ctx during a call shows in the error, beside the outcome of the
// callees.
func TestContextEndsDuringCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Slow(nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := newSender(t, newDialer(t, phones, voice.DialerOptions{}), three(), voice.SenderOptions{Serial: true})
		err := s.Send(ctx, full())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.False(t, alert.Retryable(err))
		require.Equal(t, []string{numberA}, phones.Numbers())
		// Where it is certain that nobody was called, that counts.
		again, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waits := voice.GatewayFunc(func(ctx context.Context, r voice.Request) (voice.Report, error) {
			<-ctx.Done()
			return voice.Report{Results: []voice.Result{{State: temporary}, {State: temporary, RetryAfter: time.Minute}, {State: permanent}}}, nil
		})
		err = newSender(t, waits, three(), voice.SenderOptions{}).Send(again, full())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.True(t, alert.Retryable(err))
		require.Equal(t, time.Minute, alert.RetryAfter(err))
	})
}
