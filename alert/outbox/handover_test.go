package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// Each route gets an alert of its own, whatever the Sender of another one and the
// caller do with theirs, and however much was accepted in between.
func TestHandover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		between int // alerts
		size    int // of each
	}{
		{"at once", 0, 0}, {"after many", 5000, 10}, {"after large ones", 12, 1 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box, err := outbox.Open(outbox.NewMemoryStore(), nil)
				require.NoError(t, err)
				got := make(chan string, 2*(tt.between+1))
				for _, name := range []string{"one", "two"} {
					require.NoError(t, box.Route(name, alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
						for _, a := range alerts {
							got <- a.ID + a.Labels["disk"]
							a.Labels["disk"] = "changed by " + name
						}
						return nil
					}), nil))
				}
				labels := map[string]string{"disk": "sda"}
				require.NoError(t, box.Send(t.Context(), alert.Alert{ID: "first", Labels: labels}))
				labels["disk"] = "changed by the caller"
				for i := range tt.between {
					a := alert.Alert{ID: fmt.Sprint(i), Summary: strings.Repeat("x", tt.size), Labels: map[string]string{"disk": "sda"}}
					require.NoError(t, box.Send(t.Context(), a))
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- box.Run(ctx) }()
				count := make(map[string]int)
				for range cap(got) {
					count[<-got]++
				}
				require.Len(t, count, tt.between+1)
				for _, times := range count {
					require.Equal(t, 2, times)
				}
				require.Equal(t, 2, count["firstsda"])
				stop()
				require.NoError(t, <-ended)
			})
		})
	}
}
