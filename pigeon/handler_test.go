package pigeon_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

const pathSecret = "path-secret-hush-0123456789"

// An inbox is what a handler passes on to.
type inbox struct {
	mu     sync.Mutex
	events []pigeon.Event
	errs   []error // of the next calls
}

func (b *inbox) accept(_ context.Context, e pigeon.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	if len(b.errs) > 0 {
		err := b.errs[0]
		b.errs = b.errs[1:]
		return err
	}
	return nil
}

// A scene is a handler with all that it needs.
type scene struct {
	*inbox
	client  *pigeon.Client
	server  *pigeontest.Server
	handler *pigeon.Handler
	log     *journal
}

func newScene(t *testing.T, opts *pigeon.HandlerOptions) *scene {
	t.Helper()
	s := &scene{inbox: &inbox{}, log: &journal{}}
	s.client, s.server = newClient(t, nil)
	var o pigeon.HandlerOptions
	if opts != nil {
		o = *opts
	}
	o.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	var err error
	s.handler, err = pigeon.NewHandler(s.client, pathSecret, s.accept, &o)
	require.NoError(t, err)
	return s
}

// post posts a body for an event and returns the status.
func (s *scene) post(event, body string) int {
	return s.request(http.MethodPost, "/pigeon/"+pathSecret+"/"+event, body)
}

func (s *scene) request(method, path, body string) int {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code
}

// TestHandlerLife takes the webhooks of three chains as they come.
func TestHandlerLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &pigeon.HandlerOptions{Keys: pigeon.Keys{"1": true}})
		s.server.Answer = by(pigeontest.Pressed("1"), pigeontest.Missed())
		const prefix = "/hooks/pigeon/" + pathSecret
		taken := invoke(t, s.client, prepared())
		failed := invoke(t, s.client, prepared())
		stopped := invoke(t, s.client, prepared())
		require.Equal(t, []int{200, 200, 200}, s.server.Notify(s.handler, prefix))
		require.NoError(t, s.client.Abort(t.Context(), stopped))
		<-time.After(time.Hour)
		require.Equal(t, []int{200, 200, 200}, s.server.Notify(s.handler, prefix))
		require.Empty(t, s.server.Notify(s.handler, prefix))
		require.Len(t, s.events, 6)
		for i, want := range []struct {
			kind    pigeon.Kind
			id      string
			verdict pigeon.Verdict
		}{
			{pigeon.Started, taken, pigeon.Pending}, {pigeon.Started, failed, pigeon.Pending}, {pigeon.Started, stopped, pigeon.Pending},
			{pigeon.Completed, taken, pigeon.Acknowledged}, {pigeon.Failure, failed, pigeon.Unanswered}, {pigeon.Cancelled, stopped, pigeon.Aborted},
		} {
			e := s.events[i]
			require.Equal(t, want.kind, e.Kind)
			require.Equal(t, want.id, e.Result.ID)
			require.Equal(t, want.verdict, e.Outcome.Verdict)
			require.Equal(t, "call flow", e.Claim.CallFlowName)
		}
		require.Equal(t, "on-call 1", s.events[3].Claim.ContactName)
		require.Equal(t, "completed: chain "+taken+": acknowledged with key 1", s.events[3].String())
		leaktest.Check(t, []string{pathSecret, s.server.Token}, s.log.String(), s.handler, s.events[3])
	})
}

// TestClaimFixtures reads every recorded webhook.
func TestClaimFixtures(t *testing.T) {
	t.Parallel()
	started := pigeon.Claim{
		ResultID: chainID, CallFlowID: "049d0000-0000-4000-8000-0000000000c1", CallFlowName: "night duty",
		GuidanceID: "570e0000-0000-4000-8000-0000000000d1", GuidanceName: "disk",
	}
	completed := started
	completed.ContactName, completed.Key = "on-call 1", "1"
	for name, want := range map[string]pigeon.Claim{
		"webhook_started.json": started, "webhook_failed_synthetic.json": started, "webhook_completed.json": completed,
	} {
		got, err := pigeon.ParseClaim(fixture(t, name))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

// TestClaims shows that a claim does nothing unless the vendor bears it out.
func TestClaims(t *testing.T) {
	t.Parallel()
	running, over := `{"isActive":true,"status":"calling","keyInput":"1"}`, `{"isActive":false,"status":"succeeded","keyInput":"1"}`
	tests := []struct {
		name, event, answer string
		want                bool
	}{
		{"completed", "completed", over, true},
		{"completed, but it goes on", "completed", running, false},
		{"completed, but nobody took it", "completed", `{"isActive":false,"status":"failed","keyInput":"1"}`, false},
		{"completed, but stopped", "completed", `{"isActive":false,"status":"aborted"}`, false},
		{"completed, and not said whether it goes on", "completed", `{"status":"succeeded","keyInput":"1"}`, false},
		{"failed, but taken", "failed", over, false},
		{"failed, but it goes on", "failed", running, false},
		{"failed", "failed", `{"isActive":false,"status":"failed"}`, true},
		{"failed, rejected", "failed", `{"isActive":false,"status":"rejected"}`, true},
		{"cancelled", "cancelled", `{"isActive":false,"status":"aborted"}`, true},
		{"cancelled, but taken", "cancelled", over, false},
		{"a future word", "completed", `{"isActive":false,"status":"some-future-word"}`, true},
		{"started", "started", running, true},
		{"started, and over already", "started", over, true},
		{"another chain", "started", `{"resultId":"other","isActive":true}`, false},
		{"page", "started", `<html>`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, nil)
				s.server.FailAlways(pigeontest.Reply(200, tt.answer))
				status := s.post(tt.event, `{"resultId":"`+chainID+`","keyInput":"9","status":"succeeded"}`)
				if !tt.want {
					require.Equal(t, 503, status)
					require.Empty(t, s.events)
					require.Equal(t, 2, s.server.Attempts(), "asked once more")
					require.Contains(t, s.log.String(), "level=ERROR")
					return
				}
				require.Equal(t, 200, status)
				require.Len(t, s.events, 1)
				require.Equal(t, "9", s.events[0].Claim.Key)
				require.NotEqual(t, "9", s.events[0].Outcome.Key, "the outcome is the vendor's")
				require.Equal(t, 1, s.server.Attempts())
			})
		})
	}
}

