package relaying

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// fixture is a callback under the testdata of the program, or of the package that
// reads it.
func fixture(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../relay/testdata", name))
	if os.IsNotExist(err) {
		text, err = os.ReadFile(filepath.Join("../../../aliyun/testdata/fixtures", name))
	}
	require.NoError(t, err)
	return string(text)
}

// What each callback becomes in a group. The callbacks of a row are posted one
// after the other. Each is answered 200 and makes one message with the given words;
// "!" stands before what it must not contain. No words mean no message.
func TestCallbacksReachTheGroup(t *testing.T) {
	t.Parallel()
	type post struct {
		file  string
		words []string
	}
	for _, tt := range []struct {
		name  string
		posts []post
	}{
		{"event", []post{{"event-2020-cfw-dryrun.json", []string{"告警通知", "InternetBandwidthThresholdExceeded", "cn-hangzhou"}}}},
		{"threshold", []post{{"threshold-2023-apigateway-alert.form", []string{"告警通知", "API网关_返回码5XX个数"}}}},
		{"threshold over", []post{{"threshold-2019-sitemonitor-ok.form", []string{"恢复通知", "test-独立报警状态码", "!告警通知"}}}},
		{"one firewall, two objects under attack", []post{
			{"event-waf-attack-shop.json", []string{"告警通知", "wafv3_event_aclattack", "epa-shop-ecs"}},
			{"event-waf-attack-pay.json", []string{"告警通知", "wafv3_event_aclattack", "epa-pay-ecs"}},
		}},
		{"what cannot be read", []post{
			{"other-mns-push.json", []string{"告警通知", "TopicName", "MessageId", "!hush", "!to-the-relay"}},
			{"other-mns-push.json", nil},
		}},
		{"a machine that was stopped is not recovered", []post{
			{"t2-e06-ecs-failstop-executing.json", []string{"告警通知", "Instance:SystemFailure.Stop:Executing", "!恢复"}},
			{"t2-e07-ecs-failstop-executed.json", []string{"告警通知", "Instance:SystemFailure.Stop:Executed", "!恢复"}},
		}},
		{"event subscription", []post{
			{"t2-s01-rds-failure-start.json", []string{"告警通知", "Instance_Failure_Start", "orders-db"}},
			{"t2-s02-rds-failure-end.json", []string{"恢复通知", "Instance_Failure_End", "orders-db"}},
		}},
		{"CloudMonitor 2.0", []post{
			{"cms2-occurred.json", []string{"告警通知", "ECS CPU usage is high", "api-server", "[查看](https://cmsnext.console.aliyun.com/history)"}},
			{"cms2-persistent.json", []string{"告警通知", "ECS CPU usage is high"}},
			{"cms2-resolved.json", []string{"恢复通知", "ECS CPU usage is high"}},
		}},
		{"log service", []post{
			{"sls-firing.json", []string{"告警通知", "5xx over 10", "critical"}},
			{"sls-resolved.json", []string{"恢复通知", "5xx over 10"}},
		}},
		{"ARMS", []post{
			{"arms-firing.json", []string{"告警通知", "pod memory", "[查看](https://alerts.console.aliyun.com/#/alarm/alert/detail/2848)"}},
			{"arms-resolved.json", []string{"恢复通知"}},
		}},
		{"EventBridge", []post{{"cloudevent-agent-stopped.json", []string{"告警通知", "Agent_Status_Stopped"}}}},
		{"a test from the console", []post{{"t2-e11-resource-id-placeholder.json", []string{"【测试】", "Instance:PreemptibleInstanceInterruption"}}}},
		{"the same event again", []post{
			{"event-waf-attack-shop.json", []string{"epa-shop-ecs"}},
			{"event-waf-attack-shop.json", nil},
			{"event-waf-attack-pay.json", []string{"epa-pay-ecs"}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			group := newRobot(t, nil)
			p := launch(t, "-wecom-url", group.url, "-wecom-rate", "0", "-callback-secret", testSecret)
			for i, post := range tt.posts {
				code, _ := p.callback(t, testSecret, fixture(t, post.file))
				require.Equal(t, 200, code, post.file)
				if len(post.words) > 0 {
					requireWords(t, group.next(t), post.words)
				}
				require.Empty(t, group.messages, "after post %d", i+1)
			}
			require.Equal(t, 0, p.stop(t))
			require.Empty(t, group.messages)
		})
	}
}

// requireWords holds a message against words, as the table above writes them.
func requireWords(t *testing.T, message string, words []string) {
	t.Helper()
	for _, word := range words {
		if word[0] == '!' {
			require.NotContains(t, message, word[1:])
		} else {
			require.Contains(t, message, word)
		}
	}
}

// Two accounts that have rules of the same name are told apart, also on the card. A
// secret may come in the path or in a header.
func TestAccounts(t *testing.T) {
	t.Parallel()
	const prod, trial = "prod-secret-hush", "trial-secret-hush"
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-wecom-rate", "0", "-locale", "en", "-callback-secret", "生产="+prod, "-callback-secret", testSecret+",trial="+trial)
	for _, tt := range []struct {
		path, header string
		words        []string
	}{
		{prod, "", []string{"生产"}},
		{trial, "", []string{"trial"}},
		{testSecret, "", []string{"!生产", "!trial"}},
		{prod, "", nil}, // a repetition
	} {
		code, _ := p.callback(t, tt.path, fixture(t, "event-waf-attack-shop.json"), "Authorization", tt.header)
		require.Equal(t, 200, code)
		if tt.words != nil {
			requireWords(t, group.next(t), append(tt.words, "epa-shop-ecs"))
		}
	}
	for _, header := range []string{"Bearer " + trial, "bearer " + prod} {
		code, _ := p.callback(t, "", fixture(t, "event-waf-attack-pay.json"), "Authorization", header)
		require.Equal(t, 200, code)
		require.Contains(t, group.next(t), "epa-pay-ecs")
	}
	code, _ := p.callback(t, "", fixture(t, "event-waf-attack-pay.json"), "Authorization", "Bearer guess-hush")
	require.Equal(t, 404, code)
	require.Equal(t, 0, p.stop(t))
	require.Empty(t, group.messages)
	require.Contains(t, p.out.String(), "Callback URL of account 生产: http://"+p.addr+"/aliyun/ and its secret\n")
	require.NotContains(t, p.printed(), "hush")
}

// The command on the page, with a secret in a header, as anybody would type it.
func TestDocumentedBearer(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "curl")
	page, err := os.ReadFile("../../../docs/aliyun.md")
	require.NoError(t, err)
	_, block, _ := strings.Cut(string(page), "<!-- run by TestDocumentedBearer -->\n```sh\n")
	command, _, found := strings.Cut(block, "```")
	require.True(t, found)
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-callback-secret", "prod="+testSecret)
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(command, "127.0.0.1:8080", p.addr))
	cmd.Dir, cmd.Env = "../../..", append(os.Environ(), "SECRET="+testSecret, "no_proxy=*")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, group.next(t), "InternetBandwidthThresholdExceeded")
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.printed(), "hush")
}
