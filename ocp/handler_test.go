package ocp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

const handlerSecret = "hush-handler-secret"

// A hook is a handler and what came out of it.
type hook struct {
	http.Handler
	alerttest.Recorder

	log bytes.Buffer
}

func newHook(tb testing.TB, opts *ocp.HandlerOptions) *hook {
	tb.Helper()
	h := &hook{}
	o := ocp.HandlerOptions{Logger: slog.New(slog.NewTextHandler(&h.log, nil))}
	if opts != nil {
		log := o.Logger
		o = *opts
		o.Logger = log
	}
	var err error
	h.Handler, err = ocp.NewHandler(&h.Recorder, handlerSecret, &o)
	require.NoError(tb, err)
	return h
}

// post sends a body and returns the answer.
func (h *hook) post(body string) (status int, answer string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/ocp/"+handlerSecret, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

// accept sends a body that must be accepted, and returns its alert.
func (h *hook) accept(tb testing.TB, body string) alert.Alert {
	tb.Helper()
	before := len(h.Accepted())
	status, answer := h.post(body)
	require.Equal(tb, http.StatusOK, status, answer)
	require.Equal(tb, []string{ocp.Success}, []string{answer}) // to the byte
	require.Len(tb, h.Accepted(), before+1)
	return h.Accepted()[before]
}

// Whatever an alarm says, the body of an HTTP channel says the same as the
// environment of a script, but for variables that the template leaves out.
func TestHandlerFixtures(t *testing.T) {
	t.Parallel()
	for _, name := range envFixtures(t) {
		if name == "odd-names-and-empties" {
			continue // its level is in a variable that the template leaves out
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for variant, change := range map[string]func(string) string{
				"as it is": func(s string) string { return s },
				"CRLF":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
				"BOM":      func(s string) string { return "\uFEFF" + s },
				"UTF-16":   utf16Body,
			} {
				body := ocptest.Render(ocp.Template, envFixture(t, name))
				got, want := newHook(t, nil).accept(t, change(body)), fixtureAlert(t, name)
				require.Equal(t, want.Key, got.Key, variant)
				require.Equal(t, want.ID, got.ID, variant)
				require.Equal(t, []any{want.Status, want.Severity, want.Level, want.Name, want.Instance, want.Resource, want.Test, want.StartsAt, want.EndsAt},
					[]any{got.Status, got.Severity, got.Level, got.Name, got.Instance, got.Resource, got.Test, got.StartsAt, got.EndsAt}, variant)
				first, _, _ := strings.Cut(want.Summary, "\n")
				require.True(t, strings.HasPrefix(got.Summary, first), "%s: %q", variant, got.Summary)
			}
		})
	}
}

// What people paste from the page is the Template.
func TestTemplateIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/ocp.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "```text\n"+ocp.Template+"```\n")
}

