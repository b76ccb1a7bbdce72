package autocall_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/queuetest"
)

func TestMemoryQueue(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, true, func(t *testing.T) queuetest.Backend {
		t.Helper()
		return queuetest.Backend{Open: func(o *autocall.QueueOptions) queuetest.Queue {
			q, err := autocall.NewMemoryQueue(o)
			require.NoError(t, err)
			return q
		}}
	})
}
