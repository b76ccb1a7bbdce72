package queuegateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/autocall/autocalltest"
	"github.com/tocsin-go/tocsin/examples/internal/queuegateway"
	"github.com/tocsin-go/tocsin/voice"
)

const (
	numberA = "18700000001"
	numberB = "18800000002"
	numberC = "18900000003"
	token   = "token-of-the-phone"
)

// callees returns callees with the numbers.
func callees(numbers ...string) []voice.Callee {
	var all []voice.Callee
	for _, n := range numbers {
		all = append(all, voice.Callee{Number: voice.NewNumber(n)})
	}
	return all
}

// states returns the states of a report.
func states(r voice.Report) []voice.State {
	var all []voice.State
	for _, result := range r.Results {
		all = append(all, result.State)
	}
	return all
}

// bench runs f with a queue, a gateway over it and a phone on which one number
// picks up.
func bench(t *testing.T, who string, o *autocall.QueueOptions, f func(*testing.T, *autocall.Dispatcher, *queuegateway.Gateway, *autocalltest.Phone)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q, err := autocall.NewMemoryQueue(o)
		require.NoError(t, err)
		h, err := autocall.NewHandler(q, map[string]string{"rack": token}, nil)
		require.NoError(t, err)
		g, err := queuegateway.New(q, nil)
		require.NoError(t, err)
		p := autocalltest.New(h, "/phone/"+token+"/alert/phone", &autocalltest.Options{Dial: func(number string, _ int) autocalltest.Reply {
			if number == who {
				return autocalltest.Reply{Ring: 5 * time.Second, Talk: 20 * time.Second}
			}
			return autocalltest.Reply{Ring: 30 * time.Second}
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = q.Run(ctx) })
		done.Go(func() {
			if err := p.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		f(t, q, g, p)
		cancel()
		done.Wait()
	})
}

func TestSerial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, who string
		list      int
		want      []voice.State
	}{
		{"the first picks up", numberA, 1, []voice.State{voice.Answered, voice.RejectedPermanent, voice.NotNeeded, voice.NotNeeded}},
		{"the second picks up", numberB, 1, []voice.State{voice.NoAnswer, voice.RejectedPermanent, voice.Answered, voice.NotNeeded}},
		{"the second of a list picks up", numberB, 3, []voice.State{voice.NoAnswer, voice.RejectedPermanent, voice.Answered, voice.NotNeeded}},
		{"nobody", "", 1, []voice.State{voice.NoAnswer, voice.RejectedPermanent, voice.NoAnswer, voice.NoAnswer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bench(t, tt.who, &autocall.QueueOptions{List: tt.list, StepDelay: 75 * time.Second}, func(t *testing.T, _ *autocall.Dispatcher, g *queuegateway.Gateway, _ *autocalltest.Phone) {
				report, err := g.Call(t.Context(), voice.Request{Callees: callees(numberA, "8012", numberB, numberC), Text: "disk full", Serial: true, ID: "r1"})
				require.NoError(t, err)
				require.Equal(t, tt.want, states(report))
				require.Equal(t, "r1", report.RequestID)
				require.NotEmpty(t, report.Results[0].ProviderID)
			})
		})
	}
}

func TestEverybody(t *testing.T) {
	t.Parallel()
	bench(t, numberA, nil, func(t *testing.T, _ *autocall.Dispatcher, g *queuegateway.Gateway, p *autocalltest.Phone) {
		report, err := g.Call(t.Context(), voice.Request{Callees: callees(numberA, numberB), Text: "disk full"})
		require.NoError(t, err)
		require.Equal(t, []voice.State{voice.Answered, voice.NoAnswer}, states(report))
		require.Len(t, p.Calls(), 2)
	})
}

