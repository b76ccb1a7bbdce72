package snmptrap

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A Sender sends alerts as SNMPv2c traps or informs to one or several targets.
// It is an [alert.Sender] and safe for concurrent use. A Sender of traps starts
// no goroutine that outlives a Send; with informs one for each target reads the
// answers until Close.
type Sender struct {
	encoder   *Encoder
	targets   []*target
	informers []*informer // one a target
	informs   bool        // Send sends informs
	inform    Inform
	start     time.Time
	id        atomic.Uint32
	buffers   sync.Pool // of *[]byte
}

var _ alert.Sender = (*Sender)(nil)

// New returns a Sender to the given targets: each an IP address or a host
// name with an optional port, 162 by default, such as "192.0.2.7",
// "nms.example.com:9162", "2001:db8::7" or "[2001:db8::7]:9162". The
// community and the base OID are those of [NewEncoder].
//
// New does not touch the network. Names are looked up at the first Send, and
// again after an error, but not more often than every ten seconds.
func New(targets []string, community, baseOID string, opts *Options) (*Sender, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	encoder, err := NewEncoder(community, baseOID, &o)
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
	for _, addr := range targets {
		t, err := newTarget(addr, &o)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(s.targets, func(other *target) bool { return other.addr == t.addr }) {
			return nil, fmt.Errorf("snmptrap: target %s is given twice", t.addr)
		}
		s.targets = append(s.targets, t)
		s.informers = append(s.informers, newInformer(t, encoder.community))
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
// as long as the slowest target, at most the time of all attempts for each 32
// alerts; bound it with ctx.
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
	var errs []error
	switch { // a copy, where goroutines would move the alerts to the heap
	case s.informs:
		errs = s.sendInforms(ctx, slices.Clone(alerts))
	case s.ready():
		errs = s.deliver(ctx, s.targets, alerts)
	default:
		errs = s.openAndDeliver(ctx, slices.Clone(alerts))
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return alert.Partial(errs)
}

// ready reports whether no target needs opening.
func (s *Sender) ready() bool {
	for _, t := range s.targets {
		if !t.ready.Load() {
			return false
		}
	}
	return true
}

// openAndDeliver gives each target that needs opening a goroutine of its own.
func (s *Sender) openAndDeliver(ctx context.Context, alerts []alert.Alert) []error {
	var wg sync.WaitGroup
	var ready []*target
	outcomes := make([][]error, len(s.targets)+1)
	for i, t := range s.targets {
		if t.ready.Load() {
			ready = append(ready, t)
			continue
		}
		wg.Go(func() {
			if err := t.open(ctx); err != nil {
				outcomes[i] = slices.Repeat([]error{err}, len(alerts))
				return
			}
			outcomes[i] = s.deliver(ctx, s.targets[i:i+1], alerts)
		})
	}
	if ready != nil {
		outcomes[len(s.targets)] = s.deliver(ctx, ready, alerts)
	}
	wg.Wait()
	return join(outcomes, len(alerts))
}

// join returns one error an alert from the outcomes of several deliveries, or
// nil if there was none.
func join(outcomes [][]error, alerts int) (errs []error) {
	for _, outcome := range outcomes {
		for i, err := range outcome {
			if err != nil {
				errs = fail(errs, alerts, i, err)
			}
		}
	}
	return errs
}

// fail adds an error of alert i to errs, which is nil before the first.
func fail(errs []error, alerts, i int, err error) []error {
	if errs == nil {
		errs = make([]error, alerts)
	}
	if errs[i] != nil {
		err = errors.Join(errs[i], err)
	}
	errs[i] = err
	return errs
}

// deliver encodes each alert once and writes it to each of the targets, which
// are open. It returns one error an alert, or nil if there was none.
func (s *Sender) deliver(ctx context.Context, targets []*target, alerts []alert.Alert) (errs []error) {
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new(make([]byte, 0, s.encoder.maxSize))
	}
	defer s.buffers.Put(buf)
	for i := 0; i < len(alerts); i++ {
		if err := ctx.Err(); err != nil {
			for ; i < len(alerts); i++ {
				errs = fail(errs, len(alerts), i, &Error{Op: "send", Err: err})
			}
			return errs
		}
		trap, err := s.encoder.append((*buf)[:0], tagTrap, &alerts[i], s.requestID(), ticks(time.Since(s.start)))
		if err != nil {
			errs = fail(errs, len(alerts), i, err)
			continue
		}
		*buf = trap
		for _, t := range targets {
			if err := t.write(ctx, trap); err != nil {
				errs = fail(errs, len(alerts), i, err)
			}
		}
	}
	return errs
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
// goroutines that read answers; informs in flight end with [ErrClosed]. So does
// every Send after it. It may be called more than once.
func (s *Sender) Close() error {
	var errs []error
	for _, t := range s.targets {
		if err := t.close(); err != nil {
			errs = append(errs, netError("close", t.addr, err))
		}
	}
	for _, n := range s.informers {
		if err := n.close(); err != nil {
			errs = append(errs, netError("close", n.addr, err))
		}
	}
	return errors.Join(errs...)
}
