package outbox_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// Orders never mean everything unless they say so.
func FuzzReadSelection(f *testing.F) {
	f.Add([]byte(`{"numbers":[1,2]}`))
	f.Add([]byte(`{"all":true}`))
	f.Add([]byte(`{"numbers":null,"all":false}`))
	f.Add([]byte(`{"olderThan":"1h"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := outbox.ReadSelection(bytes.NewReader(body))
		if err == nil && len(s.Numbers) == 0 && s.OlderThan <= 0 {
			require.Contains(t, strings.ToLower(string(body)), "true")
		}
	})
}

// Whatever a route is called, each line of the page is one sample or a comment.
func FuzzMetrics(f *testing.F) {
	line := regexp.MustCompile(`^(# (HELP|TYPE) tocsin_\w+ [^\n]+|tocsin_\w+(\{\w+="([^"\\\n]|\\["\\n])*"(,\w+="([^"\\\n]|\\["\\n])*")*\})? [0-9.e+-]+)$`)
	f.Add("chat")
	f.Add("a \"b\\\n\xff{},=")
	f.Fuzz(func(t *testing.T, route string) {
		b, err := outbox.Open(outbox.NewMemoryStore(), nil)
		require.NoError(t, err)
		if b.Route(route, new(alerttest.Recorder), nil) != nil {
			return
		}
		require.NoError(t, b.Send(t.Context(), alert.Alert{}))
		var page bytes.Buffer
		require.NoError(t, b.WriteMetrics(t.Context(), &page))
		require.True(t, utf8.Valid(page.Bytes()))
		for text := range strings.Lines(page.String()) {
			require.Regexp(t, line, strings.TrimSuffix(text, "\n"))
		}
	})
}
