package voice_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// The same request is answered from memory for ten minutes.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		h := newHandler(t, phones, voice.HandlerOptions{})
		ask := func(id string) map[string]any {
			return serve(t, h, identified(posting(body("x", "alice:"+numberA, "bob:")), id))
		}
		first := ask(fixedID)
		for range 3 {
			require.Equal(t, first, ask(fixedID))
			<-time.After(3*time.Minute + 19*time.Second)
		}
		require.Len(t, phones.Calls(), 1)
		other := serve(t, h, identified(posting(body("y", "carol:"+numberC)), fixedID))
		require.Equal(t, "carol accepted", described(other), "the identity of one request on another is no copy")
		require.Equal(t, other, serve(t, h, identified(posting(body("y", "carol:"+numberC)), fixedID)))
		require.Equal(t, []string{numberA, numberC}, phones.Numbers())
		phones = &voicetest.Phones{}
		h = newHandler(t, phones, voice.HandlerOptions{Ring: ringer(t, alert.RingPolicy{Limits: []alert.Limit{}})})
		ask(fixedID)
		<-time.After(9*time.Minute + 57*time.Second)
		ask("another")
		require.Len(t, phones.Calls(), 2)
		<-time.After(4 * time.Second) // ten minutes and one second after it
		ask(fixedID)
		require.Len(t, phones.Calls(), 3)
		ask("")
		ask("")
		require.Len(t, phones.Calls(), 5, "who does not say who he is gets no memory")
	})
}

// A copy that comes while the first is worked on waits for its answer.
func TestConcurrentDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Until(release))
		h := newHandler(t, phones, voice.HandlerOptions{})
		answers := make(chan *httptest.ResponseRecorder, 8)
		for range 8 {
			go func() { answers <- record(h, identified(posting(body("x", "alice:"+numberA)), fixedID)) }()
		}
		synctest.Wait()
		require.Empty(t, answers)
		require.Len(t, phones.Calls(), 1)
		close(release)
		for range 8 {
			require.Equal(t, "alice answered", described(checked(t, <-answers)))
		}
		require.Len(t, phones.Calls(), 1)
	})
}

// A copy that can wait no longer is told that nobody knows.
func TestDuplicateGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Until(release))
		h := newHandler(t, phones, voice.HandlerOptions{})
		go record(h, identified(posting(body("x", "alice:"+numberA)), fixedID))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		answer := serve(t, h, identified(posting(body("x", "alice:"+numberA)), fixedID).WithContext(ctx))
		require.InDelta(t, int(voice.CodeThirdParty), answer["code"], 0)
		close(release)
	})
}

// The answer comes in time, well under the component's 30 s; the calls go on
// and are finished, also through a shutdown.
func TestAnswerInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Until(release))
		var got []voice.Report
		h := newHandler(t, phones, voice.HandlerOptions{Report: func(r voice.Report, err error) {
			require.NoError(t, err)
			got = append(got, r)
		}})
		begin := time.Now()
		ctx, hangUp := context.WithCancel(t.Context())
		answer := serve(t, h, posting(body("x", "alice:"+numberA, "bob:"+numberB, "carol:")).WithContext(ctx))
		hangUp()
		require.Equal(t, 10*time.Second, time.Since(begin))
		require.Equal(t, "alice accepted, bob accepted, carol rejected", described(answer))
		require.Empty(t, got)
		stopped := make(chan error, 1)
		go func() { stopped <- h.Shutdown(t.Context()) }()
		synctest.Wait()
		require.Empty(t, stopped, "what was accepted is finished")
		refused := serve(t, h, posting(body("x", "alice:"+numberA)))
		require.InDelta(t, int(voice.CodeRateLimited), refused["code"], 0)
		require.Contains(t, refused["message"], "shutting down")
		close(release)
		require.NoError(t, <-stopped)
		require.Equal(t, []voice.State{answered, accepted, permanent}, states(got[0]))
		require.Len(t, phones.Calls(), 2)
		require.NoError(t, h.Shutdown(t.Context()), "again")
	})
}

