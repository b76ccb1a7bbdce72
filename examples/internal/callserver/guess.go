package callserver

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/internal/quiet"
)

const (
	freeGuesses  = 20          // wrong tokens of an address at once, then one in each interval
	guessEvery   = time.Second // that an address waits for the answer to a further one
	guessBacklog = 8           // that wait; beyond them no token of the address is looked at
	maxGuessers  = 1000        // addresses known apart
)

// guesses slows down who tries tokens, and says so in the log. The right token does not
// wait, unless its own address has tried too many at the same time.
type guesses struct {
	log  *slog.Logger
	find func(*http.Request) (netip.Addr, error)

	mu   sync.Mutex
	paid map[netip.Prefix]time.Time // when nothing of an address counts any more
}

func newGuesses(log *slog.Logger, find func(*http.Request) (netip.Addr, error)) *guesses {
	return &guesses{log: quiet.New(log), find: find, paid: make(map[netip.Prefix]time.Time)}
}

// check compares a token with that of the admin, and returns the status of the answer:
// 200, 401 for a wrong one, after a while, or 429 if it was not looked at. No token is no
// guess.
func (g *guesses) check(r *http.Request, token, want string) int {
	if token == "" {
		return http.StatusUnauthorized
	}
	from := g.address(r)
	if g.backlog(from) > (freeGuesses+guessBacklog)*guessEvery {
		return http.StatusTooManyRequests
	}
	if equal(token, want) {
		return http.StatusOK
	}
	g.log.Warn("admin token refused: it is wrong", "caller", from.Addr().String())
	select {
	case <-time.After(g.charge(from)):
	case <-r.Context().Done():
	}
	return http.StatusUnauthorized
}

// address is that of the caller, of IPv6 the network.
func (g *guesses) address(r *http.Request) netip.Prefix {
	addr, _ := g.find(r)
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	network, _ := addr.Prefix(bits) // of no address there is none
	return network
}

// backlog returns how much of an address counts still.
func (g *guesses) backlog(from netip.Prefix) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.paid[g.known(from)])
}

// charge counts a wrong token and returns how long its answer has to wait.
func (g *guesses) charge(from netip.Prefix) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	from, now := g.known(from), time.Now()
	until := g.paid[from]
	if until.Before(now) {
		until = now
	}
	g.paid[from] = until.Add(guessEvery)
	return g.paid[from].Sub(now) - freeGuesses*guessEvery
}

// known forgets addresses if there are too many. Those for which there is no room count
// as one.
func (g *guesses) known(from netip.Prefix) netip.Prefix {
	if _, known := g.paid[from]; known || len(g.paid) < maxGuessers {
		return from
	}
	for addr, until := range g.paid {
		if !time.Now().Before(until) {
			delete(g.paid, addr)
		}
	}
	if len(g.paid) >= maxGuessers {
		return netip.Prefix{}
	}
	return from
}
