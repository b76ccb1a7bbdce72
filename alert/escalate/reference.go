package escalate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	maxReference  = 500 // bytes
	maxReferences = 10  // of one message
	tokenLength   = 26  // characters
)

// TrackReference is for the Sender of a [Step]: it records what the far end knows the
// message by that is being sent, such as the id of a telephone call. The context
// is that of Send. By the reference, of at most 500 bytes, the problems in the
// message can be taken, see [Escalation.AcknowledgeCall], and the step's Watch and
// Stop are called with it. It may be logged: it opens no page. A message may have ten.
// Outside of a Step it is an error.
func TrackReference(ctx context.Context, reference string) error {
	m, ok := ctx.Value(messageKey{}).(*message)
	if !ok {
		return errors.New("escalate: track reference: not within a step of an escalation")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.calls, reference) {
		return nil
	}
	if reference == "" || len(reference) > maxReference || len(m.calls) >= maxReferences {
		return fmt.Errorf("escalate: track reference: a reference of %d bytes behind %d others, want 1 to %d bytes and %d of them",
			len(reference), len(m.calls), maxReference, maxReferences)
	}
	m.calls = append(m.calls, reference)
	return nil
}

// Tokens and the references of calls are kept apart: these are known to telephone services
// and to readers of logs, and a token alone opens the page.
func hashOfToken(token string) jobstore.Hash    { return jobstore.HashOf("token", token) }
func hashOfCall(reference string) jobstore.Hash { return jobstore.HashOf("call", reference) }

// isToken reports whether a text has the form of what rand.Text returns.
func isToken(text string) bool {
	return len(text) == tokenLength && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// A message is what is known of one that is being sent.
type message struct {
	mu     sync.Mutex
	calls  []string // the step looks after them
	links  []string
	err    error
	result result
}

type messageKey struct{}

func (m *message) finish(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}