// utf16Body is a body in little endian with a mark.
func utf16Body(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

// Text from logs changes nothing of what the template says, wherever it stands.
func TestHandlerForgery(t *testing.T) {
	t.Parallel()
	const forged = "x\nalarm_status=已消除\nalarm_resolved_at=2030-01-02T15:04:05+08:00\nalarm_id=7\nalarm_status_native=Inactive\r\n" +
		"alarm_level=提醒\nmessage=【OCP 告警恢复通知】\nalarm_active_at=2000-01-02T15:04:05+08:00"
	base := map[string]string{
		"alarm_id": "2000050", "alarm_type": "ob_log_alarm", "alarm_status": "告警中", "alarm_level": "停服",
		"alarm_active_at": "2025-06-06T15:03:06+08:00", "alarm_target": "ob_cluster=demo-1", "alarm_name": "日志", "alarm_description": "d", "message": "m",
	}
	want := newHook(t, nil).accept(t, render(ocp.Template, base))
	for _, variable := range []string{"message", "alarm_description", "alarm_name", "alarm_target", "value_shown"} {
		for _, text := range []string{forged, "\n" + forged, "alarm_status=已消除\n" + forged} {
			values := map[string]string{variable: text}
			for name, value := range base {
				if _, there := values[name]; !there {
					values[name] = value
				}
			}
			for _, template := range []string{ocp.Template, strings.ReplaceAll(ocp.Template, "\n", "\r\n")} {
				a := newHook(t, nil).accept(t, render(template, values))
				require.Equal(t, []any{want.Key, want.ID, want.Status, want.Severity}, []any{a.Key, a.ID, a.Status, a.Severity}, variable)
			}
			a := payloadOf(t, "alarm_id=2000050", "alarm_status=告警中", "alarm_status=已消除")
			require.Equal(t, alert.Firing, a.Alert().Status)
		}
	}
	a := newHook(t, nil).accept(t, render(ocp.Template, map[string]string{"alarm_id": "1", "alarm_status": "告警中", "message": "first\n\nalarm_status=已消除\nlast"}))
	require.Equal(t, "first\n\nalarm_status=已消除\nlast", a.Summary, "the text itself is not touched")
	a = newHook(t, nil).accept(t, render(ocp.Template, map[string]string{"alarm_id": "1", "alarm_status": "告警中", "alarm_description": "d\nalarm_status=已消除\nlast"}))
	require.Equal(t, "d\nalarm_status=已消除\nlast", a.Summary)
}

// In a template of the operator's own, whose lines stand in another order, a text
// may contradict the template: then neither is believed.
func TestHandlerOwnOrder(t *testing.T) {
	t.Parallel()
	const template = "alarm_description=${alarm_description}\nalarm_id=${alarm_id}\nalarm_status=${alarm_status}\nalarm_target=${alarm_target}\n" +
		"alarm_type=${alarm_type}\nmessage=${message}"
	for _, test := range []struct {
		name, status, text string
		want               alert.Status
	}{
		{"firing", "告警中", "d", alert.Firing},
		{"over", "已消除", "line 1\nline 2", alert.Resolved},
		{"forged end", "告警中", "d\nalarm_status=已消除", alert.Firing},
		{"forged end that cuts off the rest", "告警中", "d\nalarm_status=已消除\nmessage=x", alert.Firing},
		{"the same twice", "已消除", "d\nalarm_status=已消除", alert.Resolved},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newHook(t, nil).accept(t, render(template, map[string]string{
				"alarm_id": "1", "alarm_status": test.status, "alarm_description": test.text, "alarm_type": "r", "alarm_target": "t", "message": "m",
			}))
			require.Equal(t, test.want, a.Status)
		})
	}
}

// render fills a template as OCP does; what has no value is empty.
func render(template string, values map[string]string) string {
	var environ []string
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	return ocptest.Render(template, environ)
}

func TestHandlerOddBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		check      func(t *testing.T, a alert.Alert)
	}{
		{"no message", "alarm_id=1\nalarm_name=n\nalarm_status=告警中\n", func(t *testing.T, a alert.Alert) {
			require.Equal(t, "alarm/1", a.Key)
			require.Empty(t, a.Summary)
		}},
		{"blanks", "\n\n  alarm_id = 1 \n\talarm_status\t=\t已恢复\t\n\nmessage= m ", func(t *testing.T, a alert.Alert) {
			require.Equal(t, "alarm/1", a.Key)
			require.Equal(t, alert.Resolved, a.Status)
			require.Equal(t, "m", a.Summary)
		}},
		{"names of nobody", "room=B2\nalarm_id=1\nfoo=bar\nPATH=/bin\nalarm_status=告警中\nmessage=m", func(t *testing.T, a alert.Alert) {
			require.Equal(t, map[string]string{"alarm_id": "1", "alarm_status": "告警中"}, a.Labels)
			require.Equal(t, "m", a.Summary)
		}},
		{"names of nobody below a text", "alarm_id=1\nalarm_name=n\nroom=B2\nalarm_description=d\nroom=B2\nalarm_target=t=1\nroom=B2\nmessage=m", func(t *testing.T, a alert.Alert) {
			require.Equal(t, []string{"n", "t=1", "d\nroom=B2"}, []string{a.Name, a.Resource, a.Summary})
		}},
		{"name twice", "alarm_id=1\nalarm_id=2\nalarm_status=Active\nalarm_status=Inactive\nmessage=m", func(t *testing.T, a alert.Alert) {
			require.Equal(t, "alarm/1", a.Key)
			require.Equal(t, alert.Firing, a.Status)
		}},
		{"empty comes first", "alarm_id=1\nalarm_resolved_at=\nmessage=m\nalarm_resolved_at=2030-01-02T15:04:05+08:00", func(t *testing.T, a alert.Alert) {
			require.Equal(t, alert.Firing, a.Status)
		}},
		{"not replaced", "alarm_id=1\nalarm_type=${alarm_type}\nalarm_status=${alarm_status}\nalarm_resolved_at=${alarm_resolved_at}\nmessage=m", func(t *testing.T, a alert.Alert) {
			require.Equal(t, alert.Firing, a.Status)
			require.NotContains(t, fmt.Sprint(a), "${")
		}},
		{"end without a status", "alarm_type=r\nalarm_target=t\nalarm_status=${alarm_status}\nmessage=【OCP 告警恢复通知】x", func(t *testing.T, a alert.Alert) {
			require.Equal(t, alert.Resolved, a.Status)
		}},
		{"the message alone", "message=磁盘满\nalarm_status=已消除", func(t *testing.T, a alert.Alert) {
			require.False(t, a.Test)
			require.Equal(t, alert.Firing, a.Status)
			require.Equal(t, "OCP 告警 (alarm)", a.Name)
			require.Contains(t, a.Summary, "磁盘满\nalarm_status=已消除\nOCP 通道的请求体缺少变量")
		}},
		{"plain text", "磁盘满\n91%\n", func(t *testing.T, a alert.Alert) {
			require.False(t, a.Test)
			require.NotEmpty(t, a.ID)
			require.Contains(t, a.Summary, "磁盘满\n91%")
		}},
		{"test button", "alarm_id=\nalarm_type=\nalarm_status=\nmessage=测试", func(t *testing.T, a alert.Alert) {
			require.True(t, a.Test)
			require.Equal(t, "测试", a.Summary)
		}},
		{"test button that replaces the message only", strings.Replace(ocp.Template, "${message}", "OCP 告警通道测试消息", 1), func(t *testing.T, a alert.Alert) { require.True(t, a.Test) }},
		{"GBK", "alarm_id=1\nalarm_status=\xb8\xe6\xbe\xaf\xd6\xd0\nalarm_level=\xcd\xa3\xb7\xfe\nalarm_level_color=#722ED1\nmessage=\xb4\xc5\xc5\xcc", func(t *testing.T, a alert.Alert) {
			require.Equal(t, alert.Firing, a.Status)
			require.Equal(t, alert.Critical, a.Severity)
			require.Contains(t, a.Summary, "text lost between OCP and here: alarm_status, alarm_level;")
		}},
		{"GBK, over", "alarm_id=1\nalarm_status=\xd2\xd1\xcf\xfb\xb3\xfd\nalarm_resolved_at=2030-01-02T15:04:05+08:00\nmessage=x", func(t *testing.T, a alert.Alert) {
			require.Equal(t, alert.Resolved, a.Status)
		}},
		{"NUL", "alarm_id=1\x00\nmessage=a\x00b", func(t *testing.T, a alert.Alert) {
			require.Equal(t, "alarm/1", a.Key)
			require.Equal(t, "ab", a.Summary)
		}},
		{"longer than can be", "alarm_id=1\nalarm_name=n\nmessage=" + strings.Repeat("界", 500_000), func(t *testing.T, a alert.Alert) {
			require.Equal(t, "alarm/1", a.Key)
			require.True(t, strings.HasSuffix(a.Summary, "…"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.check(t, newHook(t, nil).accept(t, test.body))
		})
	}
}

// However large a body is, an outbox takes its alert.
func TestHandlerLargest(t *testing.T) {
	t.Parallel()
	values := map[string]string{}
	for name := range strings.FieldsSeq(documented) {
		values[name] = strings.Repeat("<", 200<<10)
	}
	var body strings.Builder
	for name := range strings.FieldsSeq(documented) {
		body.WriteString(name + "=" + values[name][:40<<10] + "\n")
	}
	for _, text := range []string{body.String()[:1<<20], render("alarm_id=1\nalarm_summary=${alarm_summary}\nfailed_reason=${failed_reason}\nalarm_description=${alarm_description}\nmessage=${message}", values)} {
		encoded, err := json.Marshal(newHook(t, nil).accept(t, text))
		require.NoError(t, err)
		require.Less(t, len(encoded), outbox.MaxAlert)
	}
}

// The work for a body grows with its size and not with the number of its lines.
func TestHandlerManyLines(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{strings.Repeat("\n", 1<<20), strings.Repeat("x=\n", 1<<18), strings.Repeat("alarm_status=x\n", 1<<16)} {
		for _, name := range []string{"message", "alarm_description", "alarm_name"} {
			a := newHook(t, nil).accept(t, "alarm_id=1\nalarm_status=告警中\n"+name+"=m\n"+lines)
			require.Equal(t, alert.Firing, a.Status)
		}
	}
}

// What cannot be read is refused in a way that OCP shows, and told.
func TestHandlerUnreadable(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, reason string }{
		{"JSON", `{"alarm_id":"1","message":"hush-text ` + "\n" + `"}`, "the body template is JSON"},
		{"JSON after a mark and blanks", "\uFEFF \r\n{\n", "the body template is JSON"},
		{"JSON list", `[{"alarm_id":"1"}]`, "the body template is JSON"},
		{"empty", "", "the body is empty"},
		{"blank", " \r\n\t", "the body is empty"},
		{"nothing replaced", ocp.Template, "no variable of the body template has a value"},
		{"nothing said", render(ocp.Template, nil), "no variable of the body template has a value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHook(t, nil)
			for range 3 { // OCP tries again
				status, answer := h.post(test.body)
				require.Equal(t, http.StatusBadRequest, status)
				var says struct {
					Code    int    `json:"errcode"`
					Message string `json:"errmsg"`
				}
				require.NoError(t, json.Unmarshal([]byte(answer), &says))
				require.Equal(t, 400, says.Code)
				require.Contains(t, says.Message, test.reason)
				require.Contains(t, says.Message, ocp.Template)
				require.True(t, strings.HasPrefix(answer, "{") && strings.HasSuffix(answer, "}"))
			}
			require.Len(t, h.Accepted(), 1)
			a := h.Accepted()[0]
			require.Equal(t, []any{"无法解析的回调", alert.Warning, alert.Firing, ocp.Source}, []any{a.Name, a.Severity, a.Status, a.Source})
			require.Contains(t, a.Summary, "原因: "+test.reason)
			leaktest.Check(t, []string{"hush-text"}, a, h.log.String())

			h = newHook(t, nil)
			h.Fail(errors.New("database is down"))
			status, answer := h.post(test.body)
			require.Equal(t, http.StatusServiceUnavailable, status)
			require.NotContains(t, answer, "database")
		})
	}
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()
	const body = "alarm_id=1\nalarm_status=告警中\nmessage=m"
	serve := func(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	tests := []struct {
		name, method, target, body string
		header                     []string
		want                       int
	}{
		{"path", "POST", "/ocp/" + handlerSecret, body, nil, 200},
		{"slashes", "POST", "//ocp//" + handlerSecret + "/", body, nil, 200},
		{"header", "POST", "/ocp/", body, []string{"Authorization", "Bearer " + handlerSecret}, 200},
		{"another method", "PUT", "/ocp/" + handlerSecret, body, nil, 200},
		{"GET with a body", "GET", "/ocp/" + handlerSecret, body, nil, 200},
		{"GET", "GET", "/ocp/" + handlerSecret, "", nil, 405},
		{"HEAD", "HEAD", "/ocp/" + handlerSecret, "", nil, 200},
		{"wrong secret", "POST", "/ocp/" + handlerSecret + "x", body, nil, 404},
		{"no secret", "POST", "/ocp/", body, nil, 404},
		{"wrong header", "POST", "/ocp/", body, []string{"Authorization", "Bearer x"}, 404},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHook(t, nil)
			w := serve(h, test.method, test.target, test.body, test.header...)
			require.Equal(t, test.want, w.Code)
			require.Equal(t, test.want == 200 && test.body != "", len(h.Accepted()) == 1)
			require.Equal(t, len(h.Accepted()) == 1, strings.Contains(w.Body.String(), `"errcode":0`))
			leaktest.Check(t, []string{handlerSecret}, h.log.String(), w.Body.String(), h.Handler)
		})
	}

	h := newHook(t, &ocp.HandlerOptions{Allow: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}})
	require.Equal(t, http.StatusForbidden, serve(h, "POST", "/ocp/"+handlerSecret, body).Code)
	h = newHook(t, nil)
	h.Fail(errors.New("no"))
	w := serve(h, "POST", "/ocp/"+handlerSecret, body)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, []string{`{"errcode":503,"errmsg":"not delivered, send it again"}`}, []string{w.Body.String()})
	h = newHook(t, nil)
	h.Next(func(context.Context, ...alert.Alert) error { panic("hush-value") })
	w = serve(h, "POST", "/ocp/"+handlerSecret, body)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	leaktest.Check(t, []string{"hush-value"}, h.log.String(), w.Body.String())
	h = newHook(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/ocp/"+handlerSecret, io.MultiReader(strings.NewReader("alarm_id=1\n"), brokenReader{}))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Empty(t, h.Accepted())
}