// TestClaimOvertakes has a webhook that is quicker than what the API knows.
func TestClaimOvertakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.server.Answer = by(pigeontest.Pressed("1"))
		s.server.Late = time.Second
		id := invoke(t, s.client, prepared())
		require.Equal(t, 200, s.post("started", `{"resultId":"`+id+`"}`))
		require.Len(t, s.events, 1)

		s.server.FailAlways(pigeontest.Hang(nil))
		began := time.Now()
		require.Equal(t, 503, s.post("completed", `{"resultId":"`+id+`"}`))
		require.Equal(t, 5*time.Second, time.Since(began), "answers in time")
	})
}

// A handler without the time to ask once more does not wait for nothing.
func TestHandlerShortOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &pigeon.HandlerOptions{Timeout: time.Second})
		s.server.FailAlways(pigeontest.HTML(502))
		began := time.Now()
		require.Equal(t, 503, s.post("started", `{"resultId":"`+chainID+`"}`))
		require.Zero(t, time.Since(began))
		require.Equal(t, 1, s.server.Attempts())
	})
}

// TestHandlerOnce shows that a pair of id and kind is accepted once, and a
// refusal is not remembered.
func TestHandlerOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	id := invoke(t, s.client, prepared())
	body := `{"resultId":"` + id + `"}`
	s.errs = []error{errors.New("database is away")}
	require.Equal(t, 503, s.post("started", body))
	require.Equal(t, 200, s.post("started", body))
	asked := s.server.Attempts()
	require.Equal(t, 200, s.post("started", body))
	require.Equal(t, asked, s.server.Attempts(), "the vendor was not asked again")
	require.Len(t, s.events, 2)
	s.server.Advance(time.Hour)
	require.Equal(t, 200, s.post("failed", body))
	require.Len(t, s.events, 3)
	require.Contains(t, s.log.String(), "repeated=true")
}

// TestHandlerTogether has copies of a webhook at the same time.
func TestHandlerTogether(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	id := invoke(t, s.client, prepared())
	s.errs = []error{errors.New("not now")}
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() { statuses[i] = s.post("started", `{"resultId":"`+id+`"}`) })
	}
	wg.Wait()
	require.Len(t, s.events, 2, "one that failed, and one that did not")
	bad := 0
	for _, status := range statuses {
		if status != 200 {
			bad++
		}
	}
	require.Equal(t, 1, bad)
}

// A copy waits for the outcome of the first, and no longer than its own time.
func TestHandlerCopyInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := newClient(t, nil)
		entered, release := make(chan struct{}), make(chan struct{})
		h, err := pigeon.NewHandler(client, pathSecret, func(context.Context, pigeon.Event) error {
			close(entered)
			<-release
			return nil
		}, nil)
		require.NoError(t, err)
		s := &scene{handler: h}
		body := `{"resultId":"` + invoke(t, client, prepared()) + `"}`
		first := make(chan int, 1)
		go func() { first <- s.post("started", body) }()
		<-entered
		began := time.Now()
		require.Equal(t, 503, s.post("started", body))
		require.Equal(t, 5*time.Second, time.Since(began))
		close(release)
		require.Equal(t, 200, <-first)
	})
}

