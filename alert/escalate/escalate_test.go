package escalate_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

func TestEscalateRefuses(t *testing.T) {
	t.Parallel()
	far := new(alerttest.Recorder)
	step := func(name string, after time.Duration) escalate.Step {
		return escalate.Step{Name: name, After: after, Sender: far}
	}
	filtered := step("a", 0)
	filtered.Route.Filter = func(alert.Alert) bool { return true }
	tests := []struct {
		name  string
		steps []escalate.Step
		opts  *escalate.Options
		want  string
	}{
		{"no steps", nil, nil, "0 steps"},
		{"too many", make([]escalate.Step, 21), nil, "21 steps"},
		{"no sender", []escalate.Step{{Name: "a"}}, nil, "no sender"},
		{"no name", []escalate.Step{{Sender: far}}, nil, "without a name"},
		{"twice", []escalate.Step{step("a", 0), step("a", 1)}, nil, "a second route"},
		{"order", []escalate.Step{step("a", 2), step("b", 1)}, nil, "after 1ns"},
		{"negative", []escalate.Step{step("a", -1)}, nil, "after -1ns"},
		{"filter", []escalate.Step{filtered}, nil, "only the escalation has"},
		{"bad route", []escalate.Step{{Name: "a", Sender: far, Route: outbox.RouteOptions{Batch: 5000}}}, nil, "batch of 5000"},
		{"forget", []escalate.Step{step("a", 0)}, &escalate.Options{Forget: -2}, "forget"},
		{"patience", []escalate.Step{step("a", 0)}, &escalate.Options{Patience: -1}, "patience"},
		{"name taken", []escalate.Step{step("a", 0)}, nil, "a second route"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := outbox.Open(outbox.NewMemoryStore(), nil)
			require.NoError(t, err)
			name := "duty"
			if tt.name == "name taken" {
				require.NoError(t, b.Route(name, far, nil))
			}
			_, err = escalate.New(b, name, tt.steps, tt.opts)
			require.ErrorContains(t, err, tt.want)
			require.False(t, alert.Retryable(err))
			require.ErrorContains(t, escalate.TrackReference(t.Context(), "x"), "not within a step")
			// Nothing of it was added.
			require.NoError(t, b.Route("duty/a", far, nil))
		})
	}
}

// A duty is an escalation over a chat and a telephone, running in a bubble.
type duty struct {
	*escalate.Escalation

	box         *outbox.Outbox
	chat, phone alerttest.Recorder
}

const linkTo = "https://ops.example.com/take/"

func newDuty(t *testing.T, logger *slog.Logger, opts *escalate.Options, phone func(*escalate.Step)) *duty {
	t.Helper()
	d := new(duty)
	var err error
	d.box, err = outbox.Open(outbox.NewMemoryStore(), &outbox.Options{Logger: logger})
	require.NoError(t, err)
	steps := []escalate.Step{
		{Name: "chat", Sender: &d.chat, Link: func(token string) string { return linkTo + token }},
		{Name: "phone", After: time.Minute, Sender: &d.phone},
	}
	if phone != nil {
		phone(&steps[1])
	}
	d.Escalation, err = escalate.New(d.box, "duty", steps, opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.box.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return d
}

// link returns the path of the link that the chat got.
func (d *duty) link(t *testing.T) string {
	t.Helper()
	return "/take/" + strings.TrimPrefix(d.chat.Accepted()[0].URL, linkTo)
}

// serve sends a form with a name, and more fields in pairs.
func (d *duty) serve(t *testing.T, method, path, name string, more ...string) *httptest.ResponseRecorder {
	t.Helper()
	values := url.Values{"name": {name}}
	for i := 0; i < len(more); i += 2 {
		values.Add(more[i], more[i+1])
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.Handler().ServeHTTP(w, r)
	return w
}

func TestTakePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDuty(t, nil, &escalate.Options{Locale: alert.English}, nil)
		fire := alert.Alert{
			Source: "s", ID: "1", Key: "k", Name: "<script>alert(1)</script>", Summary: "a & b\u202e c\u200b\nd", URL: "javascript:alert(2)", Severity: alert.Critical,
		}
		smoke := alert.Alert{Source: "s", ID: "2", Key: "l", Name: "smoke", URL: "https://console.example.com/?a=1&b=2"}
		require.NoError(t, d.box.Send(t.Context(), fire, smoke))
		<-time.After(5 * time.Second)
		path := d.link(t)

		w := d.serve(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, w.Code)
		body := w.Body.String()
		require.NotContains(t, body, "<script")
		require.NotContains(t, body, "javascript:")
		require.NotContains(t, body, "ZgotmplZ") // what a template makes of it
		for _, want := range []string{"&lt;script&gt;", "a &amp; b c\nd<", "https://console.example.com/?a=1&amp;b=2", "nobody has taken it yet", "<form"} {
			require.Contains(t, body, want)
		}
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Empty(t, d.serve(t, http.MethodHead, path, "").Body.String())

		// Looking changed nothing, and a name is wanted.
		require.Equal(t, http.StatusBadRequest, d.serve(t, http.MethodPost, path, " ").Code)
		require.Equal(t, http.StatusMethodNotAllowed, d.serve(t, http.MethodPut, path, "x").Code)
		require.Equal(t, http.StatusNotFound, d.serve(t, http.MethodPost, path+"x", "x").Code)
		require.Equal(t, http.StatusNotFound, d.serve(t, http.MethodGet, "/take/", "").Code)
		require.Equal(t, escalate.Waiting, d.only(t, path).State)

		// Of several one says which.
		require.Contains(t, body, `type="checkbox"`)
		w = d.serve(t, http.MethodPost, path, "Zhang")
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Contains(t, w.Body.String(), "Please mark what you take")
		number := fmt.Sprint(d.only(t, path).Number)
		require.Equal(t, http.StatusBadRequest, d.serve(t, http.MethodPost, path, "Zhang", "take", "4711").Code)
		w = d.serve(t, http.MethodPost, path, "Zhang <b>Wei</b>", "take", number)
		require.Equal(t, http.StatusOK, w.Code)
		list, err := d.IncidentsByToken(t.Context(), strings.TrimPrefix(path, "/take/"))
		require.NoError(t, err)
		require.Equal(t, []escalate.State{escalate.Acknowledged, escalate.Waiting}, []escalate.State{list[0].State, list[1].State})

		// The last one need not be marked.
		require.NotContains(t, w.Body.String(), `type="checkbox"`)
		w = d.serve(t, http.MethodPost, path, "Zhang <b>Wei</b>")
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), "taken by Zhang &lt;b&gt;Wei&lt;/b&gt;")
		require.NotContains(t, w.Body.String(), "<form")
		require.Equal(t, escalate.Acknowledged, d.only(t, path).State)
		<-time.After(5 * time.Minute)
		require.Empty(t, d.phone.Accepted())
		require.Len(t, d.chat.Accepted(), 4)
		require.Contains(t, d.chat.Accepted()[2].Summary, "has taken it")
		require.Equal(t, "javascript:alert(2)", d.chat.Accepted()[2].URL) // the news have no link
	})
}

