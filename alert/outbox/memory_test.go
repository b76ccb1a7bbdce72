package outbox_test

import (
	"testing"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/alert/outbox/storetest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, true, func(*testing.T) storetest.Backend {
		return storetest.Backend{Open: outbox.NewMemoryStore}
	})
}
