package voice_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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

// newHandler returns a handler over phones.
func newHandler(tb testing.TB, phones *voicetest.Phones, opts voice.HandlerOptions) *voice.Handler {
	tb.Helper()
	return handlerOf(tb, newDialer(tb, phones, voice.DialerOptions{Form: opts.Form, Timeout: -1, Parallel: -1}), opts)
}

// handlerOf returns a handler over a gateway, which is shut down when the test
// ends.
func handlerOf(tb testing.TB, g voice.Gateway, opts voice.HandlerOptions) *voice.Handler {
	tb.Helper()
	h, err := voice.NewHandler(g, token, &opts)
	require.NoError(tb, err)
	return h
}

// serve has a handler answer a request, and checks what callers will make of
// the answer, whatever it is.
func serve(tb testing.TB, h http.Handler, r *http.Request) map[string]any {
	tb.Helper()
	return checked(tb, record(h, r))
}

// record has a handler answer a request.
func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// checked returns an answer that no caller misunderstands.
func checked(tb testing.TB, w *httptest.ResponseRecorder) map[string]any {
	tb.Helper()
	require.Empty(tb, voicetest.CheckAnswer(w.Code, w.Body.Bytes()), "%s", w.Body)
	require.Equal(tb, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	return decoded(tb, w.Body.Bytes())
}

// posting returns a request of the component with its own identity.
func posting(body string) *http.Request {
	return voicetest.DestRequest("/voice/"+token, []byte(body))
}

// identified gives a request an identity.
func identified(r *http.Request, id string) *http.Request {
	r.Header.Set("X-Bkapi-Request-Id", id)
	return r
}

// body returns a request for callees given as name:number.
func body(text string, callees ...string) string {
	list := []map[string]string{}
	for _, c := range callees {
		name, number, _ := strings.Cut(c, ":")
		list = append(list, map[string]string{"username": name, "mobile_phone": number})
	}
	encoded, _ := json.Marshal(map[string]any{"auto_read_message": text, "user_list_information": list, "receiver__username": nil})
	return string(encoded)
}

// described returns "alice accepted, bob rejected" of an answer.
func described(answer map[string]any) string {
	var parts []string
	for _, d := range answer["data"].(map[string]any)["details"].([]any) {
		entry := d.(map[string]any)
		parts = append(parts, fmt.Sprint(entry["username"], " ", entry["state"]))
	}
	return strings.Join(parts, ", ")
}

// The component's real requests, as they are on the wire.
func TestDestURLFixtures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request *http.Request
		result  bool
		details string
		numbers []string
		message string
	}{
		{"on the wire", httpFixture(t, "desturl_request.http"), true, "alice accepted", []string{numberA}, "OK"},
		{"a user without a number", posting(string(fixture(t, "desturl_request_user_list.json"))), false,
			"alice accepted, bob rejected", []string{numberA}, "1 of 2 failed: bob (no number)"},
		{"users looked up", posting(string(fixture(t, "desturl_request_receiver_username.json"))), false,
			"alice accepted, dave accepted", []string{numberA, "13800000004"}, "not looked up: carol is not a BlueKing user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, tt.request.Header.Get("Content-Type"))
			phones := &voicetest.Phones{}
			answer := serve(t, newHandler(t, phones, voice.HandlerOptions{}), tt.request)
			require.Equal(t, tt.result, answer["result"])
			require.Equal(t, tt.details, described(answer))
			require.Equal(t, tt.message, answer["message"])
			require.Equal(t, tt.numbers, phones.Numbers())
			require.Equal(t, "db-01 disk full", phones.Calls()[0].Text)
			require.Equal(t, tt.request.Header.Get("X-Bkapi-Request-Id"), answer["data"].(map[string]any)["msg_id"])
			leaktest.Check(t, []string{numberA}, fmt.Sprint(answer))
		})
	}
}

// Our answers have the shape of the fixtures.
func TestAnswerShape(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	h := newHandler(t, phones, voice.HandlerOptions{})
	for name, request := range map[string]string{
		"desturl_response_ok.json":      body("x", "alice:"+numberA),
		"desturl_response_partial.json": body("x", "alice:"+numberA, "bob:"),
	} {
		got, want := serve(t, h, posting(request)), decoded(t, fixture(t, name))
		for _, m := range []map[string]any{got, want} {
			data := m["data"].(map[string]any)
			require.NotEmpty(t, data["msg_id"])
			delete(data, "msg_id")
			delete(m, "message")
			for _, d := range data["details"].([]any) {
				delete(d.(map[string]any), "call_id")
				delete(d.(map[string]any), "code")
			}
		}
		require.Equal(t, want, got)
	}
}

