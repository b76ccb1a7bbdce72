package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// However often transactions fail, before or after they took place, each step is
// taken once, and only for problems that nobody took and that are not over.
func TestEscalationOverFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // to be repeatable
			store := outbox.Faulty(outbox.NewMemoryStore(), func() (f outbox.Fault) {
				mu.Lock()
				defer mu.Unlock()
				switch random.IntN(8) {
				case 0:
					f.Before = errors.New("the store is away")
				case 1:
					f.After = errors.New("the answer of the store got lost")
				}
				return f
			})
			box, err := outbox.Open(store, nil)
			require.NoError(t, err)
			var chat, phone alerttest.Recorder
			duty, err := escalate.New(box, "duty", []escalate.Step{
				{Name: "chat", Sender: &chat, Route: outbox.RouteOptions{Batch: 1}, Link: func(token string) string { return token }},
				{Name: "phone", After: 5 * time.Minute, Sender: &phone},
			}, &escalate.Options{Quiet: true})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- box.Run(ctx) }()

			insist := func(do func() error) {
				for do() != nil {
					<-time.After(time.Second)
				}
			}
			const problems = 30
			for i := range problems {
				name := fmt.Sprint(i)
				insist(func() error { return box.Send(ctx, alert.Alert{Source: "s", ID: name, Key: name, Name: name}) })
			}
			<-time.After(time.Minute)
			require.Len(t, chat.Accepted(), problems)
			for i, a := range chat.Accepted() {
				switch i % 3 {
				case 1:
					insist(func() error {
						_, err := duty.Acknowledge(ctx, a.URL, "me")
						return err
					})
				case 2:
					insist(func() error {
						return box.Send(ctx, alert.Alert{Source: "s", ID: "end of " + a.ID, Key: a.Key, Status: alert.Resolved})
					})
				}
			}
			<-time.After(10 * time.Minute)
			told := make(map[string]int)
			for _, a := range phone.Accepted() {
				told[a.Name]++
			}
			for i, a := range chat.Accepted()[:problems] {
				want := 0
				if i%3 == 0 {
					want = 1
				}
				require.Equal(t, want, told[a.Name], "seed %d, problem %s", seed, a.Name)
			}
			cancel()
			require.NoError(t, <-done)
		})
	}
}
