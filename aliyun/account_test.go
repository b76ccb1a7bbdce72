package aliyun_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

const (
	prodSecret  = "pr0d-secret_of.26~letters"
	stageSecret = "st4ge-secret_of.26~letters"
)

// accounts are two whose rules and instances have equal names.
func accounts() []aliyun.Account {
	return []aliyun.Account{{Name: "prod", Secret: prodSecret}, {Name: "测试环境", Secret: stageSecret}}
}

// withBearer sends an event with a header.
func withBearer(h http.Handler, path string, lines ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(`{"product":"p","name":"n","instanceName":"web-01"}`))
	for _, line := range lines {
		r.Header.Add("Authorization", line)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandlerAccounts(t *testing.T) {
	t.Parallel()
	const body = `{"product":"p","name":"n","instanceName":"web-01"}`
	sender := &recorder{}
	h, log := newHandler(t, sender, aliyun.Options{Accounts: accounts()})
	for _, s := range []string{secret, prodSecret, stageSecret, prodSecret} {
		require.Equal(t, 200, serve(h, "POST", "/aliyun/"+s, body).Code)
	}
	require.Equal(t, 404, serve(h, "POST", "/aliyun/"+prodSecret+stageSecret, body).Code)

	callback, err := aliyun.Parse("", []byte(body))
	require.NoError(t, err)
	require.Equal(t, callback.Alerts(), sender.alerts[:1], "the bare secret changes nothing")
	require.Equal(t, sender.alerts[1], sender.alerts[3])
	seen := map[string]bool{}
	for i, want := range []struct{ label, summary string }{{"", ""}, {"prod", "账号: prod"}, {"测试环境", "账号: 测试环境"}} {
		a := sender.alerts[i]
		require.Equal(t, want.label, a.Labels[aliyun.LabelAccount])
		require.Equal(t, want.summary, a.Summary)
		require.False(t, seen[a.ID] || seen[a.Key], "%s %s", a.ID, a.Key)
		seen[a.ID], seen[a.Key] = true, true
	}
	require.Contains(t, log.String(), "account=prod")
	leaktest.Check(t, []string{secret, prodSecret, stageSecret}, log.String(), sender.alerts)
}

// TestHandlerOneAccount: a name is a label; a card need not say it.
func TestHandlerOneAccount(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, err := aliyun.NewHandler(sender, "", &aliyun.Options{Accounts: accounts()[:1]})
	require.NoError(t, err)
	require.Equal(t, 200, serve(h, "POST", "/"+prodSecret, `{"product":"p","name":"n","status":"Failed"}`).Code)
	require.Equal(t, "prod", sender.alerts[0].Labels[aliyun.LabelAccount])
	require.Equal(t, "status: Failed", sender.alerts[0].Summary)
	require.Empty(t, sender.alerts[0].Key, "what has no identity gets none")
	require.Equal(t, 404, serve(h, "POST", "/", "{}").Code)
}

func TestHandlerAccountLocale(t *testing.T) {
	t.Parallel()
	for locale, want := range map[alert.Locale]string{alert.English: "Account: prod\nstatus: x", alert.Japanese: "アカウント: prod\nstatus: x"} {
		sender := &recorder{}
		h, _ := newHandler(t, sender, aliyun.Options{Accounts: accounts(), Locale: locale})
		serve(h, "POST", "/"+prodSecret, `{"product":"p","name":"n","status":"x"}`)
		require.Equal(t, want, sender.alerts[0].Summary)
	}
}

// TestHandlerAccountIdentity: whatever the names and the identities of the
// source look like, no two accounts share one.
func TestHandlerAccountIdentity(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	names := []string{"a", "a/event", "event", "名", "account", "account/a", "a b", strings.Repeat("n", 48)}
	var all []aliyun.Account
	for i, name := range names {
		all = append(all, aliyun.Account{Name: name, Secret: fmt.Sprintf("secret-of-the-number-%d", i)})
	}
	h, _ := newHandler(t, sender, aliyun.Options{Accounts: all})
	seen := map[string]bool{}
	for _, path := range append([]string{"/" + secret}, "/secret-of-the-number-0", "/secret-of-the-number-1", "/secret-of-the-number-2", "/secret-of-the-number-3",
		"/secret-of-the-number-4", "/secret-of-the-number-5", "/secret-of-the-number-6", "/secret-of-the-number-7") {
		for _, trans := range []string{"t", "a/t", strings.Repeat("t", 180)} {
			require.Equal(t, 200, serve(h, "POST", path, "alertState=ALERT&timestamp=1&transId="+trans).Code)
			a := sender.alerts[len(sender.alerts)-1]
			for _, identity := range []string{a.ID, a.Key} {
				require.False(t, seen[identity], identity)
				require.LessOrEqual(t, len(identity), 200)
				require.Regexp(t, `^[!-~]+$`, identity)
				seen[identity] = true
			}
		}
	}
}

func TestHandlerBearer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, header string
		status             int
		account            string
	}{
		{"mount point", "/aliyun", "Bearer " + prodSecret, 200, "prod"},
		{"mount point with slash", "/aliyun/", "bearer  " + prodSecret + " ", 200, "prod"},
		{"root", "/", "BEARER " + stageSecret, 200, "测试环境"},
		{"bare secret", "/aliyun", "Bearer " + secret, 200, ""},
		{"wrong path, right header", "/aliyun/guess", "Bearer " + prodSecret, 200, "prod"},
		{"right path, wrong header", "/aliyun/" + prodSecret, "Bearer guess", 200, "prod"},
		{"right path, header of another", "/aliyun/" + prodSecret, "Bearer " + stageSecret, 200, "prod"},
		{"right path, header of a gateway", "/aliyun/" + prodSecret, "Basic dXNlcjpwYXNz", 200, "prod"},
		{"wrong header", "/aliyun", "Bearer guess", 404, ""},
		{"empty header", "/aliyun/", "Bearer ", 404, ""},
		{"another scheme", "/aliyun", "Basic " + prodSecret, 404, ""},
		{"no scheme", "/aliyun", prodSecret, 404, ""},
		{"both secrets", "/aliyun", "Bearer " + prodSecret + stageSecret, 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sender := &recorder{}
			h, log := newHandler(t, sender, aliyun.Options{Accounts: accounts()})
			require.Equal(t, test.status, withBearer(h, test.path, test.header).Code)
			leaktest.Check(t, []string{secret, prodSecret, stageSecret}, log.String())
			require.NotContains(t, log.String(), "guess")
			if test.status == 200 {
				require.Equal(t, test.account, sender.alerts[0].Labels[aliyun.LabelAccount])
			} else {
				require.Empty(t, sender.alerts)
				require.Contains(t, log.String(), "wrong secret")
			}
		})
	}
	h, _ := newHandler(t, &recorder{}, aliyun.Options{})
	require.Equal(t, 200, withBearer(h, "/", "Basic x", "Bearer "+secret).Code, "a gateway may add a line of its own")
}

