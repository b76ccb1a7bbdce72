package outbox_test

import (
	"testing"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/storetest"
)

// The store in memory passes the kit, opened once and shared by several outboxes.
func TestMemoryStore(t *testing.T) {
	t.Parallel()
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, true, func(*testing.T) storetest.Backend {
			return storetest.Backend{Open: outbox.NewMemoryStore}
		})
	})
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, true, func(*testing.T) storetest.Backend {
			s := outbox.NewMemoryStore()
			return storetest.Backend{Shared: true, Open: func() *outbox.Store { return s }}
		})
	})
}