// Everything that is refused is refused in the component's own terms, and
// places no call.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ok := body("x", "alice:"+numberA)
	at := func(method, target, text string) *http.Request {
		return httptest.NewRequest(method, target, strings.NewReader(text))
	}
	many := body("x", strings.Split(strings.Repeat("a:1380000,", 201), ",")[:201]...)
	tests := []struct {
		name    string
		request *http.Request
		code    voice.Code
		message string
	}{
		{"wrong token", at("POST", "/voice/other", ok), voice.CodeGeneral, "wrong token"},
		{"no token", at("POST", "/voice/", ok), voice.CodeGeneral, "wrong token"},
		{"token with more", at("POST", "/voice/"+token+"x", ok), voice.CodeGeneral, "wrong token"},
		{"token in the query", at("POST", "/voice/?token="+token, ok), voice.CodeGeneral, "wrong token"},
		{"GET", at("GET", "/voice/"+token, ""), voice.CodeBadArgument, "want a POST"},
		{"empty body", posting(""), voice.CodeBadArgument, "not the JSON object"},
		{"form", posting("auto_read_message=x"), voice.CodeBadArgument, "not the JSON object"},
		{"list", posting("[]"), voice.CodeBadArgument, "not the JSON object"},
		{"null", posting("null"), voice.CodeBadArgument, "auto_read_message"},
		{"trailing comma of the seed", posting(`{"auto_read_message":"x","user_list_information":[{"username":"admin","mobile_phone":"1234567890",}]}`),
			voice.CodeBadArgument, "not the JSON object"},
		{"no text", posting(body(" ", "alice:"+numberA)), voice.CodeBadArgument, "auto_read_message"},
		{"text of a wrong type", posting(`{"auto_read_message":{},"user_list_information":[{}]}`), voice.CodeBadArgument, "auto_read_message"},
		{"nobody", posting(body("x")), voice.CodeBadArgument, "user_list_information"},
		{"list of a wrong type", posting(`{"auto_read_message":"x","user_list_information":{"a":1}}`), voice.CodeBadArgument, "not the JSON object"},
		{"too many", posting(many), voice.CodeBadArgument, "more than 200"},
		{"too long", posting(body(strings.Repeat("x", voice.MaxBody), "alice:"+numberA)), voice.CodeBadArgument, "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones, log := &voicetest.Phones{}, &journal{}
			h := newHandler(t, phones, voice.HandlerOptions{Logger: slog.New(slog.NewTextHandler(log, nil))})
			answer := serve(t, h, tt.request)
			require.Equal(t, false, answer["result"])
			require.InDelta(t, int(tt.code), answer["code"], 0)
			require.Contains(t, answer["message"], tt.message)
			require.Empty(t, phones.Calls())
			require.Contains(t, log.String(), tt.message)
			leaktest.Check(t, []string{token, numberA}, log.String(), answer["message"])
		})
	}
	// With the right token, wherever the handler is mounted.
	for _, target := range []string{"/" + token, "/a/b/" + token + "/", "/voice/" + token + "?x=y"} {
		phones := &voicetest.Phones{}
		require.Equal(t, true, serve(t, newHandler(t, phones, voice.HandlerOptions{}), at("POST", target, ok))["result"])
		require.Len(t, phones.Calls(), 1)
	}
}

