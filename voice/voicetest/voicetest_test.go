package voicetest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

const path = "/api/c/compapi/cmsi/send_voice_msg/"

// fixture returns a recorded file of package voice.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", name))
	require.NoError(t, err)
	return data
}

// ask posts a body and returns the answer.
func ask(t *testing.T, h http.Handler, target, body string, header ...string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := map[string]any{}
	if strings.HasPrefix(w.Body.String(), "{") {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	}
	return w.Code, answer
}

// recorded returns a stand-in that expects the credentials of the fixtures.
func recorded(t *testing.T) *voicetest.ESB {
	t.Helper()
	esb := voicetest.NewESB(t)
	esb.AppSecret = "SECRET"
	return esb
}

// same compares answers but for what differs by nature.
func same(t *testing.T, want, got map[string]any) {
	t.Helper()
	for _, m := range []map[string]any{want, got} {
		delete(m, "request_id")
		data, _ := m["data"].(map[string]any)
		for _, kind := range []string{"successed", "failed"} {
			entries, _ := data[kind].([]any)
			for _, e := range entries {
				entry, _ := e.(map[string]any)
				require.Equal(t, kind == "successed", entry["callid"] != nil)
				delete(entry, "callid")
			}
		}
	}
	require.Equal(t, want, got)
}

// The stand-in answers the recorded requests with the recorded answers.
func TestFixtures(t *testing.T) {
	t.Parallel()
	header := `{"bk_app_code":"tocsin_test","bk_app_secret":"SECRET","bk_username":"admin"}`
	text := func(s string) string { return `{"auto_read_message":"x",` + s + `}` }
	tests := []struct {
		name, body, answer string
		setUp              func(*voicetest.ESB)
	}{
		{"numbers", string(fixture(t, "esb_request_user_list.json")), "esb_response_partial_failed_tencent.json", func(e *voicetest.ESB) { e.Busy = []string{"13800000002"} }},
		{"names", string(fixture(t, "esb_request_receiver_username.json")), "esb_response_partial_failed_tencent.json", func(e *voicetest.ESB) { e.Busy = []string{"13800000002"} }},
		{"one name", text(`"receiver__username":["alice"]`), "esb_response_ok_tencent.json", nil},
		{"nobody known", text(`"receiver__username":"carol"`), "esb_response_all_users_invalid.json", nil},
		{"nobody", text(`"receiver__username":""`), "esb_response_bad_argument.json", nil},
		{"wrong secret", text(`"receiver__username":"alice"`), "esb_response_auth_failed.json", func(e *voicetest.ESB) { e.AppSecret = "other" }},
		{"unknown app", text(`"receiver__username":"alice"`), "esb_response_app_no_permission.json", func(e *voicetest.ESB) { e.AppCode = "other" }},
		{"switched off", text(`"receiver__username":"alice"`), "esb_response_channel_inactive.json", func(e *voicetest.ESB) { e.Inactive = true }},
		{"rate", text(`"receiver__username":"alice"`), "esb_response_rate_limited.json", func(e *voicetest.ESB) { e.Fail(voicetest.RateLimited()) }},
		{"timeout behind", text(`"receiver__username":"alice"`), "esb_response_third_party_timeout.json", func(e *voicetest.ESB) { e.Fail(voicetest.ThirdPartyTimeout()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			esb := recorded(t)
			if tt.setUp != nil {
				tt.setUp(esb)
			}
			status, got := ask(t, esb, path, tt.body, "X-Bkapi-Authorization", header)
			require.Equal(t, 200, status, "to everything")
			var want map[string]any
			require.NoError(t, json.Unmarshal(fixture(t, tt.answer), &want))
			require.Regexp(t, `^[0-9a-f]{32}$`, got["request_id"])
			same(t, want, got)
		})
	}
}

// The quirks of the component.
func TestQuirks(t *testing.T) {
	t.Parallel()
	const creds = `"bk_app_code":"tocsin_test","bk_app_secret":"SECRET"`
	tests := []struct {
		name, target, body, header string
		status                     int
		code                       int
		message                    string
	}{
		{"credentials in the body", path, `{` + creds + `,"auto_read_message":"x","receiver__username":"alice"}`, "", 200, 0, "OK"},
		{"old names", path, `{"app_code":"tocsin_test","app_secret":"SECRET","auto_read_message":"x","receiver__username":"alice"}`, "", 200, 0, "OK"},
		{"the header hides the body's", path, `{` + creds + `,"auto_read_message":"x","receiver__username":"alice"}`, `{}`, 200, 1306403, "APP permission"},
		{"header that is no JSON", path, `{` + creds + `}`, `x`, 200, 1306000, "no JSON"},
		{"form", path, `bk_app_code=tocsin_test&bk_app_secret=SECRET&auto_read_message=x&receiver__username=alice`, "", 200, 0, "OK"},
		{"no text", path, `{` + creds + `,"receiver__username":"alice"}`, "", 200, 1306000, "auto_read_message"},
		{"number with a plus", path, `{` + creds + `,"auto_read_message":"x","user_list_information":[{"username":"a","mobile_phone":"+8613800000001"}]}`, "", 200, 1306000, "must be a number"},
		{"entry without a name", path, `{` + creds + `,"auto_read_message":"x","user_list_information":[{"mobile_phone":"138"}]}`, "", 200, 1306000, "username is required"},
		{"empty number", path, `{` + creds + `,"auto_read_message":"x","user_list_information":[{"username":"a"}]}`, "", 200, 1306000, "some users failed: a"},
		{"some unknown", path, `{` + creds + `,"auto_read_message":"x","receiver__username":"alice,carol"}`, "", 200, 0, "some users failed: carol"},
		{"no slash", strings.TrimSuffix(path, "/"), `{}`, "", 301, 0, ""},
		{"elsewhere", "/x", `{}`, "", 404, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var header []string
			if tt.header != "" {
				header = []string{"X-Bkapi-Authorization", tt.header}
			}
			status, answer := ask(t, recorded(t), tt.target, tt.body, header...)
			require.Equal(t, tt.status, status)
			if status == 200 {
				require.InDelta(t, tt.code, answer["code"], 0)
				require.Contains(t, answer["message"], tt.message)
			}
		})
	}
	esb := recorded(t)
	esb.Rate = 1
	for _, want := range []int{0, 1306429} {
		_, answer := ask(t, esb, path, `{`+creds+`,"auto_read_message":"x","receiver__username":"alice"}`)
		require.InDelta(t, want, answer["code"], 0)
	}
	require.Equal(t, []voicetest.Call{{User: "alice", Number: "13800000001", Text: "x"}}, esb.Calls())
	require.Equal(t, 2, esb.Attempts())
}