// A shutdown that cannot wait ends the calls and says how many.
func TestShutdownInHaste(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Slow(nil))
		var got []voice.Report
		h := newHandler(t, phones, voice.HandlerOptions{Work: -1, Report: func(r voice.Report, _ error) { got = append(got, r) }})
		serve(t, h, posting(body("x", "alice:"+numberA)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := h.Shutdown(ctx)
		require.ErrorContains(t, err, "the calls of 1 requests were cut short")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []voice.State{unknown}, states(got[0]))
	})
}

// The work on a request is bounded in time, and so is the number of requests
// worked on: more wait, and are refused without a call and without a memory.
func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Slow(nil))
		done := make(chan voice.Report, 1)
		h := newHandler(t, phones, voice.HandlerOptions{Jobs: -1, Report: func(r voice.Report, _ error) { done <- r }})
		begin := time.Now()
		serve(t, h, posting(body("x", "alice:"+numberA)))
		waiting := make(chan *httptest.ResponseRecorder, 1)
		go func() { waiting <- record(h, identified(posting(body("x", "bob:"+numberB)), fixedID)) }()
		answer := checked(t, <-waiting)
		require.Equal(t, 20*time.Second, time.Since(begin))
		require.InDelta(t, int(voice.CodeRateLimited), answer["code"], 0)
		require.Equal(t, []string{numberA}, phones.Numbers())
		require.Equal(t, []voice.State{unknown}, states(<-done))
		require.Equal(t, 10*time.Minute, time.Since(begin))
		answer = serve(t, h, identified(posting(body("x", "bob:"+numberB)), fixedID))
		require.Equal(t, true, answer["result"], "a refusal is not remembered")
		<-done
	})
}

// A shutdown refuses those who wait for their turn at once, and all who come
// later.
func TestShutdownRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Until(release))
		h := newHandler(t, phones, voice.HandlerOptions{Jobs: -1, Ring: ringer(t, alert.RingPolicy{Limits: []alert.Limit{}})})
		first := make(chan *httptest.ResponseRecorder, 1)
		go func() { first <- record(h, posting(body("x", "alice:"+numberA))) }()
		synctest.Wait()
		waiting := make(chan *httptest.ResponseRecorder, 1)
		go func() { waiting <- record(h, posting(body("x", "bob:"+numberB))) }()
		synctest.Wait()
		begin := time.Now()
		stopped := make(chan error, 1)
		go func() { stopped <- h.Shutdown(t.Context()) }()
		require.Contains(t, checked(t, <-waiting)["message"], "shutting down")
		require.Zero(t, time.Since(begin))
		close(release)
		require.Equal(t, "alice answered", described(checked(t, <-first)))
		require.NoError(t, <-stopped)
		for range 50 {
			require.Contains(t, serve(t, h, posting(body("x", "bob:"+numberB)))["message"], "shutting down")
		}
		require.Len(t, phones.Calls(), 1)
	})
}

// What is remembered is bounded; beyond that a request is refused rather than
// another forgotten.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := voice.NewMemory()
		require.Equal(t, 100, m.Fill("early-", 100))
		<-time.After(time.Minute)
		require.Equal(t, voice.MaxRemembered-100, m.Fill("a-", voice.MaxRemembered+5))
		require.True(t, m.Knows("early-0"))
		require.False(t, m.Knows("b-0"), "no room")
		<-time.After(voice.Window - time.Minute)
		require.Equal(t, 100, m.Fill("b-", 200), "room for as many as have expired")
		require.False(t, m.Knows("early-0"))
		require.True(t, m.Knows("a-7"))
		<-time.After(2 * voice.Window)
		require.Equal(t, 1, m.Fill("c-", 1))
		entries, order := m.Sizes()
		require.Equal(t, []int{1, 1}, []int{entries, order})
	})
}

// A bug in the program's own functions costs an answer that says so.
func TestHandlerOutlivesPanics(t *testing.T) {
	t.Parallel()
	log := &journal{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	phones := &voicetest.Phones{}
	report := newHandler(t, phones, voice.HandlerOptions{Logger: logger, Report: func(voice.Report, error) { panic(numberA) }})
	require.Equal(t, true, serve(t, report, posting(body("x", "alice:"+numberA)))["result"])
	require.NoError(t, report.Shutdown(t.Context()))
	require.Equal(t, 1, strings.Count(log.String(), `panic=string`))
	leaktest.Check(t, []string{numberA}, log.String())
}
