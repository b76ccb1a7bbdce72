package inbound

import (
	"context"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	// noticeWindow is the time in which a shape of callback is told once.
	noticeWindow = 10 * time.Minute
	// maxShapes bounds the shapes of one account that are known apart.
	maxShapes = 64
)

// An Unreadable is a callback that holds no alert that can be read. It says
// nothing of what the callback holds but the names of its keys.
type Unreadable struct {
	Reason string
	Keys   []string
	Omit   int    // keys that are not named
	Size   int    // in bytes
	Shape  string // identifies what such callbacks have in common
}

// ReportUnreadable tells of an unreadable callback: for each shape once in ten minutes, with
// the number of those that came since. It returns the error of the Sender, after
// which the caller has to call again.
func (g *Request) ReportUnreadable(ctx context.Context, u *Unreadable) error {
	return g.from.notices.tell(ctx, u.Shape, func(now time.Time, missed int) error {
		a := g.notice(u, missed)
		a.Key = Identity("unreadable", u.Shape)
		// The same in each process and after a restart, so that an outbox which
		// they share accepts one in a window.
		a.ID = Identity("unreadable", u.Shape, strconv.FormatInt(now.Truncate(noticeWindow).Unix(), 10))
		return g.Deliver(ctx, []alert.Alert{a}, nil)
	})
}

// notice returns the alert about a callback that cannot be read.
func (g *Request) notice(u *Unreadable, missed int) alert.Alert {
	w := wordsOf(g.receiver.Locale)
	format, _, _ := mime.ParseMediaType(g.request.Header.Get("Content-Type")) // "" if it is none
	if len(format) > maxName {
		format = strings.ToValidUTF8(format[:maxName-len("…")], "") + "…"
	}
	keys := strings.Join(u.Keys, ", ")
	if u.Omit > 0 {
		keys += ", " + fmt.Sprintf(w.more, u.Omit)
	}
	var text strings.Builder
	text.WriteString(w.lost)
	for _, line := range [...][2]string{
		{w.reason, u.Reason}, {w.caller, g.address()}, {w.size, strconv.FormatInt(max(int64(u.Size), g.request.ContentLength), 10)},
		{w.format, PlainName(format)}, {w.keys, keys},
	} {
		if line[1] != "" {
			text.WriteString("\n" + line[0] + ": " + line[1])
		}
	}
	if missed > 0 {
		text.WriteString("\n" + fmt.Sprintf(w.missed, missed))
	}
	return alert.Alert{
		Source: g.receiver.Source, Name: w.unreadable, Summary: text.String(),
		Status: alert.Firing, Severity: alert.Warning, StartsAt: g.Time.UTC(),
	}
}

// address returns the address of the caller, if it is known.
func (g *Request) address() string {
	if !g.Addr.IsValid() {
		return ""
	}
	return g.Addr.String()
}

// notices remembers for one account which shapes were told. At most one notice
// is under way; others wait for their turn, since they may be of its shape.
type notices struct {
	turn   chan struct{}     // holds the token of whoever uses what follows
	shapes map[string]*shape // at most maxShapes
	others shape             // all others together
}

// A shape is what is known of callbacks of one shape.
type shape struct {
	told   time.Time // when a notice was accepted
	missed int       // that came since
}

func newNotices() *notices {
	return &notices{turn: make(chan struct{}, 1), shapes: map[string]*shape{}}
}

// tell calls send unless the shape was told within the window, with the number
// of those that were only counted since then.
func (n *notices) tell(ctx context.Context, name string, send func(now time.Time, missed int) error) error {
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	now := time.Now()
	s := n.find(name, now)
	if now.Sub(s.told) < noticeWindow {
		s.missed++
		return nil
	}
	if err := send(now, s.missed); err != nil {
		return err
	}
	*s = shape{told: now}
	return nil
}

// find returns the memory of a shape. When there are too many, those go whose
// window is over, and what is not known then has one memory in common: whoever
// invents shapes gets no more notices by it.
func (n *notices) find(name string, now time.Time) *shape {
	if s := n.shapes[name]; s != nil {
		return s
	}
	if len(n.shapes) >= maxShapes {
		for old, s := range n.shapes {
			if now.Sub(s.told) >= noticeWindow {
				n.others.missed += s.missed
				delete(n.shapes, old)
			}
		}
	}
	if len(n.shapes) >= maxShapes {
		return &n.others
	}
	s := new(shape)
	n.shapes[name] = s
	return s
}
