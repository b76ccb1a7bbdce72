package autocall_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
)

// Whatever comes, the answer is a JSON object with a code, and neither a token
// nor a number that was sent comes back.
func FuzzHandler(f *testing.F) {
	for _, seed := range []struct{ method, path, query, model, body string }{
		{"GET", pathOf(token1), "", "MI 8", ""},
		{"GET", pathOf(token1) + "/", "token=x", "\xff\n", ""},
		{"POST", pathOf(token1), "resp=18700000001&mid=MID", "", ""},
		{"POST", pathOf(token1), "mid=MID", "", "mid=x"},
		{"POST", pathOf(token1), "resp=+8618700000001&mid=MID", "", "{}"},
		{"POST", pathOf(token1), "token=abc?resp=18700000001&mid=MID", "", ""},
		{"POST", pathOf(token1), "mid=%zz;&&==?", "", ""},
		{"DELETE", "//..//" + token1 + "/alert/phone", "", "", ""},
		{"GET", "/alert/phone", "", "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.model, seed.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, model, body string) {
		q := newQueue(t, nil)
		id := enqueue(t, q, autocall.Call{People: people(numberA, numberB)})
		h := newHandler(t, q, &autocall.HandlerOptions{PollInterval: -1})
		mid := next(t, q, "p1").Mid
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: strings.ReplaceAll(query, "MID", mid)}
		r.Header["Model"] = []string{model}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &object))
		require.Contains(t, object, "code")
		if string(object["code"]) == "0" && method == http.MethodGet {
			require.Equal(t, `["`+numberA+`"]`, string(object["phone"]))
			require.Equal(t, `"`+mid+`"`, string(object["mid"]))
		}
		require.NotContains(t, w.Body.String(), token1)
		s := get(t, q, id)
		require.True(t, s.State == autocall.Ringing || strings.Contains(query, "MID"), "ended without its mid")
		require.True(t, s.By == nil || s.By.Number == numberA)
	})
}