// Numbers as they come, for gateways of both forms.
func TestNumbers(t *testing.T) {
	t.Parallel()
	entry := func(fields string) string {
		return `{"auto_read_message":"x","user_list_information":[{"username":"alice",` + fields + `}]}`
	}
	tests := []struct {
		name, fields            string
		national, international string // what is dialled; empty: reported
	}{
		{"without a country", `"mobile_phone":"13800000001"`, numberA, "+86" + numberA},
		{"country null", `"mobile_phone":"13800000001","nation_code":null`, numberA, "+86" + numberA},
		{"home", `"mobile_phone":"13800000001","nation_code":"86"`, numberA, "+86" + numberA},
		{"home with a plus", `"mobile_phone":"13800000001","nation_code":"+86"`, numberA, "+86" + numberA},
		{"numbers as numbers", `"mobile_phone":13800000001,"nation_code":86`, numberA, "+86" + numberA},
		{"with hyphens", `"mobile_phone":"138-0000-0001"`, numberA, "+86" + numberA},
		{"international", `"mobile_phone":"+8613800000001"`, numberA, "+86" + numberA},
		{"abroad", `"mobile_phone":"9000000001","nation_code":"81"`, "", "+819000000001"},
		{"abroad, international", `"mobile_phone":"+819000000001"`, "", "+819000000001"},
		{"empty", `"mobile_phone":""`, "", ""},
		{"missing", `"x":1`, "", ""},
		{"null", `"mobile_phone":null`, "", ""},
		{"object", `"mobile_phone":{}`, "", ""},
		{"words", `"mobile_phone":"call me"`, "", ""},
		{"country of words", `"mobile_phone":"13800000001","nation_code":"CN"`, "", ""},
		{"long country", `"mobile_phone":"13800000001","nation_code":"12345"`, "", ""},
		{"too long", `"mobile_phone":"1234567890123456"`, "", ""},
	}
	for _, tt := range tests {
		for form, want := range map[voice.Form]string{voice.National: tt.national, voice.International: tt.international} {
			t.Run(fmt.Sprint(tt.name, " ", form), func(t *testing.T) {
				t.Parallel()
				phones := &voicetest.Phones{}
				answer := serve(t, newHandler(t, phones, voice.HandlerOptions{Form: form}), posting(entry(tt.fields)))
				require.Equal(t, want != "", answer["result"])
				if want == "" {
					require.Empty(t, phones.Calls())
					require.Equal(t, "alice rejected", described(answer))
					require.InDelta(t, 1, answer["code"], 0)
					return
				}
				require.Equal(t, []string{want}, phones.Numbers())
			})
		}
	}
	phones := &voicetest.Phones{}
	answer := serve(t, newHandler(t, phones, voice.HandlerOptions{Country: "+81"}), posting(entry(`"mobile_phone":"09000000001","nation_code":"81"`)))
	require.Equal(t, true, answer["result"])
	// Entries that are no objects are callees all the same: none is dropped.
	answer = serve(t, newHandler(t, phones, voice.HandlerOptions{}), posting(`{"auto_read_message":"x","user_list_information":[null,3,"a",{"username":"bob","mobile_phone":"13800000002"}]}`))
	require.Equal(t, " rejected,  rejected,  rejected, bob accepted", described(answer))
}

// The outcome of each callee is in the answer if it is known by then, order
// kept, equal numbers rung once.
func TestHandlerOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		serial  bool
		script  map[string]voicetest.Behaviour
		result  bool
		details string
		calls   int
	}{
		{"accepted", false, nil, true, "alice accepted, bob accepted, twin accepted", 2},
		{"one busy", false, map[string]voicetest.Behaviour{numberA: voicetest.Busy()}, false,
			"alice rejected_temporary, bob accepted, twin rejected_temporary", 2},
		{"serial", true, map[string]voicetest.Behaviour{numberA: voicetest.Answered()}, true,
			"alice answered, bob not_needed, twin answered", 1},
		{"serial in vain", true, map[string]voicetest.Behaviour{numberA: voicetest.Unanswered(), numberB: voicetest.Wrong()}, false,
			"alice no_answer, bob rejected, twin no_answer", 2},
		{"a bug in the gateway", false, map[string]voicetest.Behaviour{numberB: voicetest.Panic(numberB)}, false,
			"alice accepted, bob unknown, twin accepted", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones, log := &voicetest.Phones{}, &journal{}
			for number, way := range tt.script {
				phones.Script(number, way)
			}
			h := newHandler(t, phones, voice.HandlerOptions{Serial: tt.serial, Logger: slog.New(slog.NewTextHandler(log, nil))})
			answer := serve(t, h, identified(posting(body("x", "alice:"+numberA, "bob:"+numberB, "twin:"+numberA)), fixedID))
			require.NoError(t, h.Shutdown(t.Context()))
			require.Equal(t, tt.result, answer["result"])
			require.Equal(t, tt.details, described(answer))
			require.Len(t, phones.Calls(), tt.calls)
			require.Equal(t, !tt.result, strings.Contains(log.String(), "level=WARN"))
			require.Contains(t, log.String(), "request_id="+fixedID)
			leaktest.Check(t, []string{numberA, numberB, token}, log.String(), h, fmt.Sprint(answer))
		})
	}
	for err, state := range map[error]string{errSilent: "unknown", errExplicit{true}: "rejected_temporary", errExplicit{false}: "rejected"} {
		answer := serve(t, handlerOf(t, failing(err), voice.HandlerOptions{}), posting(body("x", "alice:"+numberA)))
		require.Equal(t, "alice "+state, described(answer))
		require.NotContains(t, fmt.Sprint(answer), numberA)
	}
}

