package main

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
)

// Whatever comes in, nothing panics, and what is answered 200 was passed on
// alert by alert.
func FuzzWebhook(f *testing.F) {
	for _, name := range []string{"firing", "mixed", "arms"} {
		body, err := os.ReadFile("testdata/" + name + ".json")
		require.NoError(f, err)
		f.Add(string(body))
	}
	f.Add(`{"version":"4","alerts":[{"labels":{"severity":"\u0000"}},null],"truncatedAlerts":-1}`)
	f.Add(`{"version":"4"}{`)
	f.Fuzz(func(t *testing.T, body string) {
		var got alerttest.Recorder
		status := postBody(newHandler(&got, testToken, silent()), body, testToken)
		if status != http.StatusOK {
			require.Equal(t, http.StatusBadRequest, status)
			require.Empty(t, last(&got))
			return
		}
		var hook webhook
		_ = json.Unmarshal([]byte(body), &hook) // fails for what follows the object
		require.GreaterOrEqual(t, len(last(&got)), len(hook.Alerts))
		for _, a := range last(&got) {
			require.Equal(t, "alertmanager", a.Source)
		}
	})
}
