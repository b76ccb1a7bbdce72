package snmptrap

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"
)

// userRoom is what SNMPv3 puts around a notification, in octets, at most.
const userRoom = 220

// An engine is an SNMP engine whose clock rules messages: the sender's for traps,
// the receiver's for informs (RFC 3414 section 1.5.1).
type engine struct {
	security *gosnmp.UsmSecurityParameters // with its ID and the keys for it
	starts   uint32
	time     uint32 // its clock in seconds, at the moment since
	since    time.Time
}

// now returns the clock of the engine in seconds.
func (e *engine) now() uint32 { return e.time + uint32(time.Since(e.since)/time.Second) }

// A userModel is that of SNMPv3, for one target. gosnmp encodes, signs and
// encrypts; sockets, repetitions and the receiver's clock are ours, so that the
// faults of gosnmp there do not matter.
type userModel struct {
	security *gosnmp.UsmSecurityParameters // without an engine
	level    gosnmp.SnmpV3MsgFlags

	mu     sync.Mutex
	local  engine
	remote engine // without security until it is discovered
	first  uint32 // message IDs that were used
	last   uint32
	why    string // what the receiver said against messages
}

// newUserModel returns the model for a target. Traps need the engine ID.
func newUserModel(u *User, id string, starts, clock uint32) (*userModel, error) {
	security, level, err := u.security()
	if err != nil {
		return nil, err
	}
	s := &userModel{security: security, level: level, local: engine{starts: starts, time: clock, since: time.Now()}}
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails
	s.first = uint32(random[0])<<16 | uint32(random[1])<<8 | uint32(random[2])
	s.last = s.first
	if id != "" {
		s.local.security, err = s.at(id)
	}
	return s, err
}

// at returns the user's parameters with the keys for an engine.
func (s *userModel) at(id string) (*gosnmp.UsmSecurityParameters, error) {
	sp := s.security.Copy().(*gosnmp.UsmSecurityParameters) //nolint:errcheck // a copy of one
	sp.AuthoritativeEngineID = id
	return sp, sp.InitSecurityKeys()
}

// wrap makes an SNMPv3 message of an SNMPv2c message. For an inform to an engine
// that is not known yet it makes the question for it, after whose answer the
// inform is wrapped again.
func (s *userModel) wrap(octets []byte) ([]byte, error) {
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
	if err != nil {
		return nil, errors.New("gosnmp cannot read the notification") // its error may quote octets
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = (s.last + 1) & (1<<31 - 1)
	e := &s.local
	p.MsgFlags = s.level
	if p.PDUType == gosnmp.InformRequest {
		e = &s.remote
		p.MsgFlags |= gosnmp.Reportable
	}
	switch {
	case e.security == nil && e == &s.local:
		return nil, errors.New("SNMPv3 traps need the engine ID of the sender: set User.EngineFile")
	case e.security == nil:
		p = &gosnmp.SnmpPacket{PDUType: gosnmp.GetRequest, MsgFlags: gosnmp.Reportable, SecurityParameters: &gosnmp.UsmSecurityParameters{}}
	default:
		sp := e.security.Copy().(*gosnmp.UsmSecurityParameters) //nolint:errcheck // a copy of one
		sp.AuthoritativeEngineBoots, sp.AuthoritativeEngineTime = e.starts, e.now()
		sp.PrivacyParameters = make([]byte, 8)
		_, _ = rand.Read(sp.PrivacyParameters) // it never fails
		p.SecurityParameters, p.ContextEngineID = sp, sp.AuthoritativeEngineID
	}
	p.Version, p.SecurityModel, p.MsgID, p.MsgMaxSize = gosnmp.Version3, gosnmp.UserSecurityModel, s.last, maxDatagram
	out, err := p.MarshalMsg()
	if err != nil {
		return nil, errors.New("gosnmp cannot encode the message for SNMPv3")
	}
	return out, nil
}

// open reads an answer, which must be authentic if the user is. A Report says what
// is wrong: the receiver's engine or its clock, which is learnt, or the user.
func (s *userModel) open(octets []byte) (r response, ok bool) {
	defer func() {
		if recover() != nil { // gosnmp, over a hostile datagram
			ok = false
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	bare := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: s.security.UserName}}
	if p, err := bare.UnmarshalTrap([]byte(string(octets)), false); err == nil && p.PDUType == gosnmp.Report {
		return s.openReport(p, octets)
	}
	p := s.authentic(octets)
	if p == nil || p.PDUType != gosnmp.GetResponse || s.remote.security == nil {
		return r, false
	}
	s.why = ""
	return response{id: int32(p.RequestID), status: ErrorStatus(p.Error)}, true
}

// authentic returns a message of the receiver's engine at the user's level, or nil.
func (s *userModel) authentic(octets []byte) *gosnmp.SnmpPacket {
	if s.remote.security == nil {
		return nil
	}
	whole := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: s.level, SecurityParameters: s.remote.security}
	p, err := whole.UnmarshalTrap([]byte(string(octets)), false)
	if err != nil {
		return nil
	}
	sp, ok := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || sp.AuthoritativeEngineID != s.remote.security.AuthoritativeEngineID || p.MsgFlags&s.level != s.level {
		return nil
	}
	return p
}

