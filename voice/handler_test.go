package voice_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
	require.Empty(tb, checkAnswer(w.Code, w.Body.Bytes()), "%s", w.Body)
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
	for _, target := range []string{"/" + token, "/a/b/" + token + "/", "/voice/" + token + "?x=y", "//voice//" + token + "//", "/voice%2F" + token} {
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

// A Ringer withholds calls here too, with the severity of the options, and says so.
func TestHandlerRing(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	h := newHandler(t, phones, voice.HandlerOptions{Severity: alert.Major, Ring: ringer(t, alert.RingPolicy{Block: []string{"+86 " + numberA}})})
	answer := serve(t, h, posting(body("x", "alice:"+numberA, "carol:", "bob:"+numberB, "rob:"+numberB)))
	require.Equal(t, "alice withheld, carol rejected, bob accepted, rob accepted", described(answer))
	require.Equal(t, []string{numberB}, phones.Numbers())
	answer = serve(t, h, posting(body("x", "alice:"+numberA)))
	require.Equal(t, false, answer["result"], "nobody was called")
	require.Contains(t, answer["message"], "the block list")

	quiet := alert.QuietHours{To: 24 * time.Hour, Loud: alert.Major}
	loud := newHandler(t, phones, voice.HandlerOptions{Severity: alert.Major, Ring: ringer(t, alert.RingPolicy{Quiet: []alert.QuietHours{quiet}})})
	require.Equal(t, "bob accepted", described(serve(t, loud, posting(body("x", "bob:"+numberB)))))
	silent := newHandler(t, phones, voice.HandlerOptions{Severity: alert.Warning, Ring: ringer(t, alert.RingPolicy{Quiet: []alert.QuietHours{quiet}})})
	require.Equal(t, "bob withheld", described(serve(t, silent, posting(body("x", "bob:"+numberB)))))

	usual := newHandler(t, phones, voice.HandlerOptions{})
	for range 3 {
		require.Equal(t, "bob accepted", described(serve(t, usual, posting(body("x", "bob:"+numberB)))))
	}
	require.Equal(t, "bob withheld", described(serve(t, usual, posting(body("x", "bob:"+numberB)))), "three calls in 15 minutes")
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
		"token, slash":  {good, "hush/hush/hush/hush", nil, "the token"},
		"token, short":  {good, "hush-hush-hush-", nil, "at least 16"},
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
