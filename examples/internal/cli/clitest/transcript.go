package clitest

import (
	"bytes"
	"regexp"
	"sync"
	"testing"
	"time"
)

// A Transcript collects output and lets a test wait for a line of it.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed and replaced at each Write
}

// NewTranscript returns an empty one.
func NewTranscript() *Transcript { return &Transcript{more: make(chan struct{})} }

// Write keeps a copy.
func (tr *Transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	close(tr.more)
	tr.more = make(chan struct{})
	return tr.text.Write(p)
}

// String is all that was written.
func (tr *Transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// Await returns the last group of a pattern, or the match of one without
// groups, as soon as the output has it.
func (tr *Transcript) Await(tb testing.TB, pattern string) string {
	tb.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(Patience)
	for {
		tr.mu.Lock()
		found, more := re.FindStringSubmatch(tr.text.String()), tr.more
		tr.mu.Unlock()
		if found != nil {
			return found[len(found)-1]
		}
		select {
		case <-more:
		case <-deadline:
			tb.Fatalf("not printed in time, want %s in:\n%s", pattern, tr)
		}
	}
}