func TestNewHandlerRefusesAccounts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 49)
	tests := []struct {
		name, bare string
		accounts   []aliyun.Account
		says       string
	}{
		{"nothing", "", nil, "the secret must be"},
		{"long name", "", []aliyun.Account{{Name: long, Secret: prodSecret}}, "48 bytes"},
		{"two lines", "", []aliyun.Account{{Name: "a\nb", Secret: prodSecret}}, "one line"},
		{"blanks around", "", []aliyun.Account{{Name: " a", Secret: prodSecret}}, "one line"},
		{"not UTF-8", "", []aliyun.Account{{Name: "a\xff", Secret: prodSecret}}, "one line"},
		{"no secret", "", []aliyun.Account{{Name: "prod"}}, `account "prod": the secret must be`},
		{"bad secret", "", []aliyun.Account{{Name: "prod", Secret: prodSecret + "/"}}, `account "prod": the secret must be`},
		{"bad bare secret", "a/b", accounts(), "the secret must be"},
		{"short secret", "", []aliyun.Account{{Name: "prod", Secret: "fifteen-letters"}}, `account "prod": the secret must be at least 16`},
		{"secret twice", "", []aliyun.Account{{Name: "prod", Secret: prodSecret}, {Name: "b", Secret: prodSecret}}, `account "b": the secret is given twice`},
		{"bare secret twice", prodSecret, accounts(), `account "prod": the secret is given twice`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := aliyun.NewHandler(&recorder{}, test.bare, &aliyun.Options{Accounts: test.accounts})
			require.ErrorContains(t, err, "aliyun: new handler: ")
			require.ErrorContains(t, err, test.says)
			leaktest.Check(t, []string{prodSecret, stageSecret}, err)
		})
	}
}