// How the component reads what is behind dest_url, and what it sends there.
func TestDest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		answer string
		code   int
	}{
		{"good", 200, `{"result":true,"data":{}}`, 0},
		{"no code", 200, `{"result":false,"data":{}}`, 1306000},
		{"own code", 200, `{"result":false,"code":5}`, 5},
		{"status", 201, `{"result":true,"data":{}}`, 1306201},
		{"404", 404, `{"result":true,"data":{}}`, 1306201},
		{"page", 200, `<html>`, 1306201},
		{"list", 200, `[]`, 1306201},
		{"null", 200, `null`, 1306201},
		{"no result", 200, `{"code":0}`, 1306000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			esb := recorded(t)
			esb.DestPath = "/voice/t?x=1"
			var got *http.Request
			var body map[string]any
			esb.Dest = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
					t.Error(err)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.answer))
			})
			_, answer := ask(t, esb, path, `{"bk_app_code":"tocsin_test","bk_app_secret":"SECRET","auto_read_message":"x",
				"user_list_information":[{"username":"alice","mobile_phone":"13800000001","nation_code":"81"}],"receiver__username":"bob"}`)
			require.InDelta(t, tt.code, answer["code"], 0)
			require.Equal(t, "/voice/t?x=1", got.RequestURI)
			require.Empty(t, got.Header.Get("Content-Type"))
			require.Len(t, got.Header.Get("X-Bkapi-Request-Id"), 32)
			require.Equal(t, map[string]any{
				"auto_read_message":     "x",
				"user_list_information": []any{map[string]any{"username": "alice", "mobile_phone": "13800000001"}},
				"receiver__username":    nil,
			}, body, "other keys are dropped")
			require.Empty(t, esb.Calls())
		})
	}
}

// A user who was not found makes a failure of a success, with its code.
func TestDestAndUnknownUsers(t *testing.T) {
	t.Parallel()
	esb := recorded(t)
	esb.Dest = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"result":true,"code":0,"data":{}}`))
	})
	_, answer := ask(t, esb, path, `{"bk_app_code":"tocsin_test","bk_app_secret":"SECRET","auto_read_message":"x","receiver__username":"alice,carol"}`)
	require.Equal(t, false, answer["result"])
	require.InDelta(t, 0, answer["code"], 0)
	require.Empty(t, answer["data"].(map[string]any)["username_check"].(map[string]any)["invalid"])
}

func TestPhones(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	phones.Script("1", voicetest.Busy(), voicetest.Answered())
	for _, want := range []voice.State{voice.RejectedTemporary, voice.Answered, voice.Answered} {
		require.Equal(t, want, phones.Dial(t.Context(), "1", "x").State)
	}
	require.Equal(t, "call-4", phones.Dial(t.Context(), "2", "y").ProviderID)
	require.Equal(t, []string{"1", "1", "1", "2"}, phones.Numbers())
	require.Equal(t, "y", phones.Calls()[3].Text)
	phones.Script("3", voicetest.Pressed("4"))
	require.Equal(t, "4", phones.Dial(t.Context(), "3", "").Key)
	phones.Script("4", voicetest.Panic("x"))
	require.Panics(t, func() { phones.Dial(t.Context(), "4", "") })
}

func TestPhonesRing(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "given")
	phones := &voicetest.Phones{Ring: func(ctx context.Context, c voicetest.Call) voice.Result {
		require.Equal(t, voicetest.Call{Number: "2", Text: "hello"}, c)
		require.Equal(t, "given", ctx.Value(key{}))
		return voice.Result{State: voice.NoAnswer}
	}}
	phones.Script("1", voicetest.Busy())
	require.Equal(t, voice.RejectedTemporary, phones.Dial(ctx, "1", "hello").State, "the script goes first")
	r := phones.Dial(ctx, "2", "hello")
	require.Equal(t, voice.NoAnswer, r.State)
	require.Equal(t, "call-2", r.ProviderID)
	require.Equal(t, []string{"1", "2"}, phones.Numbers())
}
