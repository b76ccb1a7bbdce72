package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
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

// An selection is the body of a request that changes something.
type selection struct {
	Numbers []int64 `json:"numbers"`
	All     bool    `json:"all"`
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
//
// Posts must be of the type application/json and not come from a page of another
// origin, so that no other page can make a browser that is logged in send one.
func (o *Outbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", o.serveOverview)
	mux.HandleFunc("GET /routes/{route}/pending", o.serveList(o.Pending))
	mux.HandleFunc("GET /routes/{route}/dead", o.serveList(o.Dead))
	mux.HandleFunc("POST /routes/{route}/requeue", o.serveChange(o.Requeue))
	mux.HandleFunc("POST /routes/{route}/drop", o.serveChange(o.Drop))
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

// serveChange serves what changes dead letters.
func (o *Outbox) serveChange(do func(context.Context, string, ...int64) (int, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, "the type must be application/json")
			return
		}
		numbers, err := readSelection(http.MaxBytesReader(w, r.Body, maxSelection))
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		n, err := do(r.Context(), r.PathValue("route"), numbers...)
		answer(w, map[string]int{"alerts": n}, err)
	}
}

// readSelection reads a selection. That all are meant must be said: an empty list that
// somebody's program made would otherwise drop everything.
func readSelection(body interface{ Read([]byte) (int, error) }) ([]int64, error) {
	var o selection
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return nil, errors.New(`the body must be {"numbers":[…]} or {"all":true}`)
	}
	if o.All == (len(o.Numbers) > 0) {
		return nil, errors.New(`either "numbers", or "all": true`)
	}
	return o.Numbers, nil
}

// answer writes a result, or an error of the store.
func answer(w http.ResponseWriter, result any, err error) {
	switch {
	case errors.Is(err, ErrUnknownRoute):
		refuse(w, http.StatusNotFound, ErrUnknownRoute.Error())
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
