// Package quiet keeps strangers from writing the log: who can send a request may
// cause a few lines, and then a count each ten seconds.
package quiet

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	lines    = 6                // of one message before it is only counted
	window   = 10 * time.Second // after which the count is told
	messages = 16               // that are known apart
	maxText  = 200              // bytes of a text
)

// New returns a logger for what strangers cause. Of each message it passes on six
// records, then one each ten seconds with the number of those left out, as "more",
// until there were none for as long. Texts are cut at 200 bytes. All loggers that
// are derived from it share the count. A nil log gives one that discards.
func New(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(&handler{log.Handler(), &counts{out: log.Handler(), of: map[string]*count{}}})
}

// Cut returns a text of at most 200 bytes.
func Cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "\ufffd") + "…"
}

// A handler passes on what is not too much.
type handler struct {
	slog.Handler
	counts *counts
}

// Handle passes on a record or counts it.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if !h.counts.pass(r) {
		return nil
	}
	cut := slog.NewRecord(r.Time, r.Level, Cut(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Value = a.Value.Resolve(); a.Value.Kind() == slog.KindString {
			a.Value = slog.StringValue(Cut(a.Value.String()))
		}
		cut.AddAttrs(a)
		return true
	})
	return h.Handler.Handle(ctx, cut)
}

// WithAttrs returns a handler with the same count.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.counts}
}

// WithGroup returns a handler with the same count.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.counts}
}

// counts has a count for each message, and one for those beyond the bound.
type counts struct {
	out slog.Handler // without the attributes of derived ones

	mu sync.Mutex
	of map[string]*count
}

// A count is of one message since it was last quiet.
type count struct{ passed, held int }

// pass reports whether a record goes on. The first record of a message starts the
// timer that tells the count.
func (c *counts) pass(r slog.Record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	message := r.Message
	if c.of[message] == nil && len(c.of) >= messages {
		message = "others"
	}
	n := c.of[message]
	if n == nil {
		n = new(count)
		c.of[message] = n
		time.AfterFunc(window, func() { c.tell(r.Level, message) })
	}
	if n.passed == lines {
		n.held++
		return false
	}
	n.passed++
	return true
}

// tell tells how many records of a message were held back, and forgets the message
// if there were none.
func (c *counts) tell(level slog.Level, message string) {
	c.mu.Lock()
	n := *c.of[message]
	if n.held == 0 {
		delete(c.of, message)
	} else {
		*c.of[message] = count{passed: lines}
		time.AfterFunc(window, func() { c.tell(level, message) })
	}
	c.mu.Unlock()
	if n.held == 0 || !c.out.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(time.Now(), level, Cut(message), 0)
	r.AddAttrs(slog.Int("more", n.held), slog.Duration("within", window))
	_ = c.out.Handle(context.Background(), r) // a log has nobody to tell
}
