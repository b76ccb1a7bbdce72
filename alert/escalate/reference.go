package escalate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

const (
	maxReference  = 500 // bytes
	maxReferences = 10  // of one message
)

// TrackReference is for the Sender of a [Step]: it records what the far end knows the
// message by that is being sent, such as the id of a telephone call. The context
// is that of Send. By the reference, of at most 500 bytes, the problems in the
// message can be taken, see [Escalation.Acknowledge], and the step's Watch and
// Stop are called with it. A message may have ten. Outside of a Step it is an
// error.
func TrackReference(ctx context.Context, reference string) error {
	references, ok := ctx.Value(referencesKey{}).(*references)
	if !ok {
		return errors.New("escalate: track reference: not within a step of an escalation")
	}
	return references.add(reference, true)
}

// references are the references of a message.
type references struct {
	mu    sync.Mutex
	calls []string // the step looks after them
	links []string
}

type referencesKey struct{}

func (n *references) add(ref string, isCall bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Contains(n.calls, ref) {
		return nil
	}
	if ref == "" || len(ref) > maxReference || len(n.calls)+len(n.links) >= maxReferences {
		return fmt.Errorf("escalate: track reference: a reference of %d bytes behind %d others, want 1 to %d bytes and %d of them",
			len(ref), len(n.calls)+len(n.links), maxReference, maxReferences)
	}
	if isCall {
		n.calls = append(n.calls, ref)
	} else {
		n.links = append(n.links, ref)
	}
	return nil
}
