package voice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

const (
	unknown   = voice.Unknown
	accepted  = voice.Accepted
	answered  = voice.Answered
	permanent = voice.RejectedPermanent
	temporary = voice.RejectedTemporary
	notNeeded = voice.NotNeeded
)

func TestDialer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		serial  bool
		script  map[string]voicetest.Behaviour
		want    []voice.State
		numbers []string
	}{
		{"all accepted", false, nil, []voice.State{accepted, accepted, accepted}, []string{numberA, numberB, numberC}},
		{"serial without answers calls all", true, nil, []voice.State{accepted, accepted, accepted}, []string{numberA, numberB, numberC}},
		{"serial stops at the first answer", true, map[string]voicetest.Behaviour{numberB: voicetest.Answered()},
			[]voice.State{accepted, answered, notNeeded}, []string{numberA, numberB}},
		{"serial stops at a key", true, map[string]voicetest.Behaviour{numberA: voicetest.Pressed("1")},
			[]voice.State{voice.Acknowledged, notNeeded, notNeeded}, []string{numberA}},
		{"serial goes on after an unknown outcome", true,
			map[string]voicetest.Behaviour{numberA: voicetest.Panic("x"), numberB: voicetest.Answered()},
			[]voice.State{unknown, answered, notNeeded}, []string{numberA, numberB}},
		{"serial goes on after failures", true,
			map[string]voicetest.Behaviour{numberA: voicetest.Busy(), numberB: voicetest.Unanswered()},
			[]voice.State{temporary, voice.NoAnswer, accepted}, []string{numberA, numberB, numberC}},
		{"an answer does not stop the others otherwise", false, map[string]voicetest.Behaviour{numberA: voicetest.Answered()},
			[]voice.State{answered, accepted, accepted}, []string{numberA, numberB, numberC}},
		{"failures cost only themselves", false,
			map[string]voicetest.Behaviour{numberA: voicetest.Wrong(), numberB: voicetest.Busy(), numberC: voicetest.Panic(errSilent)},
			[]voice.State{permanent, temporary, unknown}, []string{numberA, numberB, numberC}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones := &voicetest.Phones{}
			for number, way := range tt.script {
				phones.Script(number, way)
			}
			report, err := newDialer(t, phones, voice.DialerOptions{Parallel: -1}).Call(t.Context(), voice.Request{
				Callees: three(), Text: "x", Serial: tt.serial, ID: "r-1",
			})
			require.NoError(t, err)
			require.Equal(t, tt.want, states(report))
			require.Equal(t, tt.numbers, phones.Numbers())
			require.Equal(t, "r-1", report.RequestID)
			for i, c := range three() {
				require.Equal(t, c.User, report.Results[i].Callee.User)
			}
		})
	}
}

// Equal numbers are one call, whatever their spelling, and everybody who has
// the number gets its result.
func TestDialerCallsEqualNumbersOnce(t *testing.T) {
	t.Parallel()
	for _, serial := range []bool{false, true} {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Pressed("4"))
		report, err := newDialer(t, phones, voice.DialerOptions{}).Call(t.Context(), voice.Request{
			Callees: []voice.Callee{callee("alice", numberA), callee("duty", "138-0000 0001"), callee("", numberA)}, Serial: serial,
		})
		require.NoError(t, err)
		require.Equal(t, []string{numberA}, phones.Numbers())
		require.Len(t, report.Results, 3)
		for i, user := range []string{"alice", "duty", ""} {
			require.Equal(t, "4", report.Results[i].Key)
			require.Equal(t, user, report.Results[i].Callee.User)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number                  string
		national, international bool
	}{
		{numberA, true, false}, {"138-0000-0001", true, false}, {"110", false, false}, {"8012", false, false}, {"0571110", false, false},
		{"+86110", false, false}, {"0086 138 0000 0001", false, true}, {"88880001", true, false},
		{"+8613800000001", false, true}, {"+86 138 0000 0001", false, true},
		{"", false, false}, {"11", false, false}, {"+0312345678", false, false}, {"1234567890123456", false, false},
		{"13800000001;rm", false, false}, {"１３８００００００００１", false, false}, {"*21*138#", false, false},
	}
	for _, tt := range tests {
		for form, want := range map[voice.Form]bool{voice.National: tt.national, voice.International: tt.international} {
			t.Run(fmt.Sprintf("%q %d", tt.number, form), func(t *testing.T) {
				t.Parallel()
				phones := &voicetest.Phones{}
				report, err := newDialer(t, phones, voice.DialerOptions{Form: form}).Call(t.Context(), voice.Request{
					Callees: []voice.Callee{callee("x", tt.number)},
				})
				require.NoError(t, err)
				require.Equal(t, want, len(phones.Calls()) == 1)
				require.Equal(t, want, report.Err() == nil)
				if !want {
					require.Equal(t, permanent, report.Results[0].State)
					require.NotEmpty(t, report.Results[0].Reason)
				}
			})
		}
	}
}

