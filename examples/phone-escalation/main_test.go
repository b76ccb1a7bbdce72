package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

const (
	secret     = "0123456789abcdef-callbacks"
	phoneToken = "0123456789abcdef-phone"
	pageToken  = "0123456789abcdef-page"
)

// A scene is a group, a space of Pigeon and a database, and the program between
// them.
type scene struct {
	*clitest.Process

	group *wecomtest.Server
	space *pigeontest.Server
	env   []string
	args  []string
	url   string
}

func newScene(t *testing.T, args ...string) *scene {
	t.Helper()
	return newSceneAt(t, append([]string{"-public-url", "https://ops.example.com"}, args...)...)
}

// newSceneAt is newScene without a link in the group.
func newSceneAt(t *testing.T, args ...string) *scene {
	t.Helper()
	s := &scene{group: wecomtest.NewServer(t), space: pigeontest.NewServer(t)}
	s.env = []string{
		"TOCSIN_CALLBACK_SECRET=" + secret, "TOCSIN_PHONE_TOKEN=" + phoneToken, "TOCSIN_PIGEON_TOKEN=" + s.space.Token,
		"TOCSIN_WECOM_URL=" + s.group.Listen(t),
	}
	s.args = append([]string{
		"-listen", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "duty.db"), "-locale", "en", "-lease", "1s",
		"-pigeon-space", s.space.Listen(t),
		"-pigeon-callflow", pigeontest.CallFlowID, "-pigeon-guidance", pigeontest.GuidanceID,
	}, args...)
	s.start(t)
	return s
}

// start starts the program, also after it was killed.
func (s *scene) start(t *testing.T) {
	t.Helper()
	s.Process = clitest.Start(t, s.env, s.args...)
	s.url = s.Out.Await(t, `(https?://127\.0\.0\.1:\d+)/aliyun/`)
}

// callback posts a callback of CloudMonitor about a rule, and wants it accepted.
func (s *scene) callback(t *testing.T, rule, event, state, level string) {
	t.Helper()
	form, err := os.ReadFile("testdata/threshold.form")
	require.NoError(t, err)
	values, err := url.ParseQuery(string(form))
	require.NoError(t, err)
	values.Set("ruleId", rule)
	values.Set("alertName", rule)
	values.Set("transId", event)
	values.Set("alertState", state)
	values.Set("triggerLevel", level)
	require.Equal(t, http.StatusOK, s.post(t, s.url+"//aliyun//"+secret, values))
}

func (s *scene) post(t *testing.T, to string, values url.Values) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(values.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := new(http.Client).Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// heard waits until the group has heard a text, and returns its message.
func (s *scene) heard(t *testing.T, text string) string {
	t.Helper()
	message := ""
	require.Eventually(t, func() bool {
		for _, m := range s.group.Messages() {
			if strings.Contains(m.Content, text) {
				message = m.Content
			}
		}
		return message != ""
	}, clitest.Patience, 10*time.Millisecond, "the group did not hear %q; the log:\n%s", text, s.Errout)
	return message
}

// take presses the button of the page that a message leads to.
func (s *scene) take(t *testing.T, message, name string) {
	t.Helper()
	path := regexp.MustCompile(`\(https://ops\.example\.com(/take/\w+)\)`).FindStringSubmatch(message)
	require.NotNil(t, path, message)
	require.Eventually(t, func() bool { // it is known a moment after the message
		return s.post(t, s.url+path[1], url.Values{"name": {name}}) == http.StatusOK
	}, clitest.Patience, 10*time.Millisecond)
}

// The group hears at once, and whoever takes the problem by the link keeps the
// telephone quiet. Another problem, which nobody takes, is called about.
func TestTakenByLink(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "2s")
	s.callback(t, "taken", "1", "ALERT", "CRITICAL")
	s.take(t, s.heard(t, "taken"), "Zhang Wei")
	s.heard(t, "Zhang Wei has taken it")
	s.callback(t, "left", "2", "ALERT", "CRITICAL")
	require.Eventually(t, func() bool { return s.space.Placed() > 0 }, clitest.Patience, 10*time.Millisecond)
	require.Equal(t, 1, s.space.Placed())
	require.Contains(t, s.space.Chains()[0].Text, "left")
	require.NotContains(t, s.space.Chains()[0].Text, "taken")
	answer, err := new(http.Client).Get(s.url + "/healthz")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Zero(t, s.Stop(t, os.Interrupt))
	for _, hidden := range []string{secret, phoneToken, s.space.Token, s.group.Key} {
		require.NotContains(t, s.Errout.String(), hidden)
	}
}

