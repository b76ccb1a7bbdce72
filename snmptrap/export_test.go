package snmptrap

import (
	"context"
	"time"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// SetRequestID sets the number that the next request-id follows.
func (s *Sender) SetRequestID(n uint32) { s.id.Store(n) }

// Age makes the Sender so much older.
func (s *Sender) Age(d time.Duration) { s.start = s.start.Add(-d) }

// ForgetLookups makes every look-up of a name look old.
func (s *Sender) ForgetLookups() {
	for _, t := range s.targets {
		t.mu.Lock()
		t.looked = time.Time{}
		t.mu.Unlock()
	}
}

// BreakSockets closes the sockets behind the Sender's back.
func (s *Sender) BreakSockets() {
	for _, t := range s.targets {
		t.mu.Lock()
		if t.conn != nil {
			_ = t.conn.Close()
		}
		t.mu.Unlock()
	}
}

// WriteRaw writes octets to the first target as if they were a trap.
func (s *Sender) WriteRaw(ctx context.Context, octets []byte) error {
	return s.targets[0].trap(ctx, octets)
}

// Hold keeps traps from the first target until release is called.
func (s *Sender) Hold() (release func()) {
	s.targets[0].turn <- struct{}{}
	return func() { <-s.targets[0].turn }
}

// ReadResponse exposes the reader of answers.
func ReadResponse(octets []byte) (community []byte, id int32, status ErrorStatus, ok bool) {
	community, r, ok := readResponse(octets)
	return community, r.id, r.status, ok
}

// A Notice is a Trap with what a Sender adds to it.
type Notice struct {
	RequestID int32
	UpTime    uint32
	OID       OID
	Varbinds  []Varbind
}

// Append encodes it, with any community.
func (n Notice) Append(dst []byte, community string) ([]byte, error) {
	e := Encoder{community: secret.New(community), version: versionV2c}
	return e.appendTrap(dst, tagTrap, Trap{OID: n.OID, Varbinds: n.Varbinds}, n.RequestID, n.UpTime)
}

// Len returns the number of sub-identifiers.
func (o OID) Len() int { return o.arcs() }
