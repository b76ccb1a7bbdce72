package alert_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// The floor of a digest is counting alerts by name in a map.
func BenchmarkNewDigest(b *testing.B) {
	for _, distinct := range []int{40, 5000} {
		alerts := storm(5000, distinct)
		b.Run(fmt.Sprintf("groups=%d/floor", distinct), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				counts := make(map[string]int)
				for i := range alerts {
					counts[alerts[i].Name]++
				}
			}
		})
		b.Run(fmt.Sprintf("groups=%d/tocsin", distinct), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				alert.NewDigest(alerts)
			}
		})
	}
}

// The floor of a Dedup is the wrapped Sender alone.
func BenchmarkDedup(b *testing.B) {
	bare := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil })
	for _, n := range []int{1, 5000} {
		alerts := storm(n, n)
		run := func(name string, s func() alert.Sender) {
			b.Run(fmt.Sprintf("alerts=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				sender := s()
				for b.Loop() {
					if err := sender.Send(b.Context(), alerts...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("floor", func() alert.Sender { return bare })
		run("tocsin-known", func() alert.Sender { return alert.Dedup(time.Hour)(bare) })
		run("tocsin-new", func() alert.Sender { return alert.Dedup(time.Nanosecond)(bare) })
	}
}
