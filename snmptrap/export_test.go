package snmptrap

import (
	"context"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// SetRequestID sets the number that the next request-id follows.
func (s *Sender) SetRequestID(n uint32) { s.id.Store(n) }

// ForgetLookups makes every look-up of a name look old.
func (s *Sender) ForgetLookups() {
	for i, t := range s.targets {
		t.mu.Lock()
		t.dialled = time.Time{}
		t.mu.Unlock()
		n := s.informers[i]
		n.mu.Lock()
		n.dialled = time.Time{}
		n.mu.Unlock()
	}
}

// BreakSockets closes the sockets behind the Sender's back.
func (s *Sender) BreakSockets() {
	for i, t := range s.targets {
		t.mu.Lock()
		if t.sock != nil {
			_ = t.sock.close()
		}
		t.mu.Unlock()
		n := s.informers[i]
		n.mu.Lock()
		if n.conn != nil {
			_ = n.conn.Close()
		}
		n.mu.Unlock()
	}
}

// WriteRaw writes octets to the first target as if they were a trap.
func (s *Sender) WriteRaw(ctx context.Context, octets []byte) error {
	return s.targets[0].write(ctx, octets)
}

// WriteSlowly writes octets to the first target as if there had been no room
// for them at first, and waits until the deadline.
func (s *Sender) WriteSlowly(ctx context.Context, octets []byte, deadline time.Time) error {
	t := s.targets[0]
	return t.writeError(ctx, t.writeSlowly(ctx, octets, deadline), len(octets))
}

// Hold keeps who is slow from the first target until release is called.
func (s *Sender) Hold(ctx context.Context) (release func(), err error) {
	return s.targets[0].release, s.targets[0].acquire(ctx)
}

// ReadResponse exposes the reader of answers.
func ReadResponse(octets []byte) (community []byte, id int32, status ErrorStatus, ok bool) {
	community, r, ok := readResponse(octets)
	return community, r.id, r.status, ok
}

// AppendAny is AppendTrap without the short way for usual alerts.
func (e *Encoder) AppendAny(dst []byte, a alert.Alert, requestID int32, upTime uint32) ([]byte, error) {
	return e.appendAny(dst, tagTrap, &a, requestID, upTime)
}

// IsQuick reports whether AppendTrap takes the short way.
func (e *Encoder) IsQuick(a alert.Alert, requestID int32) bool {
	_, ok := e.appendQuick(nil, tagTrap, &a, requestID, 0)
	return ok
}
