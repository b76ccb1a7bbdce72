package voice

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// jobs owns the goroutines of a Handler.
type jobs struct {
	places  chan struct{} // one for each job at a time
	closing chan struct{} // closed when no new ones are taken
	idle    chan struct{} // closed when closing and none is left

	mu      sync.Mutex
	closed  bool
	serial  int
	running map[int]context.CancelFunc
}

func newJobs(most int) *jobs {
	return &jobs{
		places:  make(chan struct{}, most),
		closing: make(chan struct{}),
		idle:    make(chan struct{}),
		running: map[int]context.CancelFunc{},
	}
}

// start runs work in a goroutine as soon as there is room, or says why not.
func (j *jobs) start(ctx context.Context, deadline time.Time, work func(context.Context)) (refused string) {
	const closing, full = "the gateway is shutting down, no call was placed", "too many requests at a time, no call was placed"
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case j.places <- struct{}{}:
	case <-j.closing:
		return closing
	case <-timer.C:
		return full
	}
	ctx, cancel := context.WithCancel(ctx)
	n, ok := j.add(cancel)
	if !ok {
		cancel()
		<-j.places
		return closing
	}
	go func() {
		defer j.remove(n)
		defer cancel()
		work(ctx)
	}()
	return ""
}

// add counts a job, unless it is too late for one.
func (j *jobs) add(cancel context.CancelFunc) (n int, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, false
	}
	j.serial++
	j.running[j.serial] = cancel
	return j.serial, true
}

// remove ends a job.
func (j *jobs) remove(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.running, n)
	<-j.places
	if j.closed && len(j.running) == 0 {
		close(j.idle)
	}
}

// close takes no new jobs.
func (j *jobs) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.closed = true
	close(j.closing)
	if len(j.running) == 0 {
		close(j.idle)
	}
}

// shutdown waits for the jobs, and ends them when ctx ends.
func (j *jobs) shutdown(ctx context.Context) error {
	j.close()
	select {
	case <-j.idle:
		return nil
	default:
	}
	select {
	case <-j.idle:
		return nil
	case <-ctx.Done():
	}
	n := j.cancelAll()
	<-j.idle
	return fmt.Errorf("voice: shutdown: the calls of %d requests were cut short: %w", n, ctx.Err())
}

// cancelAll ends the contexts of the jobs and returns how many there were.
func (j *jobs) cancelAll() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, cancel := range j.running {
		cancel()
	}
	return len(j.running)
}
