package autocall_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// A faulty queue is the far end of a Sender: it fails when it is told to, and
// keeps the messages of the calls that it took.
type faulty struct {
	autocall.Queue

	mu      sync.Mutex
	mode    string
	tried   int
	taken   []string
	arrived chan struct{}
}

// A fault is an error that says whether to try again.
type fault struct {
	text      string
	retryable bool
}

func (f *fault) Error() string   { return f.text }
func (f *fault) Retryable() bool { return f.retryable }

func (f *faulty) set(mode string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = mode
}

func (f *faulty) hang() <-chan struct{} {
	f.set("hang")
	f.arrived = make(chan struct{})
	return f.arrived
}

// failure returns what the queue says now.
func (f *faulty) failure(ctx context.Context) error {
	f.mu.Lock()
	mode := f.mode
	f.mu.Unlock()
	switch mode {
	case "refuse":
		return &fault{"refused", false}
	case "busy":
		return &fault{"busy", true}
	case "hang":
		close(f.arrived)
		<-ctx.Done()
		return fmt.Errorf("queue: %w, %w", alert.ErrUncertain, ctx.Err())
	}
	return nil
}

func (f *faulty) Enqueue(ctx context.Context, c autocall.Call) (string, bool, error) {
	f.mu.Lock()
	f.tried++
	f.mu.Unlock()
	if err := f.failure(ctx); err != nil {
		return "", false, err
	}
	f.mu.Lock()
	f.taken = append(f.taken, c.Message)
	f.mu.Unlock()
	return f.Queue.Enqueue(ctx, c)
}

func (f *faulty) Get(ctx context.Context, id string) (autocall.Status, error) {
	if err := f.failure(ctx); err != nil {
		return autocall.Status{}, err
	}
	return f.Queue.Get(ctx, id)
}

func (f *faulty) enqueues() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tried
}

func (f *faulty) messages() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.taken, "\n")
}

// counted returns how many alerts the messages account for.
func (f *faulty) counted(t *testing.T) (total int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := regexp.MustCompile(`^\w[\w ]*(?:, \w[\w ]*)?, (\d+) alerts, `)
	tests := regexp.MustCompile(`, plus (\d+) tests?\b`)
	count := func(pattern *regexp.Regexp, message string, otherwise int) int {
		found := pattern.FindStringSubmatch(message)
		if found == nil {
			return otherwise
		}
		n, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		return n
	}
	for _, m := range f.taken {
		total += count(counts, m, 1) + count(tests, m, 0)
	}
	return total
}

// counting adds up the alerts of Sends without a problem, of which a phone
// channel makes no message.
type counting struct {
	*autocall.Sender
	queue *faulty

	mu   sync.Mutex
	over int
}

func (c *counting) Send(ctx context.Context, alerts ...alert.Alert) error {
	firing := 0
	for _, a := range alerts {
		if a.Status.Open() {
			firing++
		}
	}
	id, err := c.Place(ctx, alerts...)
	switch {
	case err == nil && id == "" && firing == 0:
		c.mu.Lock()
		c.over += len(alerts)
		c.mu.Unlock()
	case err == nil && id == "":
		return errors.New("no call, though something is firing")
	}
	return err
}

func (c *counting) resolved() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}
