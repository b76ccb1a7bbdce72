package httpcall

import (
	"errors"
	"io"
)

// A gate lets the bodies of one attempt be read until it is closed. net/http
// may go on reading a body after an attempt was given up, while its owner
// closes or changes what is read.
//
// The channel holds whether the gate is shut; whoever took the value out is
// inside. (A mutex would do, but not in a bubble of testing/synctest, where a
// Read may take its time.)
type gate chan bool

func newGate() gate {
	g := make(gate, 1)
	g <- false
	return g
}

// errShut is what a reader says whose attempt is over.
var errShut = errors.New("the attempt is over")

// close ends all reading, after waiting for a Read that is under way. A nil
// gate has nothing behind it.
func (g gate) close() {
	if g == nil {
		return
	}
	<-g
	g <- true
}

// gatedBody returns a reader behind the gate of the attempt.
func (k *call) gatedBody() (io.ReadCloser, error) {
	body, err := k.request.GetBody()
	if err != nil {
		return nil, err
	}
	return &gatedBody{gate: k.gate, body: body}, nil
}

// errNoRewind ends an attempt that net/http would make once more by itself.
var errNoRewind = errors.New("the stream was reset after the request had left")

// sameBody returns the body of the attempt once more, for net/http, which asks
// for it when the connection died before anything was written. It asks at
// other times too; see mayRewind.
func (k *call) sameBody() (io.ReadCloser, error) {
	if !k.last.trail.mayRewind() {
		return nil, errNoRewind
	}
	if k.request.GetBody == nil {
		return k.body()
	}
	return k.gatedBody()
}

// A gatedBody is a body that cannot be read once its gate is closed.
type gatedBody struct {
	gate gate
	body io.ReadCloser
}

// Read reads unless the gate is closed.
func (b *gatedBody) Read(p []byte) (int, error) {
	shut := <-b.gate
	defer func() { b.gate <- shut }()
	if shut {
		return 0, errShut
	}
	return b.body.Read(p)
}

// Close closes the body. It waits for a Read that is under way.
func (b *gatedBody) Close() error {
	shut := <-b.gate
	defer func() { b.gate <- shut }()
	return b.body.Close()
}
