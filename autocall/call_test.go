package autocall_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

func TestCallIsChecked(t *testing.T) {
	t.Parallel()
	good := people(numberA)
	numbers := make([]string, 21)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("187000000%02d", i)
	}
	for _, tt := range []struct {
		name string
		call autocall.Call
		want string
	}{
		{"nobody", autocall.Call{}, "nobody to ring"},
		{"too many", autocall.Call{People: people(numbers...)}, "21 people, at most 20"},
		{"emergency number", autocall.Call{People: people("110")}, "person 1: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"forwarding code", autocall.Call{People: people(numberA, "*72"+numberB)}, "person 2: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"sixteen digits", autocall.Call{People: people("1234567890123456")}, "person 1: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"empty number", autocall.Call{People: people("")}, "person 1: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"full-width digits", autocall.Call{People: people("１８７００００００１")}, "person 1: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits"},
		{"name", autocall.Call{People: []autocall.Person{{Name: strings.Repeat("n", 129), Number: numberA}}}, "person 1: name is not UTF-8 or has over 128 bytes"},
		{"name of bytes", autocall.Call{People: []autocall.Person{{Name: "\xff", Number: numberA}}}, "person 1: name is not UTF-8 or has over 128 bytes"},
		{"key", autocall.Call{People: good, Key: strings.Repeat("k", 1025)}, "key of 1025 bytes, at most 1024"},
		{"message", autocall.Call{People: good, Message: strings.Repeat("m", 4097)}, "message of 4097 bytes, at most 4096"},
		{"message of bytes", autocall.Call{People: good, Message: "\xff"}, "key and message must be UTF-8"},
		{"rounds", autocall.Call{People: good, Rounds: 11}, "11 rounds, want 1 to 10"},
		{"no rounds", autocall.Call{People: good, Rounds: -1}, "-1 rounds, want 1 to 10"},
		{"interval", autocall.Call{People: good, Interval: -1}, "negative interval -1ns"},
		{"expiry", autocall.Call{People: good, Expiry: 25 * time.Hour}, "expiry 25h0m0s, want at most 24h0m0s"},
		{"past", autocall.Call{People: good, Expiry: -1}, "expiry -1ns, want at most 24h0m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := newQueue(t, nil).Enqueue(t.Context(), tt.call)
			require.EqualError(t, err, "autocall: enqueue: "+tt.want)
			require.False(t, alert.Retryable(err))
			require.NotErrorIs(t, err, alert.ErrUncertain)
			leaktest.Check(t, []string{numberA, numberB}, err)
		})
	}
}

func TestCallDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, nil)
		s := get(t, q, enqueue(t, q, autocall.Call{People: people(numberA), Severity: 100}))
		require.Equal(t, alert.Critical, s.Call.Severity, "the nearest there is")
		require.Equal(t, 1, s.Call.Rounds)
		require.Equal(t, time.Hour, s.Call.Expiry)
		require.True(t, time.Now().Equal(s.Created))
		require.True(t, time.Now().Add(time.Hour).Equal(s.Expires))
		require.Equal(t, 1, s.Round)
		require.Zero(t, s.Finished)
		require.Nil(t, s.By)
		s.Call.People[0].Number = numberB
		s.Audit[0].Event = "x"
		require.Equal(t, "queued", events(get(t, q, s.ID)), "a Status is a copy")
		require.Equal(t, numberA, next(t, q, "p1").Number)
	})
}

// A whole number appears nowhere, but in the field itself and in JSON.
func TestPersonHidesTheNumber(t *testing.T) {
	t.Parallel()
	p := autocall.Person{Name: "Zhang San", Number: numberA}
	s := autocall.Status{ID: "id", By: &p, Call: autocall.Call{People: []autocall.Person{p}, Message: "text"}}
	var texts []any
	for _, v := range []any{p, &p, []autocall.Person{p}, s, &s, s.Call, struct{ P autocall.Person }{p}, map[string]autocall.Person{"x": p}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		texts = append(texts, b.String(), fmt.Errorf("%v", v))
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "p", p, "s", s, "c", s.Call)
	texts = append(texts, b.String())
	leaktest.Check(t, []string{numberA}, texts...)
	require.Contains(t, b.String(), `"p":"Zhang San (187******01)"`)
	require.Contains(t, b.String(), `"by":"Zhang San (187******01)"`)
	require.Equal(t, "Zhang San (187******01)", fmt.Sprintf("%+v", p))

	text, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"Zhang San","number":"18700000001"}`, string(text), "the wire of a queue")
}

func TestPersonNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, number, want string }{
		{"", numberA, "187******01"},
		{"Zhang", numberA, "Zhang (187******01)"},
		{numberA, numberA, "187******01"},
		{"188-0000 0002", numberA, "188******02 (187******01)"},
		{"tel " + numberA, numberA, "tel 187******01 (187******01)"},
		{"a\nb\x1b", numberA, "a b (187******01)"},
	} {
		require.Equal(t, tt.want, autocall.Person{Name: tt.name, Number: tt.number}.String())
	}
}

// Nothing that holds a queue shows what is in it.
func TestNothingShowsNumbersOrTokens(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	s := newSender(t, q, nil)
	require.NoError(t, s.Send(t.Context(), fire("a", alert.Major)))
	mid := next(t, q, "p1").Mid
	leaktest.Check(t, []string{numberA, numberB, token1, mid}, q, s, newHandler(t, q, nil), struct{ q, s any }{q, s})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	ctx, cancel := contextEnded(t)
	defer cancel()
	_, _, err := q.Enqueue(ctx, autocall.Call{People: people(numberA)})
	require.ErrorIs(t, err, ctx.Err())
	require.NotErrorIs(t, err, alert.ErrUncertain, "nothing was begun")
	require.True(t, alert.Retryable(err))
	_, err = q.Next(ctx, autocall.Phone{Name: "p1"})
	require.EqualError(t, err, "autocall: next: context canceled")
	e, ok := errors.AsType[*autocall.Error](err)
	require.True(t, ok)
	require.Equal(t, "next", e.Op)
	_, err = q.Get(t.Context(), "x")
	require.ErrorIs(t, err, autocall.ErrUnknownCall)
	require.False(t, alert.Retryable(err))
	_, err = q.Cancel(t.Context(), "x", "")
	require.EqualError(t, err, "autocall: cancel: unknown call")
	id, err := q.CancelKey(t.Context(), "", "")
	require.NoError(t, err)
	require.Empty(t, id)
}
