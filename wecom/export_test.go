package wecom

import "github.com/tocsin-go/tocsin/alert"

// RenderJSON is a card as the default robot puts it on the wire.
func RenderJSON(a alert.Alert) []byte { return new(style).cardJSON(&a) }

// RenderJSONChecked is the same by way of a Message.
func RenderJSONChecked(a alert.Alert) []byte { return new(style).card(&a).appendJSON(nil) }

// RenderContent is what a robot with these mentions says about alerts.
func RenderContent(mentions []string, alerts []alert.Alert) string {
	line, err := mentionLine(mentions)
	if err != nil {
		return err.Error()
	}
	m, err := (&Robot{style: style{mentions: line}}).message(alerts)
	if err != nil {
		return err.Error()
	}
	return m.(Markdown).Content //nolint:forcetypeassert // no other is rendered
}

// AppendString is the JSON encoder of strings.
func AppendString(s string) []byte { return appendString(nil, toUTF8(s)) }

// RenderText is what a robot for plain text with that limit says about alerts.
func RenderText(limit int, alerts []alert.Alert) string {
	render, err := style{}.plain(&Options{}, limit)
	if err != nil {
		return err.Error()
	}
	m, err := render(alerts)
	if err != nil {
		return err.Error()
	}
	return m.(Text).Content //nolint:forcetypeassert // no other is rendered
}

// Frame is what an upload puts around the content.
func Frame(a Attachment, boundary string) (head, tail string) { return a.frame(boundary) }
