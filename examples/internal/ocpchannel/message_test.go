package ocpchannel

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/wecom"
)

// Whatever stands in OCP's text, both vendors take it, and a cut shows.
func TestMessagesFit(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"letters": "a", "Chinese": "界", "quotes": `"`, "backslashes": `\`, "line feeds": "x\n", "markup": "<&>", "emoji": "🔥", "separators": "x\u2028", "mentions": "<@a>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ocp.FromEnv([]string{"message=" + strings.Repeat(unit, 120<<10/len(unit)), "alarm_name=" + strings.Repeat(unit, 5000)})
			require.NoError(t, err)
			require.NoError(t, dingtalkMessage(p, "", alert.Chinese).Validate())
			require.NoError(t, wecomMessage(p, "", alert.Chinese).Validate())
			text := dingtalkMessage(p, "", alert.Chinese).(dingtalk.Markdown).Text
			require.True(t, strings.HasSuffix(text, "…（已截断）"))
			encoded, err := json.Marshal(text)
			require.NoError(t, err)
			require.Greater(t, len(encoded), 17_900, "no more is lost than must be")
			content := wecomMessage(p, "", alert.English).(wecom.Markdown).Content
			require.True(t, strings.HasSuffix(content, "… (cut)"))
			require.Greater(t, len(content), 4080)
			require.NotContains(t, content, "<@")
			require.True(t, utf8.ValidString(text+content))
		})
	}
}

func TestMessageAsItIs(t *testing.T) {
	t.Parallel()
	text := "### OCP\n- \"quoted\" `id` $(reboot)\t<b>\n"
	p, err := ocp.FromEnv([]string{"message=" + text + "\x1b\u202e\r"})
	require.NoError(t, err)
	require.Equal(t, dingtalk.Markdown{Title: "OCP 通道测试 (test)", Text: text}, dingtalkMessage(p, "", alert.Chinese))
	require.Equal(t, wecom.Markdown{Content: text}, wecomMessage(p, "", alert.Chinese))
	full := strings.Repeat("m", wecom.MaxMarkdown)
	p, err = ocp.FromEnv([]string{"message=" + full})
	require.NoError(t, err)
	require.Equal(t, wecom.Markdown{Content: full}, wecomMessage(p, "", alert.Chinese))
}

// What is said of the state is not cut off, and costs the text its room.
func TestFoot(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 120 << 10} {
		p, err := ocp.FromEnv([]string{"alarm_id=1", "message=" + strings.Repeat("m", n)})
		require.NoError(t, err)
		told := p.Alert()
		told.Summary += "\n状态文件不可用"
		below := foot(p, []alert.Alert{told})
		for _, message := range []interface{ Validate() error }{dingtalkMessage(p, below, alert.Chinese), wecomMessage(p, below, alert.Chinese)} {
			require.NoError(t, message.Validate())
			require.Contains(t, fmt.Sprint(message), "\n\n状态文件不可用")
		}
		require.Empty(t, foot(p, []alert.Alert{p.Alert()}))
	}
}
