//go:build unix

package sqlqueue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/queuetest"
)

// A ledger is what has really happened, as the phones and the caller saw it, in
// one order for all. It notes what must not happen.
type ledger struct {
	mu         sync.Mutex
	rng        *rand.Rand
	now        int
	happened   int // calls accepted, hand-outs, outcomes taken
	calls      []*made
	byNumber   map[string]*made
	byMid      map[string]*handed
	failures   map[string]int
	violations []string
}

// A made call is one that was asked for. Its numbers are its own.
type made struct {
	call     autocall.Call
	id       string // once accepted
	has      string // phone that rings
	tried    bool   // somebody picked up and a phone began to tell it
	answered int    // when a phone learned that this was taken; 0: not yet
	mids     map[string]int
}

// A handed is a hand-out.
type handed struct {
	phone string
	of    *made
}

func newLedger(seed uint64) *ledger {
	return &ledger{
		rng: rand.New(rand.NewPCG(seed, 1)), byNumber: make(map[string]*made), byMid: make(map[string]*handed), //nolint:gosec // a test that can be repeated
		failures: make(map[string]int),
	}
}

// tick returns the time.
func (l *ledger) tick() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now++
	return l.now
}

// events returns how much has happened.
func (l *ledger) events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.happened
}

func (l *ledger) failed(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures[what]++
}

func (l *ledger) violation(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violates(format, args...)
}

func (l *ledger) violates(format string, args ...any) {
	l.violations = append(l.violations, fmt.Sprintf(format, args...))
}

// plan makes up a call with a key.
func (l *ledger) plan(key string) *made {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &made{call: autocall.Call{Key: key, Rounds: 1 + l.rng.IntN(2)}, mids: make(map[string]int)}
	for range 1 + l.rng.IntN(3) {
		number := fmt.Sprintf("139%08d", len(l.byNumber))
		m.call.People = append(m.call.People, autocall.Person{Number: number})
		l.byNumber[number] = m
	}
	l.calls = append(l.calls, m)
	return m
}

// accept notes that a call was accepted.
func (l *ledger) accept(m *made, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.id = id
	l.happened++
}

// ring notes a hand-out of one number, for which the phone had asked at a time,
// and decides whether somebody picks up.
func (l *ledger) ring(phone string, asked int, mid string, numbers []string) (picked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.byNumber[numbers[0]]
	switch {
	case len(numbers) != 1 || m == nil:
		l.violates("%s was given %v", phone, numbers)
		return false
	case l.byMid[mid] != nil:
		l.violates("%s was given mid %s as new, which %s had", phone, mid, l.byMid[mid].phone)
	case m.answered > 0 && m.answered < asked:
		l.violates("%s was given %s after the call was answered", phone, numbers[0])
	case m.has != "":
		l.violates("%s was given %s while %s rings", phone, numbers[0], m.has)
	}
	m.has = phone
	l.happened++
	m.mids[numbers[0]]++
	if m.mids[numbers[0]] > m.call.Rounds {
		l.violates("%s rang %d times in %d rounds", numbers[0], m.mids[numbers[0]], m.call.Rounds)
	}
	l.byMid[mid] = &handed{phone, m}
	return l.rng.IntN(3) == 0
}

// posting notes that a phone begins to tell an outcome. From then on the next
// phone may have the call.
func (l *ledger) posting(mid, number string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.byMid[mid].of
	m.has = ""
	m.tried = m.tried || number != ""
}

// posted notes that the phone was told that its outcome was taken.
func (l *ledger) posted(mid, number string, code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now++
	l.happened++
	if code != 0 {
		l.violates("an outcome of mid %s got code %d", mid, code)
	}
	if m := l.byMid[mid].of; number != "" && m.answered == 0 {
		m.answered = l.now
	}
}

// compare notes what a call's end has to do with what happened.
func (l *ledger) compare(m *made, s autocall.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := queuetest.CheckTrail(s); err != nil {
		l.violates("%v", err)
	}
	rang, said := 0, 0
	for _, p := range m.call.People {
		n := m.mids[p.Number]
		rang += n
		if s.State == autocall.Exhausted && n != m.call.Rounds {
			l.violates("call %s is exhausted, and %s rang %d times in %d rounds", s.ID, p.Number, n, m.call.Rounds)
		}
	}
	for _, e := range s.Audit {
		switch e.Event {
		case autocall.EventHandedOut:
			said++
		case autocall.EventLost, autocall.EventSkipped, autocall.EventSuspicious:
			l.violates("call %s: %s", s.ID, e.Event)
		}
	}
	switch {
	case s.State.Open():
		l.violates("call %s is %s in the end", s.ID, s.State)
	case rang != said:
		l.violates("call %s rang %d times and was handed out %d times", s.ID, rang, said)
	case (m.answered > 0 || s.State == autocall.Answered) && (s.State != autocall.Answered || !m.tried):
		l.violates("call %s is %s, told: %v, taken: %v", s.ID, s.State, m.tried, m.answered > 0)
	}
}

// report returns the figures and the first violations.
func (l *ledger) report() (figures string, violations []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	acceptedCalls, answered := 0, 0
	for _, m := range l.calls {
		if m.id != "" {
			acceptedCalls++
		}
		if m.answered > 0 {
			answered++
		}
	}
	return fmt.Sprintf("%d calls asked for, %d accepted, %d answered, %d hand-outs, broken requests: %v",
		len(l.calls), acceptedCalls, answered, len(l.byMid), l.failures), slices.Clone(l.violations[:min(20, len(l.violations))])
}
