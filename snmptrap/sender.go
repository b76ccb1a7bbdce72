package snmptrap

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A Sender sends alerts as SNMP traps or informs to one or several targets.
// It is an [alert.Sender] and safe for concurrent use. One goroutine for each
// target reads what comes back, from the first Send to Close; look-ups of names
// have their own, for which Close waits too.
type Sender struct {
	encoder *Encoder
	targets []*target
	informs bool // Send sends informs
	inform  Inform
	start   time.Time
	id      atomic.Uint32
}

var _ alert.Sender = (*Sender)(nil)

// New returns a Sender to the given targets: each an IP address or a host
// name with an optional port, 162 by default, such as "192.0.2.7",
// "nms.example.com:9162", "2001:db8::7" or "[2001:db8::7]:9162". The
// community and the base OID are those of [NewEncoder].
//
// With [Options].User, for SNMPv3, the community is empty.
//
// New does not touch the network. Names are looked up when they are used, if the
// last look-up is more than 30 seconds old. All addresses of a name belong to the
// same receiver: if one refuses, or does not answer an inform, the next is used
// from then on.
func New(targets []string, community, baseOID string, opts *Options) (*Sender, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	encoder, err := newEncoder(community, baseOID, &o)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, errors.New("snmptrap: no target")
	}
	s := &Sender{encoder: encoder, start: time.Now(), informs: o.Inform != nil}
	if s.inform, err = o.Inform.withDefaults(); err != nil {
		return nil, err
	}
	s.id.Store(rand.Uint32())
	models, err := newModels(len(targets), encoder, &o)
	if err != nil {
		return nil, err
	}
	for i, addr := range targets {
		t, err := newTarget(addr, &o, s.inform, models[i])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(s.targets, func(other *target) bool { return other.addr == t.addr }) {
			return nil, fmt.Errorf("snmptrap: target %s is given twice", t.addr)
		}
		s.targets = append(s.targets, t)
	}
	return s, nil
}

// Send sends one trap an alert to each target, or one inform if
// [Options].Inform is set. Every target is tried: one that fails, keeps silent
// or hangs in a name server keeps none of the others waiting.
//
// A trap is never answered. Nil means that this machine's network took every
// trap for every target, and no more: the way, the receiver's filter and a
// wrong community lose traps without a sign. A receiver that is down is one,
// though its host may then say that nobody listens; see [Options].Logger. For
// informs nil means that every target acknowledged every alert. Send then takes
// as long as the slowest target, which may want them one after the other; bound it
// with ctx.
//
// An alert fails if one of its traps or informs did; the error joins an [*Error]
// for each such target, and for several alerts is an [*alert.PartialError]. A
// trap that failed was not sent, and an inform that failed may have been: see
// the package's section on informs. Sending the alert again also repeats it to
// the targets that took it, where the fingerprint tells that it is the same;
// to avoid even that, give each target a Sender of its own.
//
// When ctx ends Send returns an error that matches ctx.Err(): at once while it
// waits for an answer, and otherwise at the latest after a second. Under
// [alert.Once] an inform is sent once. It changes nothing for a trap, which is
// written again only when the machine did not send it.
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	tag := byte(tagTrap)
	if s.informs {
		tag = tagInform
	}
	return join(s.deliver(ctx, s.messages(alerts, tag), s.informs), len(alerts))
}

// SendTrap sends a notification of your own to each target as a trap, as
// [Sender.Send] does. It fails, without sending anything, if an OID or a value is zero,
// and with [ErrTooLarge] if the message has more than 65,507 octets.
func (s *Sender) SendTrap(ctx context.Context, t Trap) error {
	return join(s.deliver(ctx, []message{s.own(t, tagTrap)}, false), 1)
}

// messages encodes alerts, each once for all targets.
func (s *Sender) messages(alerts []alert.Alert, tag byte) []message {
	messages := make([]message, len(alerts))
	for i := range alerts {
		m, a := &messages[i], &alerts[i]
		m.id = s.requestID()
		m.octets, m.err = s.encoder.append(nil, tag, a, m.id, ticks(time.Since(s.start)))
		if tag != tagInform {
			continue
		}
		fields := appendFields(nil, a.Source, a.ID, a.Key, a.Level, a.Name, a.Summary, a.Instance,
			fmt.Sprint(a.Status, a.Severity, a.Test, a.Time().UnixNano()))
		sum := sha256.Sum256(fields)
		m.content = string(sum[:])
		m.problem = m.content
		if a.Key != "" {
			m.problem = string(appendFields(nil, a.Source, a.Key))
		}
	}
	return messages
}

// own encodes a notification of the caller's own.
func (s *Sender) own(t Trap, tag byte) (m message) {
	m.id = s.requestID()
	m.octets, m.err = s.encoder.appendTrap(nil, tag, t, m.id, ticks(time.Since(s.start)))
	content, _ := s.encoder.appendTrap(nil, tag, t, 1, 0)
	m.content = string(content)
	m.problem = m.content
	return m
}

// join returns the error of a Send of so many alerts.
func join(outcomes [][]outcome, alerts int) error {
	errs := make([]error, alerts)
	for i := range errs {
		var all []error
		for _, of := range outcomes {
			if of[i].err != nil {
				all = append(all, of[i].err)
			}
		}
		if errs[i] = errors.Join(all...); len(all) == 1 {
			errs[i] = all[0]
		}
	}
	if alerts == 1 {
		return errs[0]
	}
	return alert.Partial(errs)
}

// requestID returns the next request-id: 31 bits, never 0.
func (s *Sender) requestID() int32 {
	for {
		if id := int32(s.id.Add(1) &^ (1 << 31)); id != 0 {
			return id
		}
	}
}

// ticks returns d in hundredths of a second, modulo 2^32, as TimeTicks wraps
// (RFC 2578 section 7.1.8).
func ticks(d time.Duration) uint32 { return uint32(d / (10 * time.Millisecond)) }

// Close closes the sockets, after the writes under way, and waits for the
// goroutines; informs in flight end with [ErrClosed]. So does every Send after
// it. If traps just went to a name with several addresses it waits, a fifth of a second
// as a rule, for the refusal by which they would go to the next. It may be
// called more than once.
func (s *Sender) Close() error {
	errs := make([]error, len(s.targets))
	var wg sync.WaitGroup
	for i, t := range s.targets {
		wg.Go(func() {
			if err := t.close(); err != nil {
				errs[i] = t.fail("close", err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
