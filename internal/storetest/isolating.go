package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// refusePoison is a far end that cannot stand some alerts.
func refusePoison(alerts []alert.Alert) error {
	if slices.Contains(names(alerts), "poison") {
		return errors.New("nobody knows this error")
	}
	return nil
}

// A poisonous alert keeps its Key waiting, as any that fails does, and nothing else;
// the order of the Key is kept when it passes in the end.
func checkPoisonInKey(x *harness) {
	far := &classify{refuse: refusePoison}
	b := x.box(far, &outbox.RouteOptions{Backoff: 4 * poll, MaxBackoff: 4 * poll})
	alerts := append(about("disk", "before", "poison", "after", "last"), some("other")...)
	alerts[3].Severity = alert.Critical // which is held by those before it
	x.must(b.Send(x.ctx, alerts...))
	x.run(b)
	x.until("the others", func() bool { return len(far.names()) == 2 })
	x.someTime()
	accepted := far.names()
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"before", "other"})
	far.accepts()
	x.settles(b)
	x.equal("the Key", slices.DeleteFunc(far.names(), func(n string) bool { return n == "other" }), []string{"before", "poison", "after", "last"})
}

// An alert from whose message no process comes back goes alone after the second
// time, and ends after the third. Its neighbours arrive.
func checkCrashed(x *harness) {
	leave, arrived := make(chan struct{}), make(chan []string, 1)
	defer close(leave)
	far := &classify{refuse: refusePoison}
	deadly := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if refusePoison(alerts) != nil {
			arrived <- names(alerts)
			<-leave // nobody hears of it any more
			return errors.New("too late")
		}
		return far.Send(ctx, alerts...)
	})
	var messages []string
	for n := range 4 {
		b := x.boxOver(x.other(), deadly, nil)
		if n == 0 {
			x.must(b.Send(x.ctx, some("a", "b", "c", "poison", "d", "e", "f", "g")...))
		}
		ctx, cancel := context.WithCancel(x.ctx)
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		if n < 3 {
			messages = append(messages, fmt.Sprint(<-arrived))
		} else {
			x.settles(b)
			dead := x.dead(b, outbox.Crashed, "poison")
			if dead[0].Attempts != 3 || !strings.Contains(dead[0].Error, "died") {
				x.Fatalf("dead letter %+v", dead[0])
			}
		}
		x.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				x.Errorf("Run: %v", err)
			}
		})
		x.backend.Advance(lease + time.Second)
	}
	x.equal("messages that killed", messages, []string{"[a b c poison d e f g]", "[a b c poison]", "[poison]"})
	accepted := far.names()
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"a", "b", "c", "d", "e", "f", "g"})
}
