package storetest_test

import (
	"testing"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/alert/outbox/storetest"
)

// The store in memory passes, in a bubble and shared by several outboxes, as it
// does in a backend that is opened once.
func TestRun(t *testing.T) {
	t.Parallel()
	storetest.Run(t, true, func(*testing.T) storetest.Backend {
		s := outbox.NewMemoryStore()
		return storetest.Backend{Shared: true, Open: func() *outbox.Store { return s }}
	})
}