func TestThoseNotToBeRung(t *testing.T) {
	t.Parallel()
	bench(t, numberB, &autocall.QueueOptions{Policy: autocall.Blocklist(numberA)}, func(t *testing.T, _ *autocall.Dispatcher, g *queuegateway.Gateway, _ *autocalltest.Phone) {
		report, err := g.Call(t.Context(), voice.Request{Callees: callees(numberA, numberB), Serial: true})
		require.NoError(t, err)
		require.Equal(t, []voice.State{voice.Withheld, voice.Answered}, states(report))
	})
}

// When nobody waits any more the calls go on, and the same request joins them.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	bench(t, numberB, nil, func(t *testing.T, _ *autocall.Dispatcher, g *queuegateway.Gateway, p *autocalltest.Phone) {
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		request := voice.Request{Callees: callees(numberA, numberB), Serial: true, ID: "r1"}
		report, err := g.Call(ctx, request)
		require.NoError(t, err)
		require.Equal(t, []voice.State{voice.Accepted, voice.Accepted}, states(report))
		report, err = g.Call(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, []voice.State{voice.NoAnswer, voice.Answered}, states(report))
		require.Len(t, p.Calls(), 2)
	})
}

func TestCancelledAndLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, err := autocall.NewMemoryQueue(nil)
		require.NoError(t, err)
		g, err := queuegateway.New(q, &queuegateway.Options{Severity: alert.Warning, Expiry: 10 * time.Minute})
		require.NoError(t, err)
		var report voice.Report
		var failed error
		var done sync.WaitGroup
		call := func() {
			done.Go(func() {
				report, failed = g.Call(t.Context(), voice.Request{Callees: callees(numberA, numberB), Serial: true, ID: "r"})
			})
			synctest.Wait()
			out, err := q.Next(t.Context(), autocall.Phone{Name: "rack"})
			require.NoError(t, err)
			require.Equal(t, []string{numberA}, out.Numbers)
		}
		call()
		id, err := q.CancelKey(t.Context(), "voice/r/0", "")
		require.NoError(t, err)
		require.NotEmpty(t, id)
		done.Wait()
		require.NoError(t, failed)
		require.Equal(t, []voice.State{voice.Unknown, voice.Withheld}, states(report))

		<-time.After(2 * time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		done.Go(func() { <-time.After(11 * time.Minute); cancel() })
		done.Go(func() { _ = q.Run(ctx) })
		call() // and then the phone is silent for good
		done.Wait()
		require.NoError(t, failed)
		require.Equal(t, []voice.State{voice.Unknown, voice.RejectedTemporary}, states(report))
	})
}

// A queue that is down has rung nobody.
func TestQueueDown(t *testing.T) {
	t.Parallel()
	g, err := queuegateway.New(down{}, nil)
	require.NoError(t, err)
	_, err = g.Call(t.Context(), voice.Request{Callees: callees(numberA), Serial: true})
	require.True(t, alert.Retryable(err))
	require.NotErrorIs(t, err, alert.ErrUncertain)
	_, err = queuegateway.New(nil, nil)
	require.Error(t, err)
}

// down is a queue whose database does not answer.
type down struct{ autocall.Queue }

func (down) Enqueue(context.Context, autocall.Call) (string, bool, error) {
	return "", false, &autocall.Error{Op: "enqueue", Err: context.DeadlineExceeded}
}

// What BlueKing posts to dest_url ends up in the queue.
func TestBehindTheHandlerOfBlueKing(t *testing.T) {
	t.Parallel()
	bench(t, numberA, nil, func(t *testing.T, _ *autocall.Dispatcher, g *queuegateway.Gateway, p *autocalltest.Phone) {
		h, err := voice.NewHandler(g, "path-token-of-blueking", &voice.HandlerOptions{Serial: true})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		body := `{"auto_read_message":"disk full","user_list_information":[{"username":"fang","mobile_phone":"` + numberA + `"}]}`
		r := httptest.NewRequest(http.MethodPost, "/voice/path-token-of-blueking", strings.NewReader(body))
		h.ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), `"result":true`)
		require.NoError(t, h.Shutdown(t.Context()))
		require.Len(t, p.Calls(), 1)
	})
}