// A subscription says TRIGGERED of the end of a failure, too, under another
// name and with another dedupId. No telephone rings after the recovery, while
// another problem, which began later, is called about.
func TestOverBeforeTheCall(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "3s")
	for _, file := range []string{"rds-failure-start.json", "rds-failure-end.json"} {
		body, err := os.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, s.post(t, s.url+"/aliyun/"+secret, url.Values{"data": {string(body)}}))
	}
	s.heard(t, "Instance_Failure_End")
	s.callback(t, "left", "2", "ALERT", "CRITICAL")
	require.Eventually(t, func() bool { return s.space.Placed() > 0 }, clitest.Patience, 10*time.Millisecond)
	require.Equal(t, 1, s.space.Placed())
	require.Contains(t, s.space.Chains()[0].Text, "left")
	require.NotContains(t, s.space.Chains()[0].Text, "Instance_Failure")
}

// A key pressed at the telephone takes the problem, and so the next step is not
// taken. The program was started anew before it could know.
func TestTakenByKey(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "1s", "-call", "Li=13800000001", "-call-after", "40s")
	s.space.Answer = func(pigeontest.Dial) pigeontest.Pickup { return pigeontest.Pressed("1") }
	s.callback(t, "fire", "1", "ALERT", "CRITICAL")
	require.Eventually(t, func() bool { return s.space.Placed() > 0 }, clitest.Patience, 10*time.Millisecond)
	s.space.Advance(10 * time.Minute)
	require.Zero(t, s.Stop(t, os.Interrupt))
	s.start(t)
	s.heard(t, "key 1 has taken it")
	require.Equal(t, 1, s.space.Placed())
}

// The last step rings people through a phone, where picking up takes the problem since
// nothing else can. Killed after the callback was answered, the program goes on where it
// was.
func TestTakenByPickingUp(t *testing.T) {
	t.Parallel()
	s := newSceneAt(t, "-pigeon-after", "1s", "-call", "Li=13800000001", "-call-after", "2s", "-severity", "critical")
	s.callback(t, "mild", "1", "ALERT", "WARN")
	s.callback(t, "fire", "2", "ALERT", "CRITICAL")
	s.Stop(t, os.Kill)
	s.start(t)
	phone := autocalltest.Connect(s.url+"/phone/"+phoneToken+"/alert/phone", &autocalltest.Options{
		PollInterval: 100 * time.Millisecond, StartDelay: -1,
		Dial: func(string, int) autocalltest.Reply {
			return autocalltest.Reply{Ring: 10 * time.Millisecond, Talk: time.Second}
		},
	})
	go func() { _ = phone.Run(t.Context()) }()
	message := s.heard(t, "has taken it")
	require.Contains(t, message, "Li (138")
	require.Contains(t, message, "no link is set up to take it")
	require.Len(t, phone.Calls(), 1)
	for _, m := range s.group.Messages() {
		require.NotContains(t, m.Content, "mild")
		require.NotContains(t, m.Content, "13800000001")
	}
}

// A call that cannot be made is told, and so is that the phone does not poll. A storm is
// one call, and the token that Pigeon refuses leads to the next step at once.
func TestStepsFail(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "1s", "-call", "Li=13800000001", "-call-after", "1h")
	s.space.Token = "another token"
	for _, problem := range []string{"one", "two", "three"} {
		s.callback(t, problem, problem, "ALERT", "CRITICAL")
	}
	s.heard(t, "Step pigeon told nobody: pigeon: invoke")
	require.Contains(t, s.heard(t, "Step autocall told nobody: no AutoCall phone polls"), "duty-phone last polled: never")
	require.Zero(t, s.space.Placed())
}

// A storm is one call.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "1s")
	for i := range 15 {
		problem := "problem-" + strconv.Itoa(i)
		s.callback(t, problem, problem, "ALERT", "CRITICAL")
	}
	s.heard(t, "problem-14")
	require.Eventually(t, func() bool { return s.space.Placed() > 0 }, clitest.Patience, 10*time.Millisecond)
	require.Equal(t, 1, s.space.Placed())
}