// timeSlack is how far clocks may differ, in seconds: a fifth of what engines take.
const timeSlack = 30

// The counters of a Report, below usmStats (RFC 3414 section 5).
const usmStats = ".1.3.6.1.6.3.15.1.1."

// openReport learns from a Report to one of our messages. One that is not
// authentic may name the engine, and the keys for it show later whether it is the right one.
func (s *userModel) openReport(p *gosnmp.SnmpPacket, octets []byte) (r response, ok bool) {
	sp, isUSM := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !isUSM || len(p.Variables) == 0 || p.MsgID-s.first > s.last-s.first {
		return r, false
	}
	counter := strings.TrimSuffix(strings.TrimPrefix(p.Variables[0].Name, usmStats), ".0")
	switch {
	case counter == "4" && len(sp.AuthoritativeEngineID) >= 5 && len(sp.AuthoritativeEngineID) <= 32: // unknownEngineIDs
		if s.remote.security != nil && s.remote.security.AuthoritativeEngineID == sp.AuthoritativeEngineID {
			return r, false // learnt meanwhile
		}
		keys, err := s.at(sp.AuthoritativeEngineID)
		if err != nil {
			return r, false
		}
		s.remote = engine{security: keys, starts: sp.AuthoritativeEngineBoots, time: sp.AuthoritativeEngineTime, since: time.Now()}
		return response{renew: true}, true
	case counter == "2" && s.isSigned(octets): // notInTimeWindows
		if s.remote.starts == sp.AuthoritativeEngineBoots && s.remote.now()-sp.AuthoritativeEngineTime+timeSlack <= 2*timeSlack {
			return r, false // learnt meanwhile
		}
		s.remote.starts, s.remote.time, s.remote.since = sp.AuthoritativeEngineBoots, sp.AuthoritativeEngineTime, time.Now()
		return response{renew: true}, true
	}
	s.why = map[string]string{
		"1": "the receiver refuses this level of security for the user",
		"3": "the receiver does not know the user",
		"5": "the receiver has another password or protocol of authentication for the user",
		"6": "the receiver has another password or protocol of encryption for the user",
	}[counter]
	return r, false
}

// isSigned reports whether a Report, which is not encrypted, is authentic.
func (s *userModel) isSigned(octets []byte) bool {
	if s.remote.security == nil {
		return false
	}
	signed := &gosnmp.GoSNMP{
		Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel,
		MsgFlags: s.level & gosnmp.AuthNoPriv, SecurityParameters: s.remote.security,
	}
	_, err := signed.UnmarshalTrap([]byte(string(octets)), false)
	return err == nil
}

// hint says what the receiver said.
func (s *userModel) hint() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}