// The text is cleaned and bounded for a voice.
func TestHandlerText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts voice.HandlerOptions
		text string
		want string
	}{
		{"plain", voice.HandlerOptions{}, "磁盘满", "磁盘满"},
		{"links, markup, lines", voice.HandlerOptions{}, "**db**\n见 https://example.com/x?y=1 {{z}}", "db 见 z"},
		{"address in English", voice.HandlerOptions{Locale: alert.English}, "10.0.0.1 > 90%", "10 dot 0 dot 0 dot 1 above 90%"},
		{"nothing to read", voice.HandlerOptions{}, "https://example.com", "告警通知"},
		{"cut", voice.HandlerOptions{MaxRunes: 40}, strings.Repeat("长", 300), strings.Repeat("长", 34) + "…（已截断）"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones := &voicetest.Phones{}
			serve(t, newHandler(t, phones, tt.opts), posting(body(tt.text, "alice:"+numberA)))
			require.Equal(t, tt.want, phones.Calls()[0].Text)
		})
	}
}

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
		ask("another")
		require.Len(t, phones.Calls(), 2)
		<-time.After(4 * time.Second) // ten minutes and one second after the first
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
		h := newHandler(t, phones, voice.HandlerOptions{Jobs: -1})
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

// Rules withhold calls here too, with the severity of the options.
func TestHandlerRule(t *testing.T) {
	t.Parallel()
	var asked alert.Severity
	phones := &voicetest.Phones{}
	h := newHandler(t, phones, voice.HandlerOptions{Severity: alert.Major, Rule: voice.Rules(voice.Block(numberA),
		func(_ time.Time, s alert.Severity, _ voice.Callee) string { asked = s; return "" })})
	answer := serve(t, h, posting(body("x", "alice:"+numberA, "carol:", "bob:"+numberB)))
	require.Equal(t, "alice withheld, carol rejected, bob accepted", described(answer))
	require.Equal(t, "1 of 3 failed: carol (no number)", answer["message"])
	require.Equal(t, []string{numberB}, phones.Numbers())
	require.Equal(t, alert.Major, asked)
	answer = serve(t, h, posting(body("x", "alice:"+numberA)))
	require.Equal(t, true, answer["result"], "the operator wanted it so")
}