// Two teams on one database have their own alerts. Other steps under the name of a
// program that runs are refused.
func TestTeams(t *testing.T) {
	t.Parallel()
	one := newScene(t, "-pigeon-after", "1h")
	db := one.args[slices.Index(one.args, "-db")+1]
	two := newScene(t, "-pigeon-after", "2h", "-name", "night")
	two.Stop(t, os.Interrupt)
	two.args[slices.Index(two.args, "-db")+1] = db
	two.start(t)
	one.callback(t, "shared", "1", "ALERT", "CRITICAL")
	two.callback(t, "shared", "1", "ALERT", "CRITICAL")
	one.heard(t, "shared")
	two.heard(t, "shared")
}

// The page shows what was told when, to who knows its token, and a test call rings who is
// on duty through the program that runs.
func TestPageAndTestCall(t *testing.T) {
	t.Parallel()
	rota := filepath.Join(t.TempDir(), "rota")
	require.NoError(t, os.WriteFile(rota, []byte("zone UTC\nmon-sun 00:00-24:00 Wang\n"), 0o600))
	s := newScene(t, "-pigeon-after", "1h", "-call", "Li=13800000001,Wang=13800000002", "-rota", rota, "-page-token", pageToken)
	s.callback(t, "fire\u202e", "1", "ALERT", "CRITICAL")
	s.heard(t, "fire")
	page := func(token string) (int, string) {
		answer, err := new(http.Client).Get(s.url + "/incidents/" + token)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(body)
	}
	status, _ := page(phoneToken)
	require.Equal(t, http.StatusNotFound, status)
	require.Eventually(t, func() bool {
		_, body := page(pageToken)
		return strings.Contains(body, "<span>told</span>")
	}, clitest.Patience, 10*time.Millisecond)
	status, body := page(pageToken)
	require.Equal(t, http.StatusOK, status)
	for _, want := range []string{"fire", "nobody has taken it yet", "step taken", "On duty: <b>Wang</b>"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "\u202e")

	call := append([]string{"-test-call"}, "-db", s.args[slices.Index(s.args, "-db")+1], "-call", "Li=13800000001,Wang=13800000002", "-rota", rota)
	p := clitest.Start(t, nil, call...)
	require.Equal(t, 1, p.Wait(t), p.Printed())
	require.Contains(t, p.Errout.String(), "no AutoCall phone polls")
	phone := autocalltest.Connect(s.url+"/phone/"+phoneToken+"/alert/phone", &autocalltest.Options{
		PollInterval: 100 * time.Millisecond, StartDelay: -1,
		Dial: func(string, int) autocalltest.Reply {
			return autocalltest.Reply{Ring: 10 * time.Millisecond, Talk: 10 * time.Millisecond}
		},
	})
	go func() { _ = phone.Run(t.Context()) }()
	require.Eventually(t, func() bool {
		p = clitest.Start(t, nil, call...)
		return p.Wait(t) == 0
	}, clitest.Patience, 100*time.Millisecond)
	require.Contains(t, p.Out.String(), "AutoCall: on duty: Wang")
	require.Contains(t, p.Out.String(), "AutoCall: answered")
	require.NotContains(t, p.Printed(), "13800000002")
	require.Equal(t, "13800000002", phone.Calls()[0].Number)
}

