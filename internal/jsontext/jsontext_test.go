package jsontext_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/jsontext"
)

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, s, want string }{
		{"empty", "", `""`},
		{"plain", "disk 91%", `"disk 91%"`},
		{"markup stays", `<font color="x">&</font>`, `"<font color=\"x\">&</font>"`},
		{"control", "\x00\x1f\n\r\t\\/\x7f", `"\u0000\u001f\n\r\t\\/` + "\x7f\""},
		{"beyond ASCII", "告警\u2028💔", "\"告警\u2028💔\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, string(jsontext.AppendString(nil, tt.s)))
			require.Equal(t, "x"+tt.want, string(jsontext.AppendString([]byte("x"), []byte(tt.s))))
			require.True(t, json.Valid([]byte(tt.want)))
		})
	}
}

// FuzzAppendString compares the encoder with encoding/json.
func FuzzAppendString(f *testing.F) {
	f.Add("\x00\x1f\"\\/<>&\u2028\x7f💔\r\n\t")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "\uFFFD")
		encoded := jsontext.AppendString(nil, s)
		var got string
		require.NoError(t, json.Unmarshal(encoded, &got))
		require.Equal(t, s, got)
		require.True(t, utf8.Valid(encoded))
	})
}

func ExampleAppendString() {
	fmt.Printf("%s\n", jsontext.AppendString(nil, `<a href="x">`))
	// Output: "<a href=\"x\">"
}

// BenchmarkAppendString compares the encoder with its floor, a copy, and with
// encoding/json.
func BenchmarkAppendString(b *testing.B) {
	s := strings.Repeat("告警 <font color=\"info\">disk</font>\n", 100)
	b.Run("floor", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			dst = append(dst[:0], s...)
		}
	})
	b.Run("tocsin", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			dst = jsontext.AppendString(dst[:0], s)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		var dst bytes.Buffer
		encoder := json.NewEncoder(&dst)
		encoder.SetEscapeHTML(false)
		for b.Loop() {
			dst.Reset()
			_ = encoder.Encode(s)
		}
	})
}
