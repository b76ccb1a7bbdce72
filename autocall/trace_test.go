package autocall_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// A step is a line of a recorded scenario: a request and its answer, or
// something that happened.
type step struct {
	T      int     `json:"t"` // seconds
	Phone  string  `json:"phone"`
	Req    string  `json:"req"`
	Mid    string  `json:"mid"`
	Resp   *string `json:"resp"`
	Lost   bool    `json:"lost"`
	Event  string  `json:"event"`
	Note   string  `json:"note"`
	Answer *struct {
		Code  int      `json:"code"`
		Mid   string   `json:"mid"`
		Phone []string `json:"phone"`
	} `json:"answer"`
}

// trace reads a scenario.
func trace(t *testing.T, name string) []step {
	t.Helper()
	var steps []step
	for line := range strings.Lines(fixture(t, name)) {
		var s step
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		steps = append(steps, s)
	}
	return steps
}

// wire is the answer of the handler.
type wire struct {
	Code  *int     `json:"code"`
	Mid   string   `json:"mid"`
	Phone []string `json:"phone"`
	Msg   string   `json:"msg"`
}

// read decodes an answer, which has a code whatever else.
func read(t *testing.T, body string) wire {
	t.Helper()
	var a wire
	require.NoError(t, json.Unmarshal([]byte(body), &a), "%q", body)
	require.NotNil(t, a.Code, "%q", body)
	return a
}

// The scenarios, request by request. One shows a fault of a server, and ours
// answers otherwise there.
func TestTraces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		people []autocall.Person
		state  autocall.State
		events string
		differ map[int]int // code of our answer to a GET at a second, where it is to be another
	}{
		{name: "single_answered", people: people(numberA), state: autocall.Answered, events: "queued, handed out, answered"},
		{
			name: "single_nobody_then_escalate", people: people(numberA, numberB), state: autocall.Answered,
			events: "queued, handed out, nobody, handed out, answered",
		},
		{name: "post_lost", people: people(numberA), state: autocall.Answered, events: "queued, handed out, answered"},
		{name: "two_phones", people: people(numberA), state: autocall.Answered, events: "queued, handed out, answered"},
		{
			name: "app_restart", people: people(numberA), state: autocall.Answered,
			events: "queued, handed out, lost, handed out, answered",
		},
		{
			name: "late_post", people: people(numberA), state: autocall.Answered,
			events: "queued, handed out, lost, handed out, late",
		},
		{
			name: "same_mid_after_answer", people: people(numberA), state: autocall.Answered,
			events: "queued, handed out, answered, ignored", differ: map[int]int{60: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, nil)
				h := newHandler(t, q, nil)
				id := enqueue(t, q, autocall.Call{People: tt.people})
				replay(t, q, h, id, trace(t, "trace_"+tt.name+".jsonl"), tt.differ)
				s := get(t, q, id)
				require.Equal(t, tt.state, s.State)
				require.Equal(t, tt.events, events(s))
			})
		})
	}
}

// replay makes the requests of a scenario and compares the answers.
func replay(t *testing.T, q autocall.Queue, h http.Handler, id string, steps []step, differ map[int]int) {
	t.Helper()
	began, mids := time.Now(), map[string]string{}
	for _, s := range steps {
		pass(time.Until(began.Add(time.Duration(s.T) * time.Second)))
		target := pathOf(tokens()[strings.ToLower(s.Phone)])
		switch {
		case s.Event == "cancel":
			was, err := q.Cancel(t.Context(), id, "resolved")
			require.NoError(t, err)
			require.True(t, was)
		case s.Req == http.MethodGet:
			a := read(t, request(h, http.MethodGet, target).Body.String())
			code, other := differ[s.T]
			if !other {
				code = s.Answer.Code
			}
			require.Equal(t, code, *a.Code, "at %d s", s.T)
			if code != 0 {
				require.Empty(t, a.Phone)
				continue
			}
			require.Equal(t, s.Answer.Phone, a.Phone, "at %d s", s.T)
			if known, ok := mids[s.Answer.Mid]; ok {
				require.Equal(t, known, a.Mid, "at %d s", s.T)
			}
			for name, known := range mids {
				require.Equal(t, name == s.Answer.Mid, known == a.Mid, "at %d s", s.T)
			}
			mids[s.Answer.Mid] = a.Mid
		case s.Req == http.MethodPost && !s.Lost:
			query := "?mid=" + mids[s.Mid]
			if s.Resp != nil {
				query = "?resp=" + *s.Resp + "&mid=" + mids[s.Mid]
			}
			require.Equal(t, 0, *read(t, request(h, http.MethodPost, target+query).Body.String()).Code, "at %d s", s.T)
		}
	}
}

// What the documentation says of repeated numbers keeps the app dialling for
// ever. Ours ends, whatever the version, with as many rounds as were asked for.
func TestTraceListRepeatNeverEnds(t *testing.T) {
	t.Parallel()
	steps := trace(t, "trace_list_repeat_never_ends.jsonl")
	documented := steps[0].Answer.Phone
	require.Len(t, documented, 4)
	for _, v := range []autocalltest.Version{autocalltest.A, autocalltest.C, autocalltest.D} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, &autocall.QueueOptions{StepDelay: 75 * time.Second})
				p := autocalltest.New(newHandler(t, q, nil), pathOf(token1), &autocalltest.Options{Version: v})
				id := enqueue(t, q, autocall.Call{People: people(documented...), Rounds: 2})
				stop := start(t, p.Run)
				pass(20 * time.Minute)
				stop()
				require.Equal(t, autocall.Exhausted, get(t, q, id).State)
				require.Equal(t, []string{numberA, numberB, numberA, numberB}, dialled(p))
			})
		})
	}
}

// dialled returns the numbers that a phone has dialled.
func dialled(p *autocalltest.Phone) []string {
	var numbers []string
	for _, c := range p.Calls() {
		if c.Mid != "" {
			numbers = append(numbers, c.Number)
		}
	}
	return numbers
}
