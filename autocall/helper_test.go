package autocall_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// Numbers and tokens of the tests.
const (
	numberA = "18700000001"
	numberB = "18800000002"
	numberC = "18900000003"
	token1  = "token-of-the-first-phone"
	token2  = "token-of-the-second-phone"
	token3  = "token-of-the-third-phone"
)

// pathOf returns what is entered in the app, after the host.
func pathOf(token string) string { return "/phone/" + token + "/alert/phone" }

// tokens returns the phones of the tests.
func tokens() map[string]string {
	return map[string]string{"p1": token1, "p2": token2, "p3": token3}
}

// handsets returns phones by name and token.
func handsets(tokens map[string]string) (all []autocall.Handset) {
	for name, token := range tokens {
		all = append(all, autocall.Handset{Name: name, Token: token})
	}
	return all
}

// people returns persons with the numbers, named by letters.
func people(numbers ...string) []autocall.Person {
	var all []autocall.Person
	for i, n := range numbers {
		all = append(all, autocall.Person{Name: string(rune('a'+i)) + "-san", Number: n})
	}
	return all
}

// ringer returns a Ringer.
func ringer(t *testing.T, policy alert.RingPolicy) *alert.Ringer {
	t.Helper()
	r, err := alert.NewRinger(&policy)
	require.NoError(t, err)
	return r
}

// newQueue returns a queue in memory that rings people at any time, unless the
// options say otherwise.
func newQueue(t *testing.T, opts *autocall.QueueOptions) *autocall.Dispatcher {
	t.Helper()
	var o autocall.QueueOptions
	if opts != nil {
		o = *opts
	}
	if o.Ring == nil {
		o.Ring = ringer(t, alert.RingPolicy{Limits: []alert.Limit{}})
	}
	q, err := autocall.NewMemoryQueue(&o)
	require.NoError(t, err)
	return q
}

// newHandler returns a handler for the three phones of the tests.
func newHandler(t *testing.T, q autocall.Queue, opts *autocall.HandlerOptions) *autocall.Handler {
	t.Helper()
	h, err := autocall.NewHandler(q, handsets(tokens()), opts)
	require.NoError(t, err)
	return h
}

// enqueue adds a call.
func enqueue(t *testing.T, q autocall.Queue, c autocall.Call) (id string) {
	t.Helper()
	id, joined, err := q.Enqueue(t.Context(), c)
	require.NoError(t, err)
	require.False(t, joined)
	return id
}

// get returns the status of a call.
func get(t *testing.T, q autocall.Queue, id string) autocall.Status {
	t.Helper()
	s, err := q.Get(t.Context(), id)
	require.NoError(t, err)
	return s
}

// next polls.
func next(t *testing.T, q autocall.Queue, phone string) autocall.HandOut {
	t.Helper()
	out, err := q.Next(t.Context(), autocall.Phone{Name: phone})
	require.NoError(t, err)
	return out
}

// answer tells an outcome.
func answer(t *testing.T, q autocall.Queue, phone, mid, number string) autocall.Event {
	t.Helper()
	r, err := q.Answer(t.Context(), autocall.Outcome{Phone: autocall.Phone{Name: phone}, Mid: mid, Number: number})
	require.NoError(t, err)
	return r.Event
}

// events returns the events of an audit trail.
func events(s autocall.Status) string {
	var words []string
	for _, e := range s.Audit {
		words = append(words, string(e.Event))
	}
	return strings.Join(words, ", ")
}

// request makes one request of a handler without a socket.
func request(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// fixture returns a file of testdata.
func fixture(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(text)
}

// pass lets time pass within a bubble, and what happens then happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// start runs a function beside the test. The result ends it and waits.
func start(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := run(ctx); err != nil {
			t.Errorf("running: %v", err)
		}
	})
	return func() { cancel(); done.Wait() }
}

// notes are what callbacks write down.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, s)
}

func (n *notes) read() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}