// What came while the page was looked at is not taken by its button for all.
func TestTakeAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDuty(t, nil, &escalate.Options{Locale: alert.English}, nil)
		var alerts []alert.Alert
		for i := range 3 {
			alerts = append(alerts, alert.Alert{Source: "s", ID: fmt.Sprint(i), Key: fmt.Sprint(i)})
		}
		require.NoError(t, d.box.Send(t.Context(), alerts...))
		<-time.After(5 * time.Second)
		list, err := d.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		path := d.link(t)
		w := d.serve(t, http.MethodPost, path, "Li", "all", "1", "shown", fmt.Sprint(list[0].Number), "shown", fmt.Sprint(list[2].Number))
		require.Equal(t, http.StatusOK, w.Code)
		list, err = d.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, []string{"Li", "", "Li"}, []string{list[0].By, list[1].By, list[2].By})
	})
}

// A syncBuilder is a log that is read while it is written.
type syncBuilder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Two programs with other steps under one name would take each other's steps.
func TestOtherSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := outbox.NewMemoryStore()
		var log syncBuilder
		logger := slog.New(slog.NewTextHandler(&log, nil))
		begin := func(name string, after time.Duration) (*escalate.Escalation, *outbox.Outbox, func()) {
			box, err := outbox.Open(store, &outbox.Options{Logger: logger})
			require.NoError(t, err)
			e, err := escalate.New(box, name, []escalate.Step{{Name: "phone", After: after, Sender: new(alerttest.Recorder)}}, nil)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			return e, box, func() {
				go func() { done <- box.Run(ctx) }()
				<-time.After(time.Minute)
				t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
			}
		}
		one, _, start := begin("duty", time.Minute)
		require.NoError(t, one.Check(t.Context()))
		start()
		same, _, start := begin("duty", time.Minute)
		require.NoError(t, same.Check(t.Context()))
		start()
		team, _, start := begin("night", time.Hour)
		require.NoError(t, team.Check(t.Context()))
		start()
		require.Empty(t, log.String())
		other, _, start := begin("duty", time.Hour)
		err := other.Check(t.Context())
		require.ErrorIs(t, err, escalate.ErrOtherSteps)
		require.False(t, alert.Retryable(err))
		require.ErrorContains(t, err, `"duty": another process runs it with other steps: phone after 1m0s; here they are: phone after 1h0m0s`)
		start()
		require.Contains(t, log.String(), "another process runs it with other steps")
		require.NoError(t, one.Check(t.Context())) // it goes on
		list, err := one.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

// Steps may change when the process before has ended.
func TestStepsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := outbox.NewMemoryStore()
		for _, after := range []time.Duration{time.Minute, time.Hour, time.Minute} {
			box, err := outbox.Open(store, nil)
			require.NoError(t, err)
			e, err := escalate.New(box, "duty", []escalate.Step{{Name: "phone", After: after, Sender: new(alerttest.Recorder)}}, nil)
			require.NoError(t, err)
			require.NoError(t, e.Check(t.Context()))
			<-time.After(20 * time.Second)
		}
	})
}

