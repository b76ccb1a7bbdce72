package pigeon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// pageSize is the length of a page, in entries.
const pageSize = 100

// A Listed is an entry of the list of calls. ResultID is empty if the entry has none
// that can be used.
type Listed struct {
	ResultID string
	Status   ChainStatus
}

// Calls returns the entries of the list of calls from offset on, at most limit
// of them and 10000, in the vendor's order, which is not documented. It is safe
// to repeat, and repeats failures that pass.
func (c *Client) Calls(ctx context.Context, offset, limit int) ([]Listed, error) {
	if offset < 0 || limit < 1 || limit > maxCalls {
		return nil, &Error{Op: opCalls, Err: &FieldError{"limit", "want an offset from 0 and a limit of 1 to 10000"}}
	}
	var page []Listed
	err := c.do(ctx, &exchange{
		op: opCalls, method: http.MethodGet, path: fmt.Sprintf("/calls?offset=%d&limit=%d", offset, limit), repeat: true,
		judge: func(resp *httpcall.Response) error {
			items, err := parseCalls(resp.Body)
			if err != nil {
				return &Error{Op: opCalls, HTTPStatus: resp.Status, Err: err}
			}
			page = items
			return nil
		},
	})
	return page, err
}

// parseCalls reads a page. A page without a list is none.
func parseCalls(body []byte) ([]Listed, error) {
	type entry struct {
		ID     loose `json:"resultId"`
		Status loose `json:"status"`
	}
	var w *struct {
		Items *list[entry] `json:"items"`
	}
	if err := json.Unmarshal(body, &w); err != nil || w == nil || w.Items == nil {
		return nil, unreadable(fmt.Sprintf("%d bytes that are not the vendor's list", len(body)))
	}
	all := make([]Listed, 0, len(*w.Items))
	for _, e := range *w.Items {
		l := Listed{Status: ChainStatus(e.Status.line(maxWord))}
		if idFault(string(e.ID)) == "" {
			l.ResultID = string(e.ID)
		}
		all = append(all, l)
	}
	return all, nil
}

// maxLooked is how many chains Snapshot and Fresh look at.
const maxLooked = 1000

// look gives f each chain of the list once, by pages of 100, and fails if there are too
// many.
func (c *Client) look(ctx context.Context, f func(Listed)) error {
	seen := map[string]bool{}
	for offset := 0; ; offset += pageSize {
		page, err := c.Calls(ctx, offset, pageSize)
		if err != nil {
			return err
		}
		before := len(seen)
		for _, l := range page {
			switch {
			case l.ResultID == "" || seen[l.ResultID]:
				continue
			case len(seen) == maxLooked:
				return &Error{Op: opCalls, Err: errors.New("the list has more than 1000 chains, the rest was not looked at")}
			}
			seen[l.ResultID] = true
			f(l)
		}
		if len(page) < pageSize || len(seen) == before { // or the offset was ignored
			return nil
		}
	}
}

// A Snapshot is the set of chains that existed at a moment.
type Snapshot struct{ ids map[string]bool }

// Snapshot lists the chains that exist now, for [Client.Fresh]. It looks at
// the first 1000 of the list and fails if there are more.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	s := Snapshot{map[string]bool{}}
	err := c.look(ctx, func(l Listed) { s.ids[l.ResultID] = true })
	return s, err
}

// Fresh returns the chains that are not in before: after an uncertain
// [Client.Invoke], those that it may have started. Other users of the space
// start chains too: look at their Result, or ask people. Nothing found right
// after the failure does not prove that nothing will ring: the list may lag
// behind. With the zero Snapshot it returns all chains.
//
// It looks at the first 1000 chains. If there are more, it returns those that
// are fresh among them, and an error.
func (c *Client) Fresh(ctx context.Context, before Snapshot) (fresh []Listed, err error) {
	err = c.look(ctx, func(l Listed) {
		if !before.ids[l.ResultID] {
			fresh = append(fresh, l)
		}
	})
	return fresh, err
}
