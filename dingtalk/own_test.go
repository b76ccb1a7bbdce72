package dingtalk_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

func ExampleOptions_Buttons() {
	o := &dingtalk.Options{Locale: alert.English}
	m := o.Buttons(alert.Alert{Name: "disk full", URL: "https://ops.example.com/1"},
		dingtalk.Button{Title: "Runbook", URL: dingtalk.InBrowser("https://ops.example.com/")})
	fmt.Println(m.Title)
	for _, b := range m.Buttons {
		fmt.Println(b.Title, b.URL)
	}
	fmt.Println(m.Validate())
	// Output:
	// Alert: Warning disk full
	// Link https://ops.example.com/1
	// Runbook dingtalk://dingtalkclient/page/link?pc_slide=false&url=https%3A%2F%2Fops.example.com%2F
	// <nil>
}

func ExampleTemplate() {
	t := template.Must(template.New("").Parse("{{range .}}- **{{.Name}}** {{.Instance}}\n{{end}}"))
	m, err := dingtalk.Template(t)([]alert.Alert{{Name: "disk *full*", Instance: "@13800000001"}})
	fmt.Println(m.(dingtalk.Markdown).Title)
	fmt.Println(m.(dingtalk.Markdown).Text, err)
	// Output:
	// 【告警通知】警告 disk ＊full＊ ＠13800000001
	// - **disk ＊full＊** ＠13800000001 <nil>
}

// TestCardWithLines keeps card, digest and lines within the limit, mentions and
// all.
func TestCardWithLines(t *testing.T) {
	t.Parallel()
	opts := &dingtalk.Options{At: dingtalk.At{UserIDs: strings.Split(numbered(460), ",")}, Keyword: strings.Repeat(`"`, 128)}
	opts.Render = func(alerts []alert.Alert) (dingtalk.Message, error) {
		return opts.Card(alerts, strings.Repeat(`"`, 2900), "see "+dingtalk.Escape("@all *x*")), nil
	}
	robot, server := newRobot(t, opts)
	long := bandwidth()
	long.Summary = strings.Repeat("💔", 9000)
	require.NoError(t, robot.Send(t.Context(), long))
	require.NoError(t, robot.Send(t.Context(), bandwidths(900, 300)...))
	for _, m := range server.Messages() {
		require.Contains(t, m.Text, "\n\nsee ＠all ＊x＊\n\n@")
	}
}

// TestSharedBudget has two robots with one address, which the vendor counts
// together and would bar for ten minutes.
func TestSharedBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := dingtalktest.NewServer(t)
		var robots [2]*dingtalk.Robot
		for i := range robots {
			robot, err := dingtalk.New(server.URL(), &dingtalk.Options{HTTPClient: server.Client()})
			require.NoError(t, err)
			robots[i] = robot
		}
		began := time.Now()
		for i := range 40 {
			require.NoError(t, robots[i%2].Send(t.Context(), bandwidth()))
		}
		require.Equal(t, 40, server.Attempts(), "not one was refused")
		require.Greater(t, time.Since(began), time.Minute)
	})
}

// TestAddresses refuses what the chat would not open, in every type.
func TestAddresses(t *testing.T) {
	t.Parallel()
	link := func(page, picture string) dingtalk.Link {
		return dingtalk.Link{Title: "a", Text: "a", MessageURL: page, PicURL: picture}
	}
	for _, good := range []string{"https://a", "http://a/b?c", "dingtalk://dingtalkclient/page/link?url=x", dingtalk.InBrowser("https://a/?b=c&d")} {
		require.NoError(t, link(good, "").Validate())
	}
	for _, bad := range []string{"ops.example.com", "/a", "javascript:alert(1)", "javascript://a/%0aalert(1)", "https:///a", "data:x", "https://a b", "file:///etc/passwd"} {
		for _, m := range []dingtalk.Message{
			link(bad, ""), link("https://a", bad), link("https://a", "dingtalk://a"),
			dingtalk.ActionCard{Title: "a", Text: "a", SingleTitle: "a", SingleURL: bad},
			dingtalk.ActionCard{Title: "a", Text: "a", Buttons: []dingtalk.Button{{Title: "a", URL: bad}}},
			dingtalk.FeedCard{Links: []dingtalk.FeedLink{{Title: "a", MessageURL: bad, PicURL: "https://a"}}},
			dingtalk.FeedCard{Links: []dingtalk.FeedLink{{Title: "a", MessageURL: "https://a", PicURL: bad}}},
		} {
			require.Error(t, m.Validate(), "%q in %+v", bad, m)
		}
	}
}
