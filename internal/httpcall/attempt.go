package httpcall

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// An attempt is one exchange with the far end.
type attempt struct {
	status   int // 0: no answer
	header   http.Header
	answer   Response
	complete bool  // answer is there
	err      error // what went wrong below HTTP
	timedOut bool  // because of Options.Timeout, not of the caller's ctx
	elapsed  time.Duration
	trail    trail
}

// RoundTrip makes one attempt from end to end: its time limit covers the
// answer's body too, which is read here. A call stands in for the transport of
// an http.Client, which keeps the cookies and reports all else to check. Not
// having the method CloseIdleConnections, it also keeps retryablehttp from
// closing, after a failure, connections that belong to others.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	a := &k.first
	if k.attempts > 0 {
		a = &attempt{}
	}
	k.last = a
	k.attempts++
	ctx, cancel := k.caller.limitTime(req.Context(), k.request.MoreTime)
	defer cancel()
	out := req.WithContext(a.trail.follow(ctx))
	if len(out.Header) == 0 && k.request.Header == nil {
		out.Header = k.caller.shared // see header
	}
	began := time.Now()
	resp, err := k.caller.transport.RoundTrip(out)
	switch {
	case err != nil:
		resp = nil
	case resp == nil:
		err = errNoAnswer
	default:
		err = a.read(resp)
	}
	k.gate.close()
	a.elapsed = time.Since(began)
	a.err = err
	a.timedOut = err != nil && ctx.Err() != nil && req.Context().Err() == nil
	if resp == nil {
		return nil, err
	}
	if a.complete {
		a.answer.Elapsed = a.elapsed
		k.answer = &a.answer
	}
	resp.Body = http.NoBody
	return resp, nil
}

// errNoAnswer is the failure of a transport that breaks its contract.
var errNoAnswer = errors.New("the transport returned neither an answer nor an error")

// limitTime returns a context that ends when an attempt may last no longer.
func (c *Caller) limitTime(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	if c.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.timeout+more)
}

// A trail records how far an attempt got. The hooks may run on goroutines of
// the transport.
type trail struct {
	asked, connected atomic.Bool
	streams, headers atomic.Bool // the connection has streams; one was opened on it
	hooks            httptrace.ClientTrace
}

// follow returns a context in which the transport leaves its trail.
//
// The question is "may bytes have left?", and the moment that divides is
// GotConn, when the transport hands the request to a connection. From then on
// another goroutine writes, and may still be about to when the attempt is given
// up; the later hooks, WroteHeaders and WroteRequest, may fire after that and
// so prove nothing by their silence. A second GetConn within an attempt starts
// anew: with GetBody arranged as in Request.build, net/http goes back for
// another connection only after writing nothing to the first one.
func (t *trail) follow(ctx context.Context) context.Context {
	t.hooks.GetConn = func(string) { t.asked.Store(true); t.connected.Store(false); t.headers.Store(false) }
	t.hooks.GotConn = func(i httptrace.GotConnInfo) { t.connected.Store(true); t.streams.Store(hasStreams(i.Conn)) }
	t.hooks.WroteHeaders = func() { t.headers.Store(true) }
	return httptrace.WithClientTrace(ctx, &t.hooks)
}

// hasStreams reports whether HTTP/2 is spoken on a connection.
func hasStreams(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// mayRewind reports whether net/http may send the request once more within the
// attempt, when it asks for the body again.
//
// On HTTP/1 it asks only if it wrote nothing. On HTTP/2 it also does when the
// far end, which has had the whole request and may have acted on it, resets
// the stream with a protocol error, refuses it or goes away: thousands of times
// in a few seconds, as long as that goes on. There the moment that divides is
// the begin of the stream, which comes before the body.
func (t *trail) mayRewind() bool { return !t.streams.Load() || !t.headers.Load() }

// mayHaveLeft reports whether bytes of the request may have reached the far
// end in an attempt that ended with err. A transport that tells httptrace
// nothing is believed only when its error is one of finding or dialling the
// host.
func (t *trail) mayHaveLeft(err error, transport http.RoundTripper) bool {
	if t.asked.Load() {
		return t.connected.Load()
	}
	if _, std := transport.(*http.Transport); std {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	_, dns := errors.AsType[*net.DNSError](err)
	return !dns
}
