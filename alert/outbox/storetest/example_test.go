package storetest_test

import (
	"testing"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/alert/outbox/storetest"
)

// The whole test of an outbox in memory, whose clock is that of the bubbles.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestMemory(t *testing.T)
		storetest.Run(t, true, func(*testing.T) storetest.Backend {
			return storetest.Backend{Open: outbox.NewMemoryStore}
		})
	}
}
