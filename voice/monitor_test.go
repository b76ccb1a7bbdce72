package voice_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// behind returns a stand-in of the component with our handler behind it, and
// the phones behind that.
func behind(t *testing.T, opts voice.HandlerOptions) (*voicetest.ESB, *voicetest.Phones) {
	t.Helper()
	esb, phones := voicetest.NewESB(t), &voicetest.Phones{}
	esb.Dest, esb.DestPath = newHandler(t, phones, opts), "/voice/"+token
	return esb, phones
}

// monitor asks the component as bk-monitor does: names, no numbers, the
// credentials in the header.
func monitor(t *testing.T, esb *voicetest.ESB, names any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"receiver__username": names, "auto_read_message": "db-01 disk full", "bk_username": "admin"})
	require.NoError(t, err)
	creds, err := json.Marshal(map[string]string{"bk_app_code": esb.AppCode, "bk_app_secret": esb.AppSecret, "bk_username": "admin"})
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/api/c/compapi/v2/cmsi/send_voice_msg/", strings.NewReader(string(text)))
	r.Header.Set("x-bkapi-authorization", string(creds))
	r.Header.Set("X-Bk-Tenant-Id", "system")
	w := httptest.NewRecorder()
	esb.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	return w.Body.Bytes()
}

// What bk-monitor sends and reads, rule by rule.
func TestMonitorSendsNamesOnly(t *testing.T) {
	t.Parallel()
	for _, names := range []any{"alice,bob", []string{"alice", "bob"}, "alice;bob", `["alice", "bob"]`, "alice bob"} {
		esb, phones := behind(t, voice.HandlerOptions{})
		require.True(t, storedAsSent(monitor(t, esb, names)), names)
		require.Equal(t, []string{numberA, numberB}, phones.Numbers())
	}
}

func TestMonitorReadsResultFalseWithCode0AsSuccess(t *testing.T) {
	t.Parallel()
	require.True(t, storedAsSent(fixture(t, "esb_response_trap_false_code0.json")), "that is the trap")
	require.NotEmpty(t, checkAnswer(200, fixture(t, "esb_response_trap_false_code0.json")))
	esb, phones := behind(t, voice.HandlerOptions{})
	phones.Script(numberA, voicetest.Wrong())
	answer := monitor(t, esb, "alice")
	require.False(t, storedAsSent(answer), "%s", answer)
}

func TestMonitorFailsOnDataThatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"esb_response_trap_data_null.json", "esb_response_trap_data_string.json"} {
		require.False(t, storedAsSent(fixture(t, name)), "that is the trap")
		require.NotEmpty(t, checkAnswer(200, fixture(t, name)))
	}
	esb, _ := behind(t, voice.HandlerOptions{})
	answer := monitor(t, esb, "alice")
	require.True(t, storedAsSent(answer))
	require.NotEmpty(t, decoded(t, answer)["data"].(map[string]any)["msg_id"])
}

// Users whom the component does not know make the notice a failure, which the
// component alone would tell with a code of success.
func TestMonitorHearsOfUsersWhoWereNotFound(t *testing.T) {
	t.Parallel()
	esb, phones := behind(t, voice.HandlerOptions{})
	answer := monitor(t, esb, "alice,nobody")
	require.False(t, storedAsSent(answer), "%s", answer)
	require.Contains(t, decoded(t, answer)["message"], "nobody is not a BlueKing user")
	require.Equal(t, []string{numberA}, phones.Numbers())
	require.Empty(t, decoded(t, answer)["data"].(map[string]any)["username_check"].(map[string]any)["invalid"], "never filled then")
}

// Its result is for the whole group: who was reached stands in our details.
func TestMonitorStoresOneResultForTheGroup(t *testing.T) {
	t.Parallel()
	esb, phones := behind(t, voice.HandlerOptions{})
	phones.Script(numberB, voicetest.Busy())
	answer := monitor(t, esb, "alice,bob")
	require.False(t, storedAsSent(answer))
	require.Equal(t, "alice accepted, bob rejected_temporary", described(decoded(t, answer)))
}

// In its serial mode the order of the list means something.
func TestMonitorSerialMode(t *testing.T) {
	t.Parallel()
	esb, phones := behind(t, voice.HandlerOptions{Serial: true})
	phones.Script(numberA, voicetest.Unanswered())
	phones.Script(numberB, voicetest.Answered())
	_ = monitor(t, esb, "alice,bob,dave")
	require.Equal(t, []string{numberA, numberB}, phones.Numbers())
}

// Its text has no limit that one could count on.
func TestMonitorSendsLongTexts(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	serve(t, newHandler(t, phones, voice.HandlerOptions{}), posting(body(strings.Repeat("长", 50000), "alice:"+numberA)))
	require.Len(t, []rune(phones.Calls()[0].Text), 100)
}

// It waits 60 s and the component 30 s: a slow gateway must not turn into a
// call that may ring.
func TestMonitorIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		esb, phones := behind(t, voice.HandlerOptions{})
		release := make(chan struct{})
		phones.Script(numberA, voicetest.Until(release))
		begin := time.Now()
		require.True(t, storedAsSent(monitor(t, esb, "alice")))
		require.Less(t, time.Since(begin), 30*time.Second)
		close(release)
		synctest.Wait()
	})
}

// bk-ci posts to the path of v1, with the credentials in body and header, and
// reads code as an integer.
func TestCI(t *testing.T) {
	t.Parallel()
	esb, phones := behind(t, voice.HandlerOptions{})
	text, err := json.Marshal(map[string]any{
		"bk_app_code": esb.AppCode, "bk_app_secret": esb.AppSecret, "bk_username": "admin",
		"receiver__username": "alice", "auto_read_message": "build failed",
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	esb.ServeHTTP(w, httptest.NewRequest("POST", "/api/c/compapi/cmsi/send_voice_msg/", strings.NewReader(string(text))))
	var answer struct {
		Code    int            `json:"code"`
		Message string         `json:"message"`
		Data    map[string]any `json:"data"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Zero(t, answer.Code)
	require.Equal(t, "build failed", phones.Calls()[0].Text)
}
