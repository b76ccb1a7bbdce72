package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxSelection = 64 << 10 // bytes of a request's body
	pageLimit    = 100      // alerts, unless asked for others
)

// An overview is what the handler shows first.
type overview struct {
	Stats Stats   `json:"stats"` // of this process
	Store []Count `json:"store"` // of all
}

// A selection is the body of a request that changes something.
type selection struct {
	Numbers   []int64 `json:"numbers"`
	All       bool    `json:"all"`
	OlderThan string  `json:"olderThan"`
	To        string  `json:"to"`
}

// Handler returns a handler with which people see and mend what is in the store.
// It has no authentication: mount it, under http.StripPrefix, behind your own.
// Everything is JSON, and the alerts are in it as they are.
//
//	GET  /                        Stats, and Counts for each route
//	GET  /routes/{route}/pending  alerts that wait; ?after=NUMBER&limit=N
//	GET  /routes/{route}/dead     dead letters, likewise
//	POST /routes/{route}/requeue  {"numbers":[…]} or {"all":true}, of dead letters
//	POST /routes/{route}/drop     the same; they are gone for good
//	POST /routes/{route}/pending/drop    {"numbers":[…]}, {"all":true} or {"olderThan":"2h"}, of what waits
//	POST /routes/{route}/pending/expire  the same; they become dead letters
//	POST /routes/{route}/pending/move    the same, with "to":"ROUTE"
//	POST /routes/{route}/pause           {}; until
//	POST /routes/{route}/resume          {}
//
// Posts must be of the type application/json and not come from a page of another
// origin, so that no other page can make a browser that is logged in send one. The
// name of a route is escaped in the URL: %23 for the # of one that has vanished.
func (o *Outbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", o.serveOverview)
	mux.HandleFunc("GET /routes/{route}/pending", o.serveList(o.Pending))
	mux.HandleFunc("GET /routes/{route}/dead", o.serveList(o.Dead))
	mux.HandleFunc("POST /routes/{route}/requeue", serveChange(ofDead(o.Requeue)))
	mux.HandleFunc("POST /routes/{route}/drop", serveChange(ofDead(o.Drop)))
	mux.HandleFunc("POST /routes/{route}/pending/drop", serveChange(ofPending(o.DropPending)))
	mux.HandleFunc("POST /routes/{route}/pending/expire", serveChange(ofPending(o.ExpirePending)))
	mux.HandleFunc("POST /routes/{route}/pending/move", serveChange(o.serveMove))
	mux.HandleFunc("POST /routes/{route}/pause", serveChange(ofRoute(o.Pause)))
	mux.HandleFunc("POST /routes/{route}/resume", serveChange(ofRoute(o.Resume)))
	return http.NewCrossOriginProtection().Handler(mux)
}

func (o *Outbox) serveOverview(w http.ResponseWriter, r *http.Request) {
	counts, err := o.Counts(r.Context())
	answer(w, overview{Stats: o.Stats(), Store: counts}, err)
}

// serveList serves alerts.
func (o *Outbox) serveList(list func(context.Context, string, int64, int) ([]QueuedAlert, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		after, err := number(r, "after", 0)
		limit, err2 := number(r, "limit", pageLimit)
		if err = errors.Join(err, err2); err != nil {
			refuse(w, http.StatusBadRequest, "after and limit must be numbers")
			return
		}
		alerts, err := list(r.Context(), r.PathValue("route"), after, int(min(limit, maxList)))
		answer(w, map[string][]QueuedAlert{"alerts": alerts}, err)
	}
}

// number reads a number of the query.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// A changer does what a request asks for with a route.
type changer func(ctx context.Context, route string, s *selection) (result any, err error)

// A badRequest says what is wrong with a request.
type badRequest string

func (e badRequest) Error() string { return string(e) }

// serveChange serves what changes something.
func serveChange(do changer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" || !strings.EqualFold(cmp.Or(params["charset"], "utf-8"), "utf-8") {
			refuse(w, http.StatusUnsupportedMediaType, "the type must be application/json")
			return
		}
		s, err := readSelection(http.MaxBytesReader(w, r.Body, maxSelection))
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		result, err := do(r.Context(), r.PathValue("route"), s)
		answer(w, result, err)
	}
}

// readSelection reads the body of a request.
func readSelection(body interface{ Read([]byte) (int, error) }) (*selection, error) {
	s := new(selection)
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return nil, badRequest(`the body must be {"numbers":[…]}, {"all":true} or {"olderThan":"2h"}`)
	}
	return s, nil
}

// ofDead changes dead letters.
func ofDead(do func(context.Context, string, ...int64) (int, error)) changer {
	return func(ctx context.Context, route string, s *selection) (any, error) {
		of, err := s.meant()
		if err != nil || s.OlderThan+s.To != "" {
			return nil, badRequest(`either "numbers", or "all": true`)
		}
		n, err := do(ctx, route, of.Numbers...)
		return map[string]int{"alerts": n}, err
	}
}

// ofPending changes what waits.
func ofPending(do func(context.Context, string, Selection) (Change, error)) changer {
	return func(ctx context.Context, route string, s *selection) (any, error) {
		if s.To != "" {
			return nil, badRequest(`"to" is for move`)
		}
		of, err := s.meant()
		if err != nil {
			return nil, err
		}
		return do(ctx, route, of)
	}
}

func (o *Outbox) serveMove(ctx context.Context, route string, s *selection) (any, error) {
	if s.To == "" {
		return nil, badRequest(`"to" must be the name of a route`)
	}
	of, err := s.meant()
	if err != nil {
		return nil, err
	}
	return o.MovePending(ctx, route, s.To, of)
}

// meant returns what is to be changed. That all are meant must be said: an empty
// list that somebody's program made would otherwise drop everything.
func (s *selection) meant() (of Selection, err error) {
	of.Numbers = s.Numbers
	if s.OlderThan != "" {
		if of.OlderThan, err = time.ParseDuration(s.OlderThan); err != nil || of.OlderThan <= 0 {
			return of, badRequest(`"olderThan" must be a time such as 2h`)
		}
	}
	if s.All == (len(s.Numbers) > 0 || s.OlderThan != "") {
		return of, badRequest(`either "numbers" or "olderThan" or both, or "all": true`)
	}
	return of, nil
}

// ofRoute changes a route.
func ofRoute(do func(context.Context, string) error) changer {
	return func(ctx context.Context, route string, s *selection) (any, error) {
		if s.All || len(s.Numbers) > 0 || s.OlderThan+s.To != "" {
			return nil, badRequest("the body must be {}")
		}
		return struct{}{}, do(ctx, route)
	}
}

// answer writes a result, or an error of the store.
func answer(w http.ResponseWriter, result any, err error) {
	bad, isBad := errors.AsType[badRequest](err)
	own, isOwn := errors.AsType[*Error](err)
	switch {
	case isBad:
		refuse(w, http.StatusBadRequest, bad.Error())
	case errors.Is(err, ErrUnknownRoute):
		refuse(w, http.StatusNotFound, ErrUnknownRoute.Error())
	case isOwn && own.final:
		refuse(w, http.StatusBadRequest, own.Error())
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "the store is not available")
	default:
		write(w, http.StatusOK, result)
	}
}

// refuse writes an error.
func refuse(w http.ResponseWriter, status int, text string) {
	write(w, status, map[string]string{"error": text})
}

func write(w http.ResponseWriter, status int, v any) {
	doc, err := json.Marshal(v)
	if err != nil {
		status, doc = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(doc, '\n')) // the caller may have hung up
}
