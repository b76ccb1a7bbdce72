package aliyun

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
)

const (
	// noticeWindow is the time in which a shape of callback is told once.
	noticeWindow = 10 * time.Minute
	// maxShapes bounds the shapes of one account that are known apart.
	maxShapes = 64
	// maxProbe is the number of keys in a query beyond which it is no probe of
	// a console or a balancer, but a callback that nobody understands.
	maxProbe = 2
)

// unreadable tells that a callback holds no alert that this package can read,
// and returns the answer. It runs in the goroutine of the request: what was not
// accepted is answered 503, so that the caller repeats it.
func (h *Handler) unreadable(ctx context.Context, r *http.Request, from *account, c Received) (status int, text string) {
	why := explain(c)
	h.warn(r, c.Caller, "callback not understood", why)
	shape := shapeOf(why)
	err := from.notices.tell(ctx, shape, func(now time.Time, missed int) error {
		alerts := []alert.Alert{h.notice(r, c, why, missed)}
		alerts[0].Key = identity("unreadable", shape)
		// The same in each process and after a restart, so that an outbox which
		// they share accepts one in a window.
		alerts[0].ID = identity("unreadable", shape, strconv.FormatInt(now.Truncate(noticeWindow).Unix(), 10))
		h.attribute(from, alerts)
		err := h.sender.Send(ctx, alerts...)
		h.report(ctx, c, alerts, err)
		return err
	})
	if err != nil {
		return http.StatusServiceUnavailable, "not delivered, call again"
	}
	return http.StatusOK, "not understood, which was reported"
}

// notice returns the alert about a callback that cannot be read. It holds the
// names of keys and no value.
func (h *Handler) notice(r *http.Request, c Received, why *Error, missed int) alert.Alert {
	w := wordsOf(h.opts.Locale)
	var s lines
	s.add("", w.lost)
	s.add(w.reason, why.reason())
	if c.Caller.IsValid() {
		s.add(w.caller, c.Caller.String())
	}
	size := cmp.Or(len(c.Body), len(c.Query))
	s.add(w.size, strconv.FormatInt(max(int64(size), r.ContentLength), 10))
	format, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // "" if it is none
	s.add(w.format, cleanKey(format))
	keys := strings.Join(why.Keys, ", ")
	if why.Omitted > 0 {
		keys += ", " + fmt.Sprintf(w.more, why.Omitted)
	}
	s.add(w.keys, keys)
	if missed > 0 {
		s.add("", fmt.Sprintf(w.missed, missed))
	}
	return alert.Alert{
		Source: Source, Name: w.unreadable, Summary: s.String(),
		Status: alert.Firing, Severity: alert.Warning, StartsAt: c.Time.UTC(),
	}
}

// isProbe tells whether a request without an alert is one by which consoles and
// balancers look whether somebody answers.
func isProbe(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && errors.Is(e, ErrEmpty) && len(e.Keys) <= maxProbe
}

// explain returns why the callback cannot be read, for an array with the keys
// of its first element.
func explain(c Received) *Error {
	e, ok := errors.AsType[*Error](c.Err)
	if !ok {
		return &Error{Kind: ErrSyntax}
	}
	switch {
	case len(e.Keys) > 0 || c.Callback != nil: // an element, and not the body
		return e
	case e.Omitted > 0: // all of them prose
		return &Error{Kind: ErrSyntax, Detail: "neither JSON nor a form"}
	}
	text := trimBlank(string(c.Body))
	if text == "" {
		text = carried(new(reader).form(c.Query))
	}
	return refuse(e.Kind, e.Detail, firstFields(text))
}

// firstFields returns the fields of the first element of a JSON array, if that
// is what text is, and if the element is an object.
func firstFields(text string) []field {
	if !strings.HasPrefix(text, "[") || !json.Valid([]byte(text)) {
		return nil
	}
	text = text[blanks(text, 1):]
	if text[0] != '{' {
		return nil
	}
	return split(nil, text[:value(text, 0)])
}

// shapeOf identifies what callbacks that cannot be read have in common: why
// not, but for the place of a mistake, and the names of their keys.
func shapeOf(e *Error) string {
	why := strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, e.reason())
	return digest(append([]string{why}, slices.Sorted(slices.Values(e.Keys))...)...)
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