// brokenReader is the body of a connection that breaks.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("reset") }

// Two OCPs count their alarms from the same number.
func TestHandlerAccounts(t *testing.T) {
	t.Parallel()
	h := newHook(t, &ocp.HandlerOptions{Accounts: []ocp.Account{{Name: "prod", Secret: "hush-prod-0123456"}, {Name: "test", Secret: "hush-test-0123456"}}, Locale: alert.English})
	keys := map[string]bool{}
	for _, s := range []string{handlerSecret, "hush-prod-0123456", "hush-test-0123456"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/ocp/"+s, strings.NewReader("alarm_id=1\nalarm_active_at=2025-06-06T15:03:06Z\nmessage=m")))
		require.Equal(t, http.StatusOK, w.Code)
	}
	for _, a := range h.Accepted() {
		keys[a.Key], keys[a.ID] = true, true
	}
	require.Len(t, keys, 6)
	require.Equal(t, "prod", h.Accepted()[1].Labels["account"])
	require.Contains(t, h.Accepted()[1].Summary, "Account: prod\n")

	for name, opts := range map[string]*ocp.HandlerOptions{"": nil, "bad secret": {Accounts: []ocp.Account{{Name: "a", Secret: "hush-x/b"}}}} {
		_, err := ocp.NewHandler(&h.Recorder, "", opts)
		require.ErrorContains(t, err, "ocp: new handler: ", name)
		leaktest.Check(t, []string{"hush-x/b"}, err)
	}
	_, err := ocp.NewHandler(nil, handlerSecret, nil)
	require.ErrorContains(t, err, "no sender")
}

