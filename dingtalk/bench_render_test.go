package dingtalk_test

import (
	"bytes"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
)

// BenchmarkRender compares rendering one card, and 5,000 alerts, with the
// floor: copying as many bytes as the card has, and grouping the alerts.
func BenchmarkRender(b *testing.B) {
	a, storm := bandwidth(), bandwidths(5000, 100)
	b.Run("card/floor", func(b *testing.B) {
		constant := bytes.Repeat([]byte{'x'}, 600)
		b.ReportAllocs()
		for b.Loop() {
			_ = bytes.Clone(constant)
		}
	})
	b.Run("card/tocsin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = dingtalk.Render(alert.Chinese, nil, ample, a)
		}
	})
	b.Run("digest/floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = alert.NewDigest(storm)
		}
	})
	b.Run("digest/tocsin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = dingtalk.Render(alert.Chinese, nil, ample, storm...)
		}
	})
}
