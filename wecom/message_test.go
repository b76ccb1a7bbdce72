package wecom_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

func TestPost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fixture string
		message func(t *testing.T) wecom.Message
	}{
		{"req_text.json", text("req_text.json", wecom.Text{})},
		{"req_text_mention.json", text("req_text_mention.json", wecom.Text{
			Mentions: []string{"zhangwei", "@all"}, Mobiles: []string{"13800000001"},
		})},
		{"req_text_2048_bytes.json", text("req_text_2048_bytes.json", wecom.Text{})},
		{"req_markdown.json", markdown("req_markdown.json")},
		{"req_markdown_4096_bytes.json", markdown("req_markdown_4096_bytes.json")},
	}
	for _, tt := range tests {
		t.Run(tt.fixture, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			require.NoError(t, robot.Post(t.Context(), tt.message(t)))
			require.Len(t, server.Messages(), 1)
			got := server.Messages()[0].Body
			require.JSONEq(t, string(fixture(t, tt.fixture)), string(got))
			require.NotContains(t, string(got), `\u003c`, "markup is not escaped")
			require.False(t, strings.HasSuffix(string(got), "\n"))
		})
	}
}

// text returns a message with the content of a fixture.
func text(name string, m wecom.Text) func(*testing.T) wecom.Message {
	return func(t *testing.T) wecom.Message {
		m.Content = content(t, name, "text")
		return m
	}
}

func markdown(name string) func(*testing.T) wecom.Message {
	return func(t *testing.T) wecom.Message {
		return wecom.Markdown{Content: content(t, name, "markdown")}
	}
}

func TestPostRaisedTextLimit(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &wecom.Options{TextLimit: 5120})
	server.TextLimit = 5120
	require.NoError(t, robot.Post(t.Context(), text("req_text_5120_bytes.json", wecom.Text{})(t)))
	require.ErrorContains(t, robot.Post(t.Context(), text("req_text_5121_bytes.json", wecom.Text{})(t)),
		"text.content: 5121 bytes, limit 5120 bytes")
	require.Equal(t, 1, server.Attempts())
}

func TestPostRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name    string
		message wecom.Message
		want    string
	}{
		{"nil", nil, "message: is nil"},
		{"text over limit", text("req_text_2049_bytes.json", wecom.Text{})(t), "text.content: 2049 bytes, limit 2048 bytes"},
		{"markdown over limit", markdown("req_markdown_4097_bytes.json")(t), "markdown.content: 4097 bytes, limit 4096 bytes"},
		{"not UTF-8, within the limit before it is replaced", wecom.Markdown{Content: long(4094) + "\xff\n"}, "markdown.content: 4098 bytes"},
		{"empty text", wecom.Text{}, "text.content: is empty"},
		{"empty markdown", wecom.Markdown{}, "markdown.content: is empty"},
		{"bad userid", wecom.Text{Content: "x", Mentions: []string{"@all", "a b"}}, "text.mentioned_list[1]: not a userid"},
		{"bad mobile", wecom.Text{Content: "x", Mobiles: []string{"@all", "+8613800000001", "call me"}}, "text.mentioned_mobile_list[2]: not a mobile number"},
		{"short mobile", wecom.Text{Content: "x", Mobiles: []string{"1234"}}, "text.mentioned_mobile_list[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			err := robot.Post(t.Context(), tt.message)
			require.ErrorContains(t, err, "wecom: send: "+tt.want)
			e, ok := errors.AsType[*wecom.Error](err)
			require.True(t, ok)
			require.False(t, e.Retryable())
			require.Equal(t, wecom.ClassFix, e.Class())
			field, ok := errors.AsType[*wecom.FieldError](err)
			require.True(t, ok)
			require.False(t, field.Retryable())
			require.Zero(t, server.Attempts())
		})
	}
}

func TestPostReplacesWhatIsNotUTF8(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Post(t.Context(), wecom.Text{Content: "a\xff\xfeb\u2028\x00\"\\\r\n\t"}))
	require.Equal(t, "a\uFFFDb\u2028\x00\"\\\r\n\t", server.Messages()[0].Content)
}
