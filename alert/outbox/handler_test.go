package outbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// forGood is refused for good.
type forGood struct{}

func (forGood) Error() string   { return "refused" }
func (forGood) Retryable() bool { return false }

// ask asks a handler.
func ask(t *testing.T, h http.Handler, method, target, body string, header ...string) (int, map[string]any) {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	answer := make(map[string]any)
	if w.Header().Get("Content-Type") == "application/json" {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
	return w.Code, answer
}

// withDead returns an outbox with three dead letters and one alert that waits.
func withDead(t *testing.T) *outbox.Outbox {
	t.Helper()
	var far alerttest.Recorder
	for range 5 { // all, two of them, and each
		far.Fail(forGood{})
	}
	far.Fail(errors.New("later"))
	b := newBox(t, &far, nil)
	require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "a"}, alert.Alert{Name: "b"}, alert.Alert{Name: "c"}))
	stop := run(t, b)
	<-time.After(time.Minute)
	require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "d"}))
	<-time.After(500 * time.Millisecond)
	stop()
	return b
}

func TestHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := withDead(t)
		h := b.Handler()
		status, answer := ask(t, h, "GET", "/", "")
		require.Equal(t, http.StatusOK, status)
		stats, _ := json.Marshal(answer["stats"])
		require.JSONEq(t, `{"accepted":4,"repeated":0,"routes":{"route":{"messages":6,"delivered":0,"retried":6,"dead":3,"stuck":0}}}`, string(stats))
		store, ok := answer["store"].([]any)[0].(map[string]any)
		require.True(t, ok)
		require.InDelta(t, 3, store["dead"], 0)
		require.InDelta(t, 1, store["waiting"], 0)
		require.InDelta(t, 3, store["consecutiveFailures"], 0)
		require.NotEmpty(t, store["oldestDead"])

		status, answer = ask(t, h, "GET", "/routes/route/dead?limit=2", "")
		require.Equal(t, http.StatusOK, status)
		list, ok := answer["alerts"].([]any)
		require.True(t, ok)
		require.Len(t, list, 2)
		first, ok := list[0].(map[string]any)
		require.True(t, ok)
		require.Equal(t, "refused", first["cause"])
		require.Equal(t, "refused", first["error"])

		_, answer = ask(t, h, "GET", "/routes/route/pending", "")
		require.Len(t, answer["alerts"], 1)
		_, answer = ask(t, h, "POST", "/routes/route/drop", fmt.Sprintf(`{"numbers":[%v]}`, first["number"]))
		require.Equal(t, map[string]any{"alerts": 1.0}, answer)
		_, answer = ask(t, h, "POST", "/routes/route/requeue", `{"all":true}`)
		require.Equal(t, map[string]any{"alerts": 2.0}, answer)
		_, answer = ask(t, h, "GET", "/routes/route/pending", "")
		require.Len(t, answer["alerts"], 3)
	})
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
	}{
		{"unknown page", "GET", "/nonsense", "", nil, http.StatusNotFound},
		{"unknown route", "GET", "/routes/nonsense/dead", "", nil, http.StatusNotFound},
		{"wrong method", "GET", "/routes/route/drop", "", nil, http.StatusMethodNotAllowed},
		{"bad number", "GET", "/routes/route/dead?after=x", "", nil, http.StatusBadRequest},
		{"negative number", "GET", "/routes/route/dead?limit=-1", "", nil, http.StatusBadRequest},
		{"no body", "POST", "/routes/route/drop", "", nil, http.StatusUnsupportedMediaType},
		{"a form", "POST", "/routes/route/drop", `{"all":true}`, []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		{"another site", "POST", "/routes/route/drop", `{"all":true}`, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"not JSON", "POST", "/routes/route/drop", `{`, nil, http.StatusBadRequest},
		{"empty list", "POST", "/routes/route/drop", `{"numbers":[]}`, nil, http.StatusBadRequest},
		{"both", "POST", "/routes/route/drop", `{"numbers":[1],"all":true}`, nil, http.StatusBadRequest},
		{"unknown word", "POST", "/routes/route/drop", `{"number":[1],"all":true}`, nil, http.StatusBadRequest},
		{"another charset", "POST", "/routes/route/drop", `{"all":true}`, []string{"Content-Type", "application/json; charset=gbk"}, http.StatusUnsupportedMediaType},
		{"drop of old dead letters", "POST", "/routes/route/drop", `{"olderThan":"1h"}`, nil, http.StatusBadRequest},
		{"nothing selected", "POST", "/routes/route/pending/drop", `{}`, nil, http.StatusBadRequest},
		{"not a time", "POST", "/routes/route/pending/expire", `{"olderThan":"-1h"}`, nil, http.StatusBadRequest},
		{"all that is old", "POST", "/routes/route/pending/expire", `{"olderThan":"1h","all":true}`, nil, http.StatusBadRequest},
		{"drop elsewhere", "POST", "/routes/route/pending/drop", `{"all":true,"to":"x"}`, nil, http.StatusBadRequest},
		{"move to nowhere", "POST", "/routes/route/pending/move", `{"all":true}`, nil, http.StatusBadRequest},
		{"move to an unknown route", "POST", "/routes/route/pending/move", `{"all":true,"to":"x"}`, nil, http.StatusNotFound},
		{"move to itself", "POST", "/routes/route/pending/move", `{"all":true,"to":"route"}`, nil, http.StatusBadRequest},
		{"pause of some", "POST", "/routes/route/pause", `{"all":true}`, nil, http.StatusBadRequest},
		{"pause of an unknown route", "POST", "/routes/x/pause", `{}`, nil, http.StatusNotFound},
		{"long body", "POST", "/routes/route/drop", `{"numbers":[` + strings.Repeat("1,", 1<<16) + `1]}`, nil, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := withDead(t)
				status, _ := ask(t, b.Handler(), tt.method, tt.target, tt.body, tt.header...)
				require.Equal(t, tt.status, status)
				dead, err := b.Dead(t.Context(), "route", 0, 10)
				require.NoError(t, err)
				require.Len(t, dead, 3, "nothing was changed")
			})
		})
	}
}