// TestHandlerForgets bounds what is remembered.
func TestHandlerForgets(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.server.FailAlways(pigeontest.Reply(200, `{"isActive":true}`))
	post := func(i int) { require.Equal(t, 200, s.post("started", `{"resultId":"r`+strconv.Itoa(i)+`"}`)) }
	for i := range pigeon.MaxMemory + 1 {
		post(i)
	}
	post(1)
	require.Len(t, s.events, pigeon.MaxMemory+1, "the second is remembered")
	post(0)
	require.Len(t, s.events, pigeon.MaxMemory+2, "the first was forgotten")
}

// TestHandlerRefusals is about requests that nobody should make.
func TestHandlerRefusals(t *testing.T) {
	t.Parallel()
	const at = "/pigeon/" + pathSecret + "/"
	long := `{"resultId":"` + chainID + `","x":"` + strings.Repeat("x", pigeon.MaxBody) + `"}`
	tests := []struct {
		name, method, path, body string
		want                     int
	}{
		{"wrong secret", "POST", "/pigeon/" + pathSecret + "x/started", `{}`, 404},
		{"no secret", "POST", "/started", `{}`, 404},
		{"root", "POST", "/", `{}`, 404},
		{"secret last", "POST", "/pigeon/started/" + pathSecret, `{}`, 404},
		{"unknown event", "POST", at + "transferred", `{}`, 404},
		{"no event", "POST", "/pigeon/" + pathSecret, `{}`, 404},
		{"slash behind", "POST", at + "started/", `{}`, 400},
		{"doubled slashes", "POST", strings.ReplaceAll(at, "/", "//") + "started//", `{}`, 400},
		{"escapes", "POST", strings.ReplaceAll(at, "h", "%68") + "../" + pathSecret + "%2Fstarted", `{}`, 400},
		{"probe", "GET", at + "started", "", 200},
		{"probe by head", "HEAD", at + "completed", "", 200},
		{"probe with a wrong secret", "GET", "/pigeon/x/started", "", 404},
		{"empty body", "POST", at + "failed", " \n", 200},
		{"method", "PUT", at + "failed", `{}`, 405},
		{"no id", "POST", at + "failed", `{}`, 400},
		{"id that leads elsewhere", "POST", at + "failed", `{"resultId":"../calls"}`, 400},
		{"id of another type", "POST", at + "failed", `{"resultId":{"a":1}}`, 400},
		{"no object", "POST", at + "failed", `[]`, 400},
		{"null", "POST", at + "failed", `null`, 400},
		{"no JSON", "POST", at + "failed", "resultId=1\x00\xff", 400},
		{"deep", "POST", at + "failed", strings.Repeat("[", 60000), 400},
		{"long", "POST", at + "failed", long, 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			require.Equal(t, tt.want, s.request(tt.method, tt.path, tt.body))
			require.Empty(t, s.events)
			require.Zero(t, s.server.Attempts(), "the vendor was not asked")
			leaktest.Check(t, []string{pathSecret}, s.log.String())
			require.NotContains(t, s.log.String(), "xxxxxx")
		})
	}
}

// A panic of the function costs neither the answer nor the repetition.
func TestHandlerPanic(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	log, calls := &journal{}, 0
	h, err := pigeon.NewHandler(client, pathSecret, func(context.Context, pigeon.Event) error {
		if calls++; calls == 1 {
			panic(pathSecret)
		}
		return nil
	}, &pigeon.HandlerOptions{Logger: slog.New(slog.NewTextHandler(log, nil)), Timeout: -1})
	require.NoError(t, err)
	s := &scene{handler: h}
	id := invoke(t, client, prepared())
	require.Equal(t, 503, s.post("started", `{"resultId":"`+id+`"}`))
	require.Equal(t, 200, s.post("started", `{"resultId":"`+id+`"}`))
	require.Contains(t, log.String(), "panicked")
	leaktest.Check(t, []string{pathSecret, server.Token}, log.String())
}

// The vendor may hang up: what was begun is finished.
func TestHandlerFinishes(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	id := invoke(t, s.client, prepared())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+pathSecret+"/started", strings.NewReader(`{"resultId":"`+id+`"}`))
	s.handler.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	require.Len(t, s.events, 1)
}

func TestNewHandler(t *testing.T) {
	t.Parallel()
	client, _ := newClient(t, nil)
	accept := (&inbox{}).accept
	_, err := pigeon.NewHandler(nil, pathSecret, accept, nil)
	require.ErrorContains(t, err, "no client")
	_, err = pigeon.NewHandler(client, pathSecret, nil, nil)
	require.ErrorContains(t, err, "no function")
	for _, secret := range []string{"", "short", "fifteen-letters", "with/slash/0123456789", "................", "blank 0123456789abc", "percent%200123456789"} {
		_, err = pigeon.NewHandler(client, secret, accept, nil)
		require.ErrorContains(t, err, "the secret must be", secret)
		if secret != "" && len(secret) > 6 {
			leaktest.Check(t, []string{secret}, err)
		}
	}
	_, err = pigeon.NewHandler(client, "sixteen-lettersx", accept, nil)
	require.NoError(t, err)
}
