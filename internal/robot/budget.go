package robot

import (
	"crypto/sha256"
	"net/http"
	"runtime"
	"sync"
	"weak"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// A budgetKey is what robots have in common that share a budget: the address
// with its credential, as a hash, and the transport, without which a stand-in in
// one test would count what another one got.
type budgetKey struct {
	address   [sha256.Size]byte
	transport http.RoundTripper
	rate      int
}

// budgets are those in use. The vendor counts by credential, whoever sends, and
// punishes all: that is a state of the process, so it is kept for the process.
//
//nolint:gochecknoglobals // see above
var budgets struct {
	sync.Mutex

	shared map[budgetKey]weak.Pointer[httpcall.Limiter]
}

// Budget returns the rate budget for the robot at an address, its credential
// included: one for all robots of this process that have the same address,
// client transport and rate, unless that is no limit. The last of them to be collected takes it along.
func Budget(address string, client *http.Client, rate int) *httpcall.Limiter {
	key := budgetKey{address: sha256.Sum256([]byte(address)), rate: rate}
	if client != nil {
		key.transport = client.Transport
	}
	if rate < 0 || !hashable(key.transport) {
		return httpcall.PerMinute(rate) // there is nothing to share, or it cannot be told from others
	}
	budgets.Lock()
	defer budgets.Unlock()
	if l := budgets.shared[key].Value(); l != nil {
		return l
	}
	if budgets.shared == nil {
		budgets.shared = make(map[budgetKey]weak.Pointer[httpcall.Limiter])
	}
	l := httpcall.PerMinute(rate)
	budgets.shared[key] = weak.Make(l)
	runtime.AddCleanup(l, forget, key)
	return l
}

// hashable reports whether t can be told from others by a map: a function that
// serves as a transport cannot.
func hashable(t http.RoundTripper) (yes bool) {
	defer func() { yes = recover() == nil }()
	_ = map[http.RoundTripper]bool{}[t]
	return true
}

// forget removes a budget that nobody uses, unless there is a new one by now.
func forget(key budgetKey) {
	budgets.Lock()
	defer budgets.Unlock()
	if budgets.shared[key].Value() == nil {
		delete(budgets.shared, key)
	}
}