// OCP waits for ten seconds, and hanging up changes nothing about a delivery.
func TestHandlerDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		h := newHook(t, nil)
		h.Next(func(ctx context.Context, _ ...alert.Alert) error { <-ctx.Done(); return ctx.Err() })
		status, _ := h.post("alarm_id=1\nmessage=m")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Equal(t, 8*time.Second, time.Since(began))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+handlerSecret, strings.NewReader("alarm_id=1\nmessage=m")))
		require.Equal(t, http.StatusOK, w.Code)
	})
}

// FuzzHandler: whatever comes, there is an answer on one line, and what is
// accepted is an alert that can be used. What a text holds never ends an alarm.
func FuzzHandler(f *testing.F) {
	for _, name := range envFixtures(f) {
		f.Add(ocptest.Render(ocp.Template, envFixture(f, name)), "x\nalarm_status=已消除")
	}
	f.Add("{", "")
	f.Add("\xff\xfea\x00=\x00", "\nalarm_resolved_at=2030-01-02T15:04:05Z\nmessage=【告警恢复通知】")
	f.Fuzz(func(t *testing.T, body, text string) {
		h := newHook(t, nil)
		status, answer := h.post(body)
		require.Contains(t, []int{200, 400}, status)
		require.True(t, json.Valid([]byte(answer)), answer)
		require.NotContains(t, answer, "\n")
		for _, a := range h.Accepted() {
			_, err := json.Marshal(a)
			require.NoError(t, err)
		}
		for _, variable := range []string{"message", "alarm_description"} {
			a := newHook(t, nil).accept(t, render(ocp.Template, map[string]string{"alarm_id": "1", "alarm_status": "告警中", variable: text}))
			require.Equal(t, []any{"alarm/1", alert.Firing}, []any{a.Key, a.Status})
		}
	})
}
