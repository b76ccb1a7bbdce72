package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

// start starts a sandbox for a test.
func start(t *testing.T, opts *sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// An answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	text   string
}

// request makes one request, with headers as pairs.
func request(t *testing.T, method, url string, body []byte, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// send posts JSON as a program does, and returns the status.
func send(t *testing.T, url string, body any) int {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return request(t, http.MethodPost, url, text, "Content-Type", "application/json").status
}

// A thing is what the page is told of an item.
type thing struct {
	ID                      int64
	Dest, Kind, Title, Tone string
	Meta                    []string
	Call                    *struct{ Who, Number, Text, State, Key, Result string }
	Rows                    []struct{ N, T, V string }
	Body                    json.RawMessage
}

// An onlooker follows what the page is told.
type onlooker struct {
	mu      sync.Mutex
	things  map[int64]thing
	tallies map[string]struct{ OK, Refused, Waiting int }
	resets  int
	changed chan struct{}
}

// follow looks on until the test ends.
func follow(t *testing.T, s *sandbox.Sandbox) *onlooker {
	t.Helper()
	o := &onlooker{things: map[int64]thing{}, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Targets().Page+"events", http.NoBody)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req) //nolint:bodyclose // in the goroutine below
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 32<<20)
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				o.take(text)
			}
		}
	}()
	return o
}

func (o *onlooker) take(text string) {
	var b struct {
		Reset   bool
		Items   []thing
		Tallies map[string]struct{ OK, Refused, Waiting int }
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if json.Unmarshal([]byte(text), &b) != nil {
		return // what waits for it will say so
	}
	if b.Reset {
		clear(o.things)
		o.resets++
	}
	for _, i := range b.Items {
		o.things[i.ID] = i
	}
	o.tallies = b.Tallies
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// see waits until something is as wanted, and returns it.
func (o *onlooker) see(t *testing.T, what string, wanted func(thing) bool) thing {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		o.mu.Lock()
		for _, v := range o.things {
			if wanted(v) {
				o.mu.Unlock()
				return v
			}
		}
		o.mu.Unlock()
		select {
		case <-o.changed:
		case <-deadline:
			require.FailNow(t, "never seen: "+what, "%+v", o.all())
		}
	}
}

// call waits for a call of a destination in a state.
func (o *onlooker) call(t *testing.T, dest, state string) thing {
	t.Helper()
	return o.see(t, dest+" "+state, func(v thing) bool { return v.Dest == dest && v.Call != nil && v.Call.State == state })
}

// all returns what is there, in order.
func (o *onlooker) all() []thing {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []thing
	for _, v := range o.things {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b thing) int { return int(a.ID - b.ID) })
	return all
}