// A bug in the program's own functions costs an answer that says so.
func TestHandlerOutlivesPanics(t *testing.T) {
	t.Parallel()
	log := &journal{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	phones := &voicetest.Phones{}
	rule := newHandler(t, phones, voice.HandlerOptions{Logger: logger, Rule: func(time.Time, alert.Severity, voice.Callee) string { panic(numberA) }})
	for range 2 { // the second time it is not taken for a copy
		answer := serve(t, rule, identified(posting(body("x", "alice:"+numberA)), fixedID))
		require.Equal(t, "internal error, no call was placed", answer["message"])
	}
	require.Empty(t, phones.Calls())
	report := newHandler(t, phones, voice.HandlerOptions{Logger: logger, Report: func(voice.Report, error) { panic(numberA) }})
	require.Equal(t, true, serve(t, report, posting(body("x", "alice:"+numberA)))["result"])
	require.NoError(t, report.Shutdown(t.Context()))
	require.Equal(t, 3, strings.Count(log.String(), `panic=string`))
	leaktest.Check(t, []string{numberA}, log.String())
}

func TestNewHandler(t *testing.T) {
	t.Parallel()
	good := saying(accepted)
	for name, try := range map[string]struct {
		gateway voice.Gateway
		token   string
		opts    *voice.HandlerOptions
		want    string
	}{
		"no gateway":    {nil, token, nil, "no gateway"},
		"no token":      {good, "", nil, "the token"},
		"token of dots": {good, "..", nil, "the token"},
		"token, slash":  {good, "hush/hush", nil, "the token"},
		"country":       {good, token, &voice.HandlerOptions{Country: "CN"}, "Country"},
		"country, long": {good, token, &voice.HandlerOptions{Country: "86138"}, "Country"},
		"short texts":   {good, token, &voice.HandlerOptions{MaxRunes: 39}, "MaxRunes"},
	} {
		_, err := voice.NewHandler(try.gateway, try.token, try.opts)
		require.ErrorContains(t, err, try.want, name)
		require.NotContains(t, err.Error(), "hush")
	}
	h, err := voice.NewHandler(good, token, nil)
	require.NoError(t, err)
	leaktest.Check(t, []string{token}, h, struct{ h *voice.Handler }{h})
	require.Equal(t, "voice.Handler", fmt.Sprint(h))
}

// A body that does not arrive is given up in time, over a real socket, where a
// request is served as the component sends it.
func TestHandlerOverSocket(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	server := httptest.NewServer(newHandler(t, phones, voice.HandlerOptions{Answer: 300 * time.Millisecond}))
	defer server.Close()
	send := func(raw string) map[string]any {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, raw)
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Empty(t, voicetest.CheckAnswer(resp.StatusCode, answer))
		return decoded(t, answer)
	}
	head, text, _ := strings.Cut(string(fixture(t, "desturl_request.http")), "\n\n")
	head = strings.ReplaceAll(head, "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(text))
	require.Equal(t, true, send(head + text)["result"])
	require.Equal(t, true, send(head + text)["result"], "the same identity")
	require.Len(t, phones.Calls(), 1)
	slow := strings.Replace(head, fixedID, "slow", 1)
	require.Contains(t, send(slow + text[:20])["message"], "did not arrive in time")
	require.Len(t, phones.Calls(), 1)
}

// The whole way: a client asks the component, the component asks the handler.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	c, esb := newClient(t, voice.ClientOptions{})
	esb.Dest, esb.DestPath = newHandler(t, phones, voice.HandlerOptions{}), "/voice/"+token
	phones.Script(numberB, voicetest.Wrong())
	report, err := c.Call(t.Context(), voice.Request{Callees: three(), Text: "db-01 disk full"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, permanent, accepted}, states(report))
	require.Equal(t, "empty number", report.Results[1].Reason)
	require.NotEmpty(t, report.Results[0].ProviderID)
	require.Equal(t, []string{numberA, numberB, numberC}, phones.Numbers())

	// A wrong token shows in the component's answer, and is no doubt about calls.
	esb.DestPath = "/voice/wrong"
	_, err = c.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
	require.ErrorIs(t, err, voice.CodeGeneral)
	require.ErrorContains(t, err, "wrong token in the path of dest_url")
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Len(t, phones.Calls(), 3)
}

// FuzzDestURL sends hostile bodies through the whole handler.
func FuzzDestURL(f *testing.F) {
	files, err := filepath.Glob("testdata/desturl_request*.json")
	require.NoError(f, err)
	for _, name := range files {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add([]byte(`{"auto_read_message":1,"user_list_information":[{"username":"\u0000\ud800","mobile_phone":"+86 13800000001"},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		phones := &voicetest.Phones{}
		h := newHandler(t, phones, voice.HandlerOptions{Form: voice.International})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, voicetest.DestRequest("/voice/"+token, body))
		require.Empty(t, voicetest.CheckAnswer(w.Code, w.Body.Bytes()))
		require.NoError(t, h.Shutdown(t.Context()))
		seen := map[string]bool{}
		for _, c := range phones.Calls() {
			require.False(t, seen[c.Number], "rung twice")
			seen[c.Number] = true
			require.NotEmpty(t, c.Text)
			require.Regexp(t, `^\+[1-9][0-9]{6,14}$`, c.Number)
		}
		answer := decoded(t, bytes.TrimSpace(w.Body.Bytes()))
		require.NotContains(t, answer["message"], "\n")
	})
}
