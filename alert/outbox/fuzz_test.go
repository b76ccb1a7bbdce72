package outbox_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
