package callserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

const (
	maxBody   = 64 << 10         // bytes of a request
	adminTime = 10 * time.Second // that the database gets for one
)

// addAPI adds what programs reach with the admin token.
func (s *service) addAPI(mux *http.ServeMux) {
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /calls": s.postCall, "GET /calls": s.listCalls, "GET /calls/{id}": s.getCall,
		"DELETE /calls/{id}": s.deleteCall, "GET /phones": s.listPhones,
	} {
		mux.HandleFunc(pattern, s.admin(handler))
	}
	for pattern, allow := range map[string]string{"/calls": "GET, POST", "/calls/{id}": "GET, DELETE", "/phones": "GET", "/": ""} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			if allow == "" {
				refuse(w, http.StatusNotFound, "no such path")
				return
			}
			w.Header().Set("Allow", allow)
			refuse(w, http.StatusMethodNotAllowed, "want "+allow)
		})
	}
}

// admin lets nobody pass without the token.
func (s *service) admin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch s.guesses.check(r, inbound.Bearer(r), s.config.AdminToken) {
		case http.StatusOK:
		case http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "10")
			refuse(w, http.StatusTooManyRequests, "too many wrong tokens came from this address")
			return
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="autocall"`)
			refuse(w, http.StatusUnauthorized, "want the header Authorization: Bearer ADMIN-TOKEN")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), adminTime)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next(w, r)
	}
}

// write answers with an object.
func write(w http.ResponseWriter, status int, object any) {
	text, err := json.Marshal(object)
	if err != nil { // of texts and times
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the caller may have hung up
}

// refuse says what is wrong.
func refuse(w http.ResponseWriter, status int, why string) {
	write(w, status, map[string]string{"error": why})
}

// fail answers the error of a queue.
func (s *service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, autocall.ErrUnknownCall):
		refuse(w, http.StatusNotFound, "no such call, or it ended too long ago")
	case errors.Is(err, alert.ErrUncertain):
		s.log.WarnContext(r.Context(), "it is not known whether a call was queued", "error", err)
		refuse(w, http.StatusInternalServerError, "it is not known whether the call was queued: repeating it may ring twice; give calls a key")
	case alert.Retryable(err):
		s.log.WarnContext(r.Context(), "the queue is not available", "error", err)
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "the queue is not available, try again")
	default:
		refuse(w, http.StatusBadRequest, err.Error())
	}
}

// postCall queues a call.
func (s *service) postCall(w http.ResponseWriter, r *http.Request) {
	call, err := s.readCall(r)
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refuse(w, http.StatusRequestEntityTooLarge, "the body has more than "+strconv.FormatInt(tooLong.Limit, 10)+" bytes")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	id, joined, err := s.queue.Enqueue(r.Context(), call)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusCreated
	if joined {
		status = http.StatusOK
	}
	write(w, status, map[string]string{"id": id})
}

// listCalls answers with the newest calls, without their audit trails.
func (s *service) listCalls(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil && r.URL.Query().Has("limit") || limit < 0 {
		refuse(w, http.StatusBadRequest, "limit: not a number")
		return
	}
	all, err := s.queue.List(r.Context(), r.URL.Query().Get("open") == "1", limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	calls := make([]callView, len(all))
	for i := range all {
		calls[i] = viewCall(&all[i], false)
		calls[i].Audit = nil
	}
	write(w, http.StatusOK, map[string][]callView{"calls": calls})
}

// getCall answers with all about a call. Whole numbers are shown to who asks
// for them, which is logged.
func (s *service) getCall(w http.ResponseWriter, r *http.Request) {
	status, err := s.queue.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	full := r.URL.Query().Get("full") == "1"
	if full {
		s.log.InfoContext(r.Context(), "the whole numbers of a call were shown", "id", status.ID)
	}
	write(w, http.StatusOK, viewCall(&status, full))
}

// deleteCall cancels a call.
func (s *service) deleteCall(w http.ResponseWriter, r *http.Request) {
	was, err := s.queue.Cancel(r.Context(), r.PathValue("id"), "by the admin API from "+s.caller(r))
	switch {
	case err != nil:
		s.fail(w, r, err)
	case !was:
		refuse(w, http.StatusConflict, "the call had ended before")
	default:
		write(w, http.StatusOK, map[string]string{"state": string(autocall.Cancelled)})
	}
}

// listPhones answers with all phones.
func (s *service) listPhones(w http.ResponseWriter, r *http.Request) {
	phones, err := s.phoneViews(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, map[string][]phoneView{"phones": phones})
}
