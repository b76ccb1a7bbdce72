package wecom

import (
	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// RenderContent is what a robot with these mentions says about alerts.
func RenderContent(mentions []string, alerts []alert.Alert) string {
	r := &Robot{options: func() *Options { return &Options{Mentions: mentions} }, style: new(Options).style(form())}
	m, _, err := r.message(alerts)
	if err != nil {
		return err.Error()
	}
	return m.(Markdown).Content //nolint:forcetypeassert // no other is rendered
}

// RenderText is what a robot for plain text with that limit says about alerts.
func RenderText(limit int, alerts []alert.Alert) string {
	o := &Options{PlainText: true}
	r := &Robot{options: func() *Options { return o }, plain: o.style(markup.Plain()), textLimit: limit}
	m, _, err := r.message(alerts)
	if err != nil {
		return err.Error()
	}
	return m.(Text).Content //nolint:forcetypeassert // no other is rendered
}

// Frame is what an upload puts around the content.
func Frame(a Attachment, boundary string) (head, tail string) { return a.frame(boundary) }
