//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// The procedure by which people try a channel, from end to end and with the
// programs themselves: ocp-push pushes an alarm, OCP runs the script of its
// channel, and the groups get a card. After the elimination period they get the
// recovery, which nobody pushes.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "bash")
	ding, wecom := newDingtalk(t, nil), newWecom(t, nil)
	n := newNode(t, build(t), "dingtalk-url = "+ding.url, "wecom-url = "+wecom.url)
	server := ocptest.NewServer(t)
	server.Rules = map[string]ocptest.Rule{"disk_full": {Title: "磁盘空间不足", Level: 2, Description: "${alert_summary}"}}
	messages := 0
	server.Channel = func(environ []string) {
		messages++
		n.run(t, append(environ, "PATH=/usr/bin:/bin")...).requireSent(t)
	}

	push := filepath.Join(t.TempDir(), "ocp-push")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", push, "../ocp-push").CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, cancel := context.WithTimeout(t.Context(), 3*ocpPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, push, "-type", "disk_full", "-target", "host=db-1", "-description", "91% of 100 GB")
	cmd.Env = append(os.Environ(), "TOCSIN_OCP_URL="+server.Listen(t), "TOCSIN_OCP_USER="+server.User, "TOCSIN_OCP_PASSWORD="+server.Password)
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "accepted: disk_full host=db-1\n", string(out))

	require.Equal(t, 1, messages)
	server.Advance(10 * time.Minute) // nobody pushes it again
	require.Equal(t, 2, messages)
	for _, texts := range [][]string{ding.got(t), wecom.got(t)} {
		require.Len(t, texts, 2)
		for i, want := range []string{"告警通知", "恢复通知"} {
			require.Contains(t, texts[i], want)
			require.Contains(t, texts[i], "磁盘空间不足")
			require.Contains(t, texts[i], "91% of 100 GB")
			require.Contains(t, texts[i], "严重")
			require.NotContains(t, texts[i], "hush")
		}
	}
}
