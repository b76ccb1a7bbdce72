package alerttest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func TestSenderAcceptsRightSenders(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "phone"} {
		t.Run("kind "+kind, func(t *testing.T) {
			t.Parallel()
			alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
				h, stop := newHarness(kind)
				t.Cleanup(stop)
				return h
			})
		})
	}
}

func TestSenderAcceptsRecorder(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, recorderHarness)
}

// recorderHarness shows how little a harness needs.
func recorderHarness(*testing.T) *alerttest.Harness {
	var r alerttest.Recorder
	return &alerttest.Harness{
		Sender:     &r,
		Messages:   func() int { return len(r.Calls()) },
		Delivered:  func() int { return len(r.Accepted()) },
		Hang:       r.Hang,
		OneMessage: true,
	}
}

// Each defect breaks one duty; the table says which checks notice.
func TestSenderFindsDefects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		defect string
		red    []string
	}{
		{"", nil},
		{"phone", nil},
		{"sends nothing", []string{"no alerts"}},
		{"ignores ended context", []string{"context ended before"}},
		{"hides context error", []string{"context ended before"}},
		{"uncertain without sending", []string{"context ended before"}},
		{"writes to alerts", []string{"alerts left as they were"}},
		{"reorders", []string{"alerts left as they were"}},
		{"writes to labels", []string{"alerts left as they were"}},
		{"appends", []string{"alerts left as they were"}},
		{"keeps a reference", []string{"no reference kept"}},
		{"refuses zero values", []string{"hostile alerts"}},
		{"panics on long text", []string{"hostile alerts"}},
		{"panics on unknown status", []string{"invalid alerts"}},
		{"panics with the secret", []string{"invalid alerts"}},
		{"loses one of many", []string{"counts add up"}},
		{"loses text", []string{"one alert", "no reference kept"}},
		{"one message an alert", []string{"one message of many alerts"}},
		{"loses what comes at once", []string{"concurrent use"}},
		{"ignores context", []string{"context ends while waiting"}},
		{"hides context error while waiting", []string{"context ends while waiting"}},
		{"repeats under Once", []string{"one attempt under Once"}},
		{"swallows errors", []string{
			"context ends while waiting", "refused for good", "refused for now", "outcome unknown",
			"far end unreachable", "one attempt under Once",
		}},
		{"always retryable", []string{"refused for good"}},
		{"never retryable", []string{"refused for now", "outcome unknown", "far end unreachable"}},
		{"knows too much", []string{"context ends while waiting", "outcome unknown"}},
		{"knows too little", []string{"refused for good", "refused for now", "far end unreachable"}},
		{"uncertain when unreachable", []string{"far end unreachable"}},
		{"partly accepted", []string{"refused for good", "refused for now", "far end unreachable"}},
		{"phone retryable", []string{"outcome unknown"}},
		{"calls twice", []string{"never twice"}},
		{"prints the secret", []string{"secrets"}},
	}
	for _, tt := range tests {
		t.Run(tt.defect, func(t *testing.T) {
			t.Parallel()
			red, texts := breaches(t, tt.defect)
			require.Equal(t, tt.red, red, texts)
			require.NotContains(t, texts, secret, "a report must not repeat the secret")
		})
	}
}

// A secret in an error is found wherever an error is seen.
func TestSenderFindsSecretsInErrors(t *testing.T) {
	t.Parallel()
	for _, defect := range []string{"secret in text", "secret in cause", "secret behind a pointer", "logs the secret"} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			red, texts := breaches(t, defect)
			require.Contains(t, red, "refused for good", texts)
			require.NotContains(t, texts, secret, "a report must not repeat the secret")
			require.Contains(t, texts, "secret 2 of 2")
		})
	}
}

// breaches runs every check and returns the names of those that failed and
// their reports.
func breaches(t *testing.T, defect string) (red []string, texts string) {
	t.Helper()
	for _, name := range alerttest.Names() {
		if defect == "writes to labels" && name == "concurrent use" {
			continue // a real race, which ends the process or the race detector's patience
		}
		synctest.Test(t, func(t *testing.T) {
			h, stop := newHarness(defect)
			defer stop()
			failures, _ := alerttest.Breaches(t.Context(), name, h)
			if len(failures) > 0 {
				red = append(red, name)
			}
			for _, f := range failures {
				texts += name + ": " + f + "\n"
			}
		})
	}
	return red, texts
}

func TestSenderNamesMissingHooks(t *testing.T) {
	t.Parallel()
	hooks := map[string]string{
		"counts add up":              "Delivered",
		"one message of many alerts": "OneMessage",
		"no reference kept":          "Saw",
		"context ends while waiting": "Hang",
		"refused for good":           "Refuse",
		"refused for now":            "Busy",
		"outcome unknown":            "Break",
		"far end unreachable":        "Unreachable",
		"one attempt under Once":     "Busy",
		"never twice":                "NeverTwice",
		"secrets":                    "Secrets",
	}
	for _, name := range alerttest.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures, skipped := alerttest.Breaches(t.Context(), name, &alerttest.Harness{Sender: new(alerttest.Recorder)})
			require.Equal(t, hooks[name], skipped)
			require.Empty(t, failures)
		})
	}
}