// A test call through Pigeon says that it is one.
func TestPigeonTestCall(t *testing.T) {
	t.Parallel()
	space := pigeontest.NewServer(t)
	space.Answer = func(pigeontest.Dial) pigeontest.Pickup { return pigeontest.Pressed("1") }
	p := clitest.Start(t, []string{"TOCSIN_PIGEON_TOKEN=" + space.Token}, "-test-call", "-locale", "en",
		"-pigeon-space", space.Listen(t), "-pigeon-callflow", pigeontest.CallFlowID, "-pigeon-guidance", pigeontest.GuidanceID)
	require.Eventually(t, func() bool { return space.Placed() > 0 }, clitest.Patience, 10*time.Millisecond)
	space.Advance(10 * time.Minute)
	require.Zero(t, p.Wait(t), p.Printed())
	require.Contains(t, p.Out.String(), "acknowledged with key 1")
	require.Contains(t, space.Chains()[0].Text, "Test call, nothing has happened")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	robot := "-wecom-url=0a1b2c3d-0000-4000-8000-000000000000"
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nobody", nil, "nobody to tell"},
		{"name", []string{robot, "-name", "Team A"}, "-name"},
		{"page token", []string{robot, "-page-token", "short"}, "-page-token"},
		{"rota without people", []string{robot, "-rota", "rota"}, "-rota"},
		{"no such rota", []string{robot, "-call", "Li=13800000001", "-rota", "nowhere"}, "-rota"},
		{"nothing to rehearse", []string{robot, "-rehearse", "nowhere"}, "-rehearse"},
		{"nobody to test", []string{robot, "-test-call"}, "nobody to ring"},
		{"repeat", []string{robot, "-repeat", "5s"}, "at least a minute"},
		{"severity", []string{robot, "-severity", "loud"}, "-severity"},
		{"locale", []string{robot, "-locale", "fr"}, "-locale"},
		{"public URL", []string{robot, "-public-url", "ops.example.com"}, "-public-url"},
		{"db", []string{robot, "-db", "oracle://x"}, "-db"},
		{"time", []string{robot, "-call-after", "soon"}, "-call-after"},
		{"lease", []string{robot, "-lease", "1ms"}, "lease"},
		{"space without a token", []string{"-pigeon-space", "shibuya"}, "-pigeon-space"},
		{"space without a plan", []string{"-pigeon-space", "shibuya", "-pigeon-token", "0123456789abcdef"}, "-pigeon-callflow"},
		{"key", []string{"-pigeon-space", "shibuya", "-pigeon-token", "0123456789abcdef", "-pigeon-callflow", "a", "-pigeon-guidance", "b", "-pigeon-take", "12"}, "-pigeon-take"},
		{"number", []string{"-call", "Li=none"}, "-call"},
		{"phone token", []string{"-call", "Li=13800000001", "-phone-token", "short"}, "-phone-token"},
		{"rounds", []string{"-call", "Li=13800000001", "-phone-token", phoneToken, "-call-rounds", "99"}, "-call-rounds"},
		{"certificate without a key", []string{robot, "-tls-cert", "nowhere"}, "-tls-cert: needs -tls-key"},
		{"range", []string{robot, "-allow-cidr", "everybody"}, "-allow-cidr: entry 1"},
		{"proxy", []string{robot, "-trusted-proxy", "aliyun"}, "-trusted-proxy: entry 1"},
		{"secret", []string{robot, "-callback-secret", "a/b"}, "secret"},
		{"one secret for two accounts", []string{robot, "-callback-secret", "a=0123456789abcdef,b=0123456789abcdef"}, "-callback-secret: entry 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := clitest.Start(t, nil, tt.args...)
			require.Equal(t, 2, p.Wait(t), p.Printed())
			require.Contains(t, p.Errout.String(), tt.want)
			require.Equal(t, 1, strings.Count(p.Errout.String(), "\n"), p.Errout)
			require.Empty(t, p.Out.String())
		})
	}
	require.Contains(t, func() string { p := clitest.Start(t, nil, "-help"); p.Wait(t); return p.Out.String() }(), "-pigeon-after")
}

// An aggregated channel of OCP repeats itself every ten minutes, with other times
// and values: it rings once, and its recovery ends it.
func TestAggregatedChannelRingsOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "-pigeon-after", "1s")
	post := func(replaced ...string) {
		values := append(replaced, "alarm_id=2000040", "alarm_type=ob_tenant_active_sessions", "alarm_name=sessions", "alarm_level=严重", "alarm_status=告警中",
			"alarm_active_at=2025-06-06T15:03:06+08:00", "alarm_count=7", "alarm_group_by=alarm_type=ob_tenant_active_sessions,ob_cluster=demo", "ob_cluster=demo")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"//ocp//"+secret, strings.NewReader(ocptest.Render(ocp.Template, values)))
		require.NoError(t, err)
		answer, err := new(http.Client).Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, []string{`{"errcode":0,"errmsg":"ok"}`}, []string{string(text)}) // to the byte
	}
	post()
	message := s.heard(t, "sessions")
	require.Eventually(t, func() bool { return s.space.Placed() == 1 }, clitest.Patience, 10*time.Millisecond)
	s.take(t, message, "Zhang Wei")
	s.heard(t, "Zhang Wei has taken it")
	for i := range 6 {
		post(fmt.Sprintf("alarm_updated_at=2025-06-06T15:%d3:06+08:00", i), fmt.Sprint("value_shown=", 90+i), fmt.Sprint("message=again ", i), fmt.Sprint("alarm_id=200004", i))
	}
	post("alarm_status=已恢复", "alarm_resolved_at=2025-06-06T16:03:06+08:00", "message=over at last")
	s.heard(t, "over at last")
	require.Equal(t, 1, s.space.Placed())
	require.Zero(t, s.Stop(t, os.Interrupt))
	require.NotContains(t, fmt.Sprint(s.group.Messages()), "again 3", "a repetition is no news")
}
