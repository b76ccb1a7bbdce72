package relaying

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// testWait bounds the whole self-test.
const testWait = 30 * time.Second

// errSelfTest ends the program with status 1; the outcomes were printed.
var errSelfTest = errors.New("test: not every destination accepted the alert")

// selfTest sends one marked alert to each destination and prints what came of
// it. All are tried at once, each robot and each trap receiver on its own: one
// that does not answer takes none of the others' time.
func (r *relay) selfTest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, testWait)
	defer cancel()
	a := testAlert(r.config.locale, time.Now())
	outcomes, answers := make([]error, len(r.leaves)), make([]string, len(r.leaves))
	var wg sync.WaitGroup
	for i, l := range r.leaves {
		wg.Go(func() { answers[i], outcomes[i] = l.test(ctx, a) })
	}
	wg.Wait()
	failed := false
	for i, l := range r.leaves {
		if err := outcomes[i]; err != nil {
			failed = true
			r.out.Printf("FAILED  %s: %s\n", l.name, cli.Printable(err.Error()))
			continue
		}
		r.out.Printf("ok      %s: %s\n", l.name, answers[i])
	}
	if failed {
		return errSelfTest
	}
	return nil
}

// test sends an alert and returns what it means that it was accepted.
func (l leaf) test(ctx context.Context, a alert.Alert) (answer string, err error) {
	if l.try != nil {
		return l.try(ctx, a)
	}
	return l.answer, l.sender.Send(ctx, a)
}

// testAlert is a test, and a notice, for consoles that filter by severity; each run
// has a Key of its own.
func testAlert(l alert.Locale, now time.Time) alert.Alert {
	id := "test-" + rand.Text()
	a := alert.Alert{
		Source: "relay", ID: id, Key: id, Severity: alert.Notice,
		Name: "测试告警", Summary: "这是 Tocsin 发送的测试消息,无需处理。",
		Product: "tocsin", Instance: "relay -test", StartsAt: now, Test: true,
	}
	switch l {
	case alert.English:
		a.Name, a.Summary = "Test alert", "Sent by Tocsin to test the way. Nothing to do."
	case alert.Japanese:
		a.Name, a.Summary = "テストアラート", "Tocsin による配信テストです。対応は不要です。"
	}
	return a
}
