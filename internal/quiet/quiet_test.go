package quiet_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/quiet"
)

// lines is a log without times.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func newLog() (*lines, *slog.Logger) {
	l := new(lines)
	return l, slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// A flood is a few lines and then a count each ten seconds; what comes after it is
// told as at the beginning.
func TestFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out, inner := newLog()
		log := quiet.New(inner)
		flood := func() string {
			var all sync.WaitGroup
			for i := range 1000 {
				all.Go(func() { log.With("i", i).Warn("wrong secret", "peer", "192.0.2.1") })
			}
			all.Wait()
			return out.take()
		}
		pause := func() string {
			<-time.After(10 * time.Second)
			synctest.Wait()
			return out.take()
		}
		require.Equal(t, 6, strings.Count(flood(), "\n"))
		log.Warn("another message")
		require.Equal(t, "level=WARN msg=\"another message\"\n", out.take())
		require.Equal(t, "level=WARN msg=\"wrong secret\" more=994 within=10s\n", pause())
		require.Empty(t, flood())
		require.Equal(t, "level=WARN msg=\"wrong secret\" more=1000 within=10s\n", pause())
		require.Empty(t, pause())
		require.Equal(t, 6, strings.Count(flood(), "\n"))
		require.Equal(t, "level=WARN msg=\"wrong secret\" more=994 within=10s\n", pause())
	})
}

// Who can vary the message gains nothing.
func TestManyMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out, inner := newLog()
		log := quiet.New(inner)
		for i := range 10_000 {
			log.Warn(fmt.Sprint("TLS handshake error from port ", i))
		}
		require.Equal(t, 16+6, strings.Count(out.take(), "\n"))
		<-time.After(10 * time.Second)
		synctest.Wait()
		require.Equal(t, "level=WARN msg=others more=9978 within=10s\n", out.take())
	})
}

// No field is long, and the count is not told where the level is not.
func TestFields(t *testing.T) {
	t.Parallel()
	out, inner := newLog()
	long := strings.Repeat("磁", 1<<16)
	quiet.New(inner).WithGroup("g").Warn(long, "method", long, "n", 1)
	require.Less(t, out.text.Len(), 512)
	require.Contains(t, out.take(), "g.n=1")
	require.False(t, quiet.New(nil).Enabled(t.Context(), slog.LevelError))
}

func TestCut(t *testing.T) {
	t.Parallel()
	require.Equal(t, "GET", quiet.Cut("GET"))
	for _, text := range []string{strings.Repeat("a", 201), strings.Repeat("磁", 100), strings.Repeat("\x80", 300)} {
		cut := quiet.Cut(text)
		require.LessOrEqual(t, len(cut), 200)
		require.True(t, strings.HasSuffix(cut, "…"))
		require.True(t, utf8.ValidString(cut))
	}
}
