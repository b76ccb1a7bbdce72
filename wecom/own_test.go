package wecom_test

import (
	"fmt"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

func ExampleOptions_Card() {
	o := &wecom.Options{Locale: alert.English, Labels: []string{"team"}}
	o.Render = func(alerts []alert.Alert) (wecom.Message, error) {
		return o.Card(alerts, "[Runbook of "+wecom.Escape(alerts[0].Name)+"](https://ops.example.com/)"), nil
	}
	m, _ := o.Render([]alert.Alert{{Name: "disk [full]", Labels: map[string]string{"team": "dba"}}})
	fmt.Println(m.(wecom.Markdown).Content)
	// Output:
	// **<font color="warning">Alert: Warning disk ［full］</font>**
	// <font color="comment">Level: </font><font color="warning">Warning</font>
	// <font color="comment">Alert: </font>disk ［full］
	// <font color="comment">Status: </font><font color="warning">Firing</font>
	// <font color="comment">team: </font>dba
	// [Runbook of disk ［full］](https://ops.example.com/)
}

func ExampleTemplate() {
	t := template.Must(template.New("").Parse("{{range .}}**{{.Name}}** {{.Severity}} {{index .Labels \"team\"}}\n> {{.Summary}}\n{{end}}"))
	render := wecom.Template(t)
	m, err := render([]alert.Alert{{Name: "<@all> *full*", Summary: "91%\n# of 100", Labels: map[string]string{"team": "`dba`"}}})
	fmt.Println(m.(wecom.Markdown).Content, err)
	// Output:
	// **＜@all> ＊full＊** warning ｀dba｀
	// > 91%
	// > ＃ of 100 <nil>
}

// TestCardWithLines keeps card, digest and lines within the limit.
func TestCardWithLines(t *testing.T) {
	t.Parallel()
	long := sample()
	long.Summary = strings.Repeat("长", 4000)
	for _, alerts := range [][]alert.Alert{{long}, storm(500, 90)} {
		m := (*wecom.Options)(nil).Card(alerts, "a line", strings.Repeat("x", 1000))
		require.NoError(t, m.Validate())
		require.True(t, strings.HasSuffix(m.Content, "\na line\n"+strings.Repeat("x", 1000)))
		require.Greater(t, len(m.Content), 4000)
	}
}

// TestNotice makes a card with buttons of an alert, with and without a URL.
func TestNotice(t *testing.T) {
	t.Parallel()
	button := wecom.Jump{Title: "Runbook", Link: wecom.Link{Type: wecom.LinkURL, URL: "https://ops.example.com/"}}
	a := sample()
	n := (&wecom.Options{Locale: alert.English}).Notice(a, button)
	require.NoError(t, n.Validate())
	require.Equal(t, "Alert: Warning InternetBandwidthThresholdExceeded instanceName", n.MainTitle.Title)
	require.Equal(t, a.URL, n.Action.URL)
	a.URL = "javascript:x"
	require.Equal(t, button.URL, (*wecom.Options)(nil).Notice(a, button).Action.URL)
	require.Error(t, (*wecom.Options)(nil).Notice(a).Validate(), "it leads nowhere")
}

// TestTemplateCut leaves out whole lines, and says so.
func TestTemplateCut(t *testing.T) {
	t.Parallel()
	tmpl := template.Must(template.New("").Parse("{{range .}}[{{.Name}}]({{.URL}})\n{{end}}"))
	alerts := make([]alert.Alert, 200)
	for i := range alerts {
		alerts[i] = alert.Alert{Name: fmt.Sprint("alert ", i), URL: "https://ops.example.com/"}
	}
	m, err := wecom.Template(tmpl)(alerts)
	require.NoError(t, err)
	require.NoError(t, m.Validate())
	content := m.(wecom.Markdown).Content
	require.True(t, strings.HasSuffix(content, "](https://ops.example.com/)\n…"), content[len(content)-60:])
	_, err = wecom.Template(template.Must(template.New("").Parse("{{range .}}{{.Nothing}}{{end}}")))(alerts)
	require.Error(t, err)
	_, err = wecom.Template(template.Must(template.New("").Parse(strings.Repeat("x", 5000))))(alerts)
	require.ErrorContains(t, err, "the first line")
}
