package standin

import (
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// maxBody bounds what the server reads of a request, in bytes. It is above
// all that the vendors take.
const maxBody = 32 << 20

// A reply is what the client gets to see of an exchange.
type reply struct {
	fault  fault // faultReset, faultCut or faultNone
	read   bool  // the request was read whole
	status int
	header http.Header
	body   string
}

// exchange works off one request, in whatever way it came. It fails as f
// says, unless f is nil.
func (s *Server) exchange(r *http.Request, f *Failure) reply {
	if f != nil && (f.fault == faultReset || f.fault == faultUnreachable) {
		return reply{fault: faultReset}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return reply{fault: faultReset}
	}
	if f == nil {
		return s.reply(faultNone, s.answer(r, body))
	}
	switch f.fault {
	case faultHang:
		s.hang(r.Context(), f)
		return reply{fault: faultReset, read: true}
	case faultHangAfter:
		s.answer(r, body)
		s.hang(r.Context(), f)
		return reply{fault: faultReset, read: true}
	case faultInstead:
		s.answer(r, body)
		return s.reply(faultNone, f.answer)
	case faultResetAfter:
		s.answer(r, body)
		return reply{fault: faultReset, read: true}
	case faultCut:
		return s.reply(faultCut, s.answer(r, body))
	default:
		return s.reply(faultNone, f.answer)
	}
}

// reply completes an answer.
func (s *Server) reply(f fault, a Answer) reply {
	header := http.Header{"Date": {s.date()}, "Content-Type": {contentType(a.Body)}}
	maps.Copy(header, a.Header)
	return reply{fault: f, read: true, status: cmp.Or(a.Status, http.StatusOK), header: header, body: a.Body}
}

// contentType returns the type of an answer: JSON unless it is a page.
func contentType(body string) string {
	if strings.HasPrefix(body, "{") {
		return "application/json; charset=UTF-8"
	}
	return "text/html"
}

// hang waits for the end of the request or of the test.
func (s *Server) hang(ctx context.Context, f *Failure) {
	f.begun()
	select {
	case <-ctx.Done():
	case <-s.released:
	}
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := s.exchange(r, s.next())
	if answer.fault == faultReset {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	maps.Copy(w.Header(), answer.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	if answer.fault == faultCut {
		answer.body = answer.body[:len(answer.body)/2]
	}
	// The client may be gone; its own error says so.
	_, _ = io.WriteString(w, answer.body)
}
