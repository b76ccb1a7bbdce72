package standin

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
)

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
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          io.NopCloser(body),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}
}

// brokenReader is the rest of an answer that broke off.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
