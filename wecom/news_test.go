package wecom_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// TestNewsCut shows that what the vendor would cut in silence is cut before,
// between characters and for all to see.
func TestNewsCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string // of the title, whose limit is 128 bytes
	}{
		{"at the limit", strings.Repeat("x", 128), strings.Repeat("x", 128)},
		{"over the limit", strings.Repeat("x", 129), strings.Repeat("x", 125) + "…"},
		{"Chinese at the limit", "ab" + strings.Repeat("告", 42), "ab" + strings.Repeat("告", 42)},
		{"Chinese", strings.Repeat("告", 43), strings.Repeat("告", 41) + "…"},
		{"emoji", strings.Repeat("💔", 33), strings.Repeat("💔", 31) + "…"},
		{"not UTF-8", strings.Repeat("\xff", 1000) + "x", "\uFFFDx"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			m := wecom.News{Articles: []wecom.Article{{
				Title: tt.in, Description: strings.Repeat(tt.in, 4) + "tail", URL: "https://ops.example.com/",
			}}}
			require.NoError(t, robot.Post(t.Context(), m))
			require.Equal(t, tt.in, m.Articles[0].Title, "the message stays as it is")
			var body struct{ News wecom.News }
			require.NoError(t, json.Unmarshal(server.Messages()[0].Body, &body))
			a := body.News.Articles[0]
			require.Equal(t, tt.want, a.Title)
			require.LessOrEqual(t, len(a.Description), 512)
			require.True(t, strings.HasSuffix(a.Description, "…") || strings.HasSuffix(a.Description, "tail"))
			if strings.HasSuffix(a.Description, "…") {
				require.Greater(t, len(a.Description), 512-4, "no more is cut than needed")
			}
		})
	}
}