// TestAccountsDoNotPrint: neither a Handler nor its Options show a secret.
func TestAccountsDoNotPrint(t *testing.T) {
	t.Parallel()
	opts := &aliyun.Options{Accounts: accounts()}
	h, err := aliyun.NewHandler(&recorder{}, secret, opts)
	require.NoError(t, err)
	leaktest.Check(t, []string{secret, prodSecret, stageSecret}, h)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "opts", opts, "account", opts.Accounts[0])
	leaktest.Check(t, []string{prodSecret, stageSecret}, log.String(), fmt.Sprintf("%v %+v %#v %s %x %d", opts, opts, opts, opts.Accounts, opts.Accounts, opts.Accounts))
	require.Contains(t, fmt.Sprintf("%+v", opts), "prod")
}

// TestLabelNames compares the constants with what the captures give.
func TestLabelNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{aliyun.LabelAccount: true}
	for _, name := range fixtures(t) {
		query, body := fixture(t, name)
		if c, err := aliyun.Parse(query, body); err == nil {
			for _, a := range c.Alerts() {
				for label := range a.Labels {
					seen[label] = true
				}
			}
		}
	}
	for _, name := range []string{aliyun.LabelUserID, aliyun.LabelGroupID, aliyun.LabelRuleName, aliyun.LabelMetricName, aliyun.LabelStrategyName} {
		require.True(t, seen[name], name)
	}
}

// TestHandlerSecretChanges: while the console has the old secret or the new one, the
// account is the same, and the log tells which of them was used.
func TestHandlerSecretChanges(t *testing.T) {
	t.Parallel()
	const body = `{"product":"p","name":"n","instanceName":"web-01"}`
	sender := &recorder{}
	h, log := newHandler(t, sender, aliyun.Options{Accounts: []aliyun.Account{{Name: "prod", Secret: prodSecret}, {Name: "prod", Secret: stageSecret}}})
	for i, s := range []string{prodSecret, stageSecret} {
		require.Equal(t, 200, serve(h, "POST", "/aliyun/"+s, body).Code)
		require.Contains(t, log.String(), fmt.Sprintf("account=prod secret=%d", i+1))
	}
	require.Equal(t, sender.alerts[0], sender.alerts[1])
	leaktest.Check(t, []string{prodSecret, stageSecret}, log.String(), sender.alerts)
}

// TestHandlerForgedRecovery: who knows the secret of one cloud account ends no problem
// of another, whatever form the callback has, and the attempt is told once.
func TestHandlerForgedRecovery(t *testing.T) {
	t.Parallel()
	sender := &recorder{}
	h, log := newHandler(t, sender, aliyun.Options{Accounts: []aliyun.Account{
		{Secret: prodSecret, UserIDs: []string{"111"}}, {Secret: stageSecret, UserIDs: []string{"222", "333"}},
	}})
	recovery := func(user string) string {
		return url.Values{"alertName": {"cpu"}, "alertState": {"OK"}, "userId": {user}, "ruleId": {"r1"}, "instanceName": {"web-01"}, "timestamp": {"1700000000000"}}.Encode()
	}
	old := func(user string) string {
		return url.Values{"alertName": {"cpu"}, "alertState": {"OK"}, "dimensions": {"{userId=" + user + ", instanceId=i-1}"}, "timestamp": {"1700000000000"}}.Encode()
	}
	for _, test := range []struct {
		secret, body string
		code         int
	}{
		{prodSecret, recovery("111"), 200},
		{stageSecret, recovery("333"), 200},
		{secret, recovery("111"), 200}, // bound to none
		{stageSecret, recovery("111"), 403},
		{stageSecret, recovery("111"), 403},
		{stageSecret, old("222"), 200},
		{stageSecret, old("111"), 403},
	} {
		require.Equal(t, test.code, serve(h, "POST", "/aliyun/"+test.secret, test.body).Code, test.body)
	}
	var over, told int
	for _, a := range sender.alerts {
		switch a.Status {
		case alert.Resolved:
			over++
		case alert.Firing:
			told++
			require.Equal(t, alert.Warning, a.Severity)
			require.NotContains(t, a.Summary, "111")
		}
	}
	require.Equal(t, []int{4, 1}, []int{over, told})
	require.Contains(t, log.String(), "the secret is that of another account")
	leaktest.Check(t, []string{prodSecret, stageSecret}, log.String(), sender.alerts)
}
