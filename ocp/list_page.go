package ocp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

// Bounds of a list that a server may claim without end.
const (
	maxPages   = 2000
	maxEntries = 100000
)

// A page is the data of one answer to a list.
type page struct {
	contents []json.RawMessage
	total    int // entries in all pages; -1: not said
	pages    int // -1: not said
}

// parsePage reads the data of a list. Page numbers stand under page, or, as
// tables of the vendor say, beside contents; the number of pages is called
// totalPages or totalPage. Newest versions may send a bare list.
func parsePage(data json.RawMessage) (page, error) {
	p := page{total: -1, pages: -1}
	if json.Unmarshal(data, &p.contents) == nil && p.contents != nil {
		p.total, p.pages = len(p.contents), 1
		return p, nil
	}
	var outer fields
	if json.Unmarshal(data, &outer) != nil || json.Unmarshal(outer["contents"], &p.contents) != nil || p.contents == nil {
		return p, errors.New("the answer holds no list")
	}
	var inner fields
	if json.Unmarshal(outer["page"], &inner) != nil {
		inner = nil
	}
	for _, f := range [...]fields{outer, inner} { // the inner ones win
		p.total = f.count(p.total, "totalElements")
		p.pages = f.count(p.pages, "totalPage", "totalPages")
	}
	return p, nil
}

// count returns the last of the named numbers that there is, else what it was.
func (f fields) count(was int, names ...string) int {
	for _, name := range names {
		if _, ok := f[name]; ok {
			was = max(-1, f.numberOr(name, was))
		}
	}
	return was
}

// numberOr returns a number, or another one if there is none.
func (f fields) numberOr(name string, or int) int {
	if n := f.number(name); n != 0 || f.text(name) == "0" {
		return n
	}
	return or
}

// A listing is one run through the pages of a list.
type listing[T any] struct {
	op, path string
	query    Query
	from, to string // names of the parameters that bound the time
	parse    func(json.RawMessage) (T, error)
	id       func(T) string
	strict   bool // fail if the list changes while it is read

	seen  map[string]bool // ids
	total int             // as the first page said
}

// errIncomplete is the cause of the error of a list whose pages do not fit
// together.
var errIncomplete = errors.New("the list is not complete")

// read yields the entries of all pages.
func read[T any](ctx context.Context, c *Client, l *listing[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		run := *l
		run.seen, run.total = map[string]bool{}, -1
		for number := 1; ; number++ {
			entries, last, err := run.next(ctx, c, number)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if last {
				return
			}
		}
	}
}

// next reads one page. It reports whether that was the last one.
func (l *listing[T]) next(ctx context.Context, c *Client, number int) (entries []T, last bool, err error) {
	query, err := l.query.values(number, l.from, l.to)
	if err != nil {
		return nil, false, &Error{Op: l.op, Err: err}
	}
	data, err := c.do(ctx, &request{op: l.op, method: http.MethodGet, path: []string{l.path}, query: query})
	if err != nil {
		return nil, false, err
	}
	p, err := parsePage(data)
	if err == nil {
		entries, err = l.take(&p, number)
	}
	if err != nil {
		return nil, false, l.fault(number, err)
	}
	last = len(p.contents) == 0 || p.pages >= 0 && number >= p.pages || p.pages < 0 && p.total >= 0 && len(l.seen) >= p.total
	if err := l.check(&p, number, last); err != nil {
		return entries, false, l.fault(number, err)
	}
	return entries, last, nil
}

// fault returns the error of a page that was answered and makes no sense.
func (l *listing[T]) fault(number int, err error) *Error {
	return &Error{Op: l.op, HTTPStatus: http.StatusOK, Err: fmt.Errorf("page %d: %w", number, err)}
}

// take reads the entries of a page that were not there before.
func (l *listing[T]) take(p *page, number int) (entries []T, err error) {
	for _, raw := range p.contents {
		e, err := l.parse(raw)
		if err != nil {
			return nil, err
		}
		if id := l.id(e); !l.seen[id] {
			l.seen[id] = true
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 && len(p.contents) > 0 {
		return nil, fmt.Errorf("%w: it repeats entries of the pages before", errIncomplete)
	}
	if number == 1 {
		l.total = p.total
	}
	return entries, nil
}

// check refuses lists without end, and, at the end, those that hold less than
// they said: something was missed, and nobody knows what.
func (l *listing[T]) check(p *page, number int, last bool) error {
	switch {
	case number >= maxPages && !last || len(l.seen) > maxEntries:
		return fmt.Errorf("more than %d pages or %d entries, narrow the query down", maxPages, maxEntries)
	case last && p.total > len(l.seen):
		return fmt.Errorf("%w: %d entries of %d that OCP counts", errIncomplete, len(l.seen), p.total)
	case l.strict && p.total != l.total:
		return fmt.Errorf("%w: OCP counts %d entries now and %d on the first page: it changed meanwhile", errIncomplete, p.total, l.total)
	}
	return nil
}
