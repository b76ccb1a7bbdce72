package queuetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/queuetest"
)

// entry makes an entry, a second after the last one.
func entry(at int, e autocall.Event, s autocall.State, phone, number string) autocall.Entry {
	return autocall.Entry{At: time.Unix(int64(at), 0), Event: e, State: s, Phone: phone, Number: number, Round: 1}
}

// The checker finds what it is for.
func TestCheckTrail(t *testing.T) {
	t.Parallel()
	queued := entry(0, autocall.EventQueued, autocall.Queued, "", "")
	out := func(at int, phone, number string) autocall.Entry {
		return entry(at, autocall.EventHandedOut, autocall.Ringing, phone, number)
	}
	nobody := func(at int, phone string) autocall.Entry {
		return entry(at, autocall.EventNobody, autocall.Queued, phone, "")
	}
	lost := func(at int, phone string) autocall.Entry {
		return entry(at, autocall.EventLost, autocall.Queued, phone, "")
	}
	answered := entry(9, autocall.EventAnswered, autocall.Answered, "A", "1")
	for _, tt := range []struct {
		name  string
		trail []autocall.Entry
		want  string // empty: nothing is wrong
	}{
		{"answered", []autocall.Entry{queued, out(1, "A", "1"), answered}, ""},
		{"second person", []autocall.Entry{queued, out(1, "B", "2"), nobody(2, "B"), out(3, "A", "1"), answered}, ""},
		{"list", []autocall.Entry{queued, out(1, "A", "1"), out(1, "A", "2"), answered}, ""},
		{"lost and again", []autocall.Entry{queued, out(1, "B", "1"), lost(2, "B"), out(3, "A", "1"), answered}, ""},
		{"word after the end", []autocall.Entry{queued, out(1, "A", "1"), answered, entry(10, autocall.EventIgnored, autocall.Answered, "A", "")}, ""},
		{"not queued", []autocall.Entry{out(1, "A", "1"), answered}, "a call is queued once"},
		{"queued twice", []autocall.Entry{queued, queued}, "a call is queued once"},
		{"two phones", []autocall.Entry{queued, out(1, "A", "1"), out(2, "B", "2")}, `while "A" has it`},
		{"two phones in one moment", []autocall.Entry{queued, out(1, "A", "1"), out(1, "B", "2")}, `while "A" has it`},
		{"two hand-outs to one phone", []autocall.Entry{queued, out(1, "A", "1"), out(2, "A", "2")}, `while "A" has it`},
		{"twice in a round", []autocall.Entry{queued, out(1, "A", "1"), nobody(2, "A"), out(3, "A", "1")}, "was rung in round 1 before"},
		{"after the end", []autocall.Entry{queued, out(1, "A", "1"), answered, out(10, "A", "2")}, "after the call was answered"},
		{"nobody, from another phone", []autocall.Entry{queued, out(1, "A", "1"), nobody(2, "B")}, `by phone "B"`},
		{"answered, by another phone", []autocall.Entry{queued, out(1, "B", "1"), answered}, `by phone "A"`},
		{"back in time", []autocall.Entry{queued, out(5, "A", "1"), nobody(4, "A")}, "after one at"},
		{"another end", []autocall.Entry{queued, out(1, "A", "1"), nobody(2, "A")}, "it is answered, its trail says queued"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := autocall.Status{ID: "x", State: autocall.Answered, By: &autocall.Person{}, Finished: time.Unix(9, 0), Audit: tt.trail}
			err := queuetest.CheckTrail(s)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
	ended := autocall.Status{State: autocall.Answered, Audit: []autocall.Entry{queued, out(1, "A", "1"), answered}}
	require.ErrorContains(t, queuetest.CheckTrail(ended), "by <nil>")
	ended.By = &autocall.Person{}
	require.ErrorContains(t, queuetest.CheckTrail(ended), "finished")
}
