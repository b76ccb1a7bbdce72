package snmptrap

import (
	"context"
	"time"
)

// SetRequestID sets the number that the next request-id follows.
func (s *Sender) SetRequestID(n uint32) { s.id.Store(n) }

// ForgetLookups makes every look-up of a name look old.
func (s *Sender) ForgetLookups() {
	for _, t := range s.targets {
		t.dialled = time.Time{}
	}
}

// BreakSockets closes the sockets behind the Sender's back.
func (s *Sender) BreakSockets() {
	for _, t := range s.targets {
		_ = t.conn.Close()
	}
}

// WriteRaw writes octets to the first target as if they were a trap.
func (s *Sender) WriteRaw(ctx context.Context, octets []byte) error {
	return s.targets[0].write(ctx, octets, time.Now())
}

// ExpireDeadline makes the next write of the first target time out at once.
func (s *Sender) ExpireDeadline() error {
	return s.targets[0].conn.SetWriteDeadline(time.Unix(1, 0))
}

// Hold keeps everybody else from the first target until release is called.
func (s *Sender) Hold(ctx context.Context) (release func(), err error) {
	return s.targets[0].release, s.targets[0].acquire(ctx)
}