// only returns the first incident that a link leads to.
func (d *duty) only(t *testing.T, path string) escalate.Incident {
	t.Helper()
	list, err := d.IncidentsByToken(t.Context(), strings.TrimPrefix(path, "/take/"))
	require.NoError(t, err)
	return list[0]
}

// The page speaks the language of the people, and tells that a store is away.
func TestTakePageWords(t *testing.T) {
	t.Parallel()
	for locale, want := range map[alert.Locale][2]string{
		alert.Chinese: {`lang="zh"`, "尚无人处理"}, alert.Japanese: {`lang="ja"`, "まだ誰も対応していません"}, alert.English: {`lang="en"`, "nobody"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDuty(t, nil, &escalate.Options{Locale: locale}, nil)
			require.NoError(t, d.box.Send(t.Context(), alert.Alert{Source: "s", ID: "1"}))
			<-time.After(time.Second)
			body := d.serve(t, http.MethodGet, d.link(t), "").Body.String()
			require.Contains(t, body, want[0])
			require.Contains(t, body, want[1])
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			w := httptest.NewRecorder()
			d.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, d.link(t), nil))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
		})
	}
}

// A Watch that fails or panics is asked again, and what it says is logged without
// what it must not say.
func TestWatchFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log syncBuilder
		var asked atomic.Int64
		d := newDuty(t, slog.New(slog.NewTextHandler(&log, nil)), nil, func(s *escalate.Step) {
			s.Sender = alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
				require.Error(t, escalate.TrackReference(ctx, ""))
				require.Error(t, escalate.TrackReference(ctx, strings.Repeat("x", 501)))
				for i := range 20 {
					require.NoError(t, escalate.TrackReference(ctx, fmt.Sprint("call ", i/2)))
				}
				require.Error(t, escalate.TrackReference(ctx, "another one"))
				return nil
			})
			s.Watch = func(context.Context, string) (escalate.Answer, error) {
				switch asked.Add(1) {
				case 1:
					return escalate.Answer{}, errors.New("the gateway is away")
				case 2:
					panic("token=secret")
				}
				return escalate.Answer{By: "key 1"}, nil
			}
		})
		require.NoError(t, d.box.Send(t.Context(), alert.Alert{Source: "s", ID: "1", Key: "k"}))
		<-time.After(3 * time.Minute)
		list, err := d.Incidents(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, "key 1", list[0].By)
		require.LessOrEqual(t, asked.Load(), int64(10)) // each reference at the same time
		require.Contains(t, log.String(), "the gateway is away")
		require.Contains(t, log.String(), "it panicked")
		require.NotContains(t, log.String(), "secret")
	})
}

func TestAcknowledgeNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"王伟": "王伟", "": "?", "\x00\n\u2028": "?", "a\xffb": "a�b", "\u202egro\u200b.elgoog\u2066": "gro.elgoog", strings.Repeat("王", 40): strings.Repeat("王", 33),
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDuty(t, nil, &escalate.Options{Quiet: true}, nil)
			require.NoError(t, d.box.Send(t.Context(), alert.Alert{Source: "s", ID: "1"}))
			<-time.After(time.Second)
			list, err := d.Acknowledge(t.Context(), strings.TrimPrefix(d.link(t), "/take/"), name)
			require.NoError(t, err)
			require.Equal(t, want, list[0].By)
		})
	}
}

// Two escalations over one store have nothing to do with each other.
func TestTwoEscalations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, err := outbox.Open(outbox.NewMemoryStore(), nil)
		require.NoError(t, err)
		var heard [2]alerttest.Recorder
		for i, name := range []string{"one", "two"} {
			_, err := escalate.New(b, name, []escalate.Step{{Name: "late", After: time.Duration(i+1) * time.Minute, Sender: &heard[i]}}, nil)
			require.NoError(t, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		require.NoError(t, b.Send(t.Context(), alert.Alert{Source: "s", ID: "1", Key: "k"}))
		<-time.After(90 * time.Second)
		require.Len(t, heard[0].Accepted(), 1)
		require.Empty(t, heard[1].Accepted())
		<-time.After(time.Minute)
		cancel()
		require.NoError(t, <-done)
		require.Len(t, heard[0].Accepted(), 1)
		require.Len(t, heard[1].Accepted(), 1)
	})
}

// A reference that leads nowhere stays so; a store that is away comes back.
func TestRetryable(t *testing.T) {
	t.Parallel()
	b, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	e, err := escalate.New(b, "duty", []escalate.Step{{Name: "a", Sender: new(alerttest.Recorder)}}, nil)
	require.NoError(t, err)
	for _, token := range []string{"nobody's", rand.Text()} {
		_, err = e.Acknowledge(t.Context(), token, "me")
		require.ErrorIs(t, err, escalate.ErrUnknownReference)
		require.False(t, alert.Retryable(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.Acknowledge(ctx, rand.Text(), "me")
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, alert.Retryable(err))
}
