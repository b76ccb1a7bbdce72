package wecomtest

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
)

// maxBody bounds what the server reads of a request, in bytes.
const maxBody = 4 << 20

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
	answer := reply{read: true, status: http.StatusOK}
	switch {
	case r.URL.Path != sendPath:
		answer.status, answer.body = http.StatusNotFound, "404 page not found\n"
	case r.Method != http.MethodPost:
		answer.status, answer.body = http.StatusMethodNotAllowed, "405 method not allowed\n"
	case f == nil:
		answer.body = s.accept(r.URL.Query().Get("key"), body)
	default:
		s.fail(&answer, r, f, body)
	}
	return answer
}

// fail makes the answer of a request that was read whole and fails.
func (s *Server) fail(answer *reply, r *http.Request, f *Failure, body []byte) {
	switch f.fault {
	case faultHang:
		s.hang(r.Context(), f)
		answer.fault = faultReset
	case faultResetAfter:
		s.accept(r.URL.Query().Get("key"), body)
		answer.fault = faultReset
	case faultCut:
		answer.body = s.accept(r.URL.Query().Get("key"), body)
		answer.fault = faultCut
	default:
		answer.status, answer.header, answer.body = max(f.status, http.StatusOK), f.header, f.body
	}
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
	w.Header().Set("Content-Type", contentType(answer.body))
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	if answer.fault == faultCut {
		answer.body = answer.body[:len(answer.body)/2]
	}
	// The client may be gone; its own error says so.
	_, _ = io.WriteString(w, answer.body)
}

// contentType returns the type of an answer: JSON unless it is a page.
func contentType(body string) string {
	if strings.HasPrefix(body, "{") {
		return "application/json; charset=UTF-8"
	}
	return "text/html"
}

// transport carries requests to a Server without a socket. It leaves the
// trail that net/http leaves for httptrace, from which clients learn whether
// a request left.
type transport struct{ server *Server }

// RoundTrip makes one exchange on the goroutine of the caller.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close() //nolint:errcheck // a reader in memory
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(r.Context())
	if trace == nil {
		trace = &httptrace.ClientTrace{}
	}
	if trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	f := t.server.next()
	if f != nil && f.fault == faultUnreachable {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	answer := t.server.exchange(r, f)
	if answer.read && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer.fault == faultReset {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return answer.response(r), nil
}

// response returns the reply as net/http's transport would.
func (a reply) response(r *http.Request) *http.Response {
	var body io.Reader = strings.NewReader(a.body)
	if a.fault == faultCut {
		body = io.MultiReader(strings.NewReader(a.body[:len(a.body)/2]), brokenReader{})
	}
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", contentType(a.body))
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(body),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}
}

// brokenReader is the rest of an answer that broke off.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