// Parallel bounds the calls at a time, which still begin in order.
func TestDialerParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		var callees []voice.Callee
		var numbers []string
		for i := range 6 {
			numbers = append(numbers, fmt.Sprintf("1380000000%d", i))
			callees = append(callees, callee("", numbers[i]))
			phones.Script(numbers[i], voicetest.Until(release))
		}
		dialer := newDialer(t, phones, voice.DialerOptions{Parallel: 2})
		done := make(chan voice.Report, 1)
		go func() {
			report, _ := dialer.Call(t.Context(), voice.Request{Callees: callees})
			done <- report
		}()
		synctest.Wait()
		begun := phones.Numbers()
		slices.Sort(begun)
		require.Equal(t, numbers[:2], begun)
		close(release)
		require.NoError(t, (<-done).Err())
		require.Len(t, phones.Calls(), 6)
	})
}

// A call that takes too long is unknown, the next is made; after the end of
// ctx nobody is called any more.
func TestDialerTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Slow(nil))
		dialer := newDialer(t, phones, voice.DialerOptions{})
		begin := time.Now()
		report, err := dialer.Call(t.Context(), voice.Request{Callees: three(), Serial: true})
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(begin))
		require.Equal(t, []voice.State{unknown, accepted, accepted}, states(report))
		require.ErrorIs(t, report.Err(), alert.ErrUncertain)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		report, err = newDialer(t, phones, voice.DialerOptions{Timeout: -1}).Call(ctx, voice.Request{Callees: three(), Serial: true})
		require.NoError(t, err)
		require.Equal(t, []voice.State{unknown, temporary, temporary}, states(report))
		require.Contains(t, report.Results[1].Reason, "not called")
		require.Len(t, phones.Calls(), 4)
	})
}

func TestSendPhone(t *testing.T) {
	t.Parallel()
	var lists [][]string
	var texts []string
	answers := map[string]bool{numberA: true}
	dialer, err := voice.NewDialer(voice.SendPhone(func(_ context.Context, numbers []string, text string) (bool, string) {
		lists, texts = append(lists, numbers), append(texts, text)
		return answers[numbers[0]], "done for " + numbers[0] + "\nreally"
	}), &voice.DialerOptions{Parallel: -1})
	require.NoError(t, err)
	report, err := dialer.Call(t.Context(), voice.Request{Callees: three()[:2], Text: "磁盘"})
	require.NoError(t, err)
	require.Equal(t, [][]string{{numberA}, {numberB}}, lists)
	require.Equal(t, []string{"磁盘", "磁盘"}, texts)
	require.Equal(t, []voice.State{accepted, permanent}, states(report))
	require.Equal(t, "done for 138******02 really", report.Results[1].Reason)
	require.EqualError(t, report.Err(), "1 of 2 callees not reached: bob 138******02: rejected: done for 138******02 really")
	require.False(t, alert.Retryable(report.Err()))
	leaktest.Check(t, []string{numberA, numberB}, report, report.Err(), dialer)
}

// A refusal that came because time ran out may hide a call.
func TestSendPhoneOutOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dialer, err := voice.NewDialer(voice.SendPhone(func(ctx context.Context, _ []string, _ string) (bool, string) {
			<-ctx.Done()
			return false, "timeout"
		}), nil)
		require.NoError(t, err)
		report, err := dialer.Call(t.Context(), voice.Request{Callees: three()[:1]})
		require.NoError(t, err)
		require.Equal(t, []voice.State{unknown}, states(report))
	})
}

func TestNewDialer(t *testing.T) {
	t.Parallel()
	_, err := voice.NewDialer(nil, nil)
	require.ErrorContains(t, err, "no function")
}

func TestReportErr(t *testing.T) {
	t.Parallel()
	require.NoError(t, voice.Report{}.Err())
	good := []voice.Result{{State: accepted}, {State: answered}, {State: voice.Acknowledged}, {State: notNeeded}}
	require.NoError(t, voice.Report{Results: good}.Err())
	for state, again := range map[voice.State]bool{
		unknown: false, voice.NoAnswer: false, permanent: false, temporary: true, voice.Throttled: true, voice.Withheld: true, 99: false,
	} {
		r := voice.Result{Callee: callee("bob", numberB), State: state, Code: "7", Reason: "of " + numberB, RetryAfter: time.Hour}
		err := voice.Report{Results: append(slices.Clone(good), r)}.Err()
		require.EqualError(t, err, fmt.Sprintf("1 of 5 callees not reached: bob 138******02: %v (code 7): of 138******02", state))
		require.Equal(t, again, alert.Retryable(err), state)
		require.Equal(t, again, alert.RetryAfter(err) == time.Hour)
		require.Equal(t, state == unknown, errors.Is(err, alert.ErrUncertain))
		leaktest.Check(t, []string{numberB}, r.Callee)
	}
	many := make([]voice.Result, 30)
	require.ErrorContains(t, voice.Report{Results: many}.Err(), "; and 22 more")
}
