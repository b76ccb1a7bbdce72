// Package card says in plain text what the robots of this module say of alerts,
// for channels of one's own.
package card

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// A Style is how alerts are worded. The zero value is that of a robot without
// options. It is a plain value, safe for concurrent use.
type Style struct {
	Locale   alert.Locale
	Location *time.Location // of the times shown; nil: as each alert has it
	Labels   []string       // names of the labels of an alert that its card shows
}

// Headline returns one line of at most limit bytes, at least 64, for a title or a
// locked screen: what has happened to the most urgent of the alerts, of which
// there is at least one, and how many there are.
func (s Style) Headline(limit int, alerts ...alert.Alert) string {
	return s.style().Headline(alerts, limit)
}

// Text returns a card about one alert and a digest about many, of which there is
// at least one, in at most limit bytes, at least 1024. The counts of a digest add
// up to the number of alerts. No <@userid> or <at> tag from an alert is left in
// it; a channel with more markup than that escapes the text itself.
func (s Style) Text(limit int, alerts ...alert.Alert) string {
	_, text := s.style().Render(alerts, time.Now(), 0, limit)
	return text
}

func (s Style) style() *markup.Style {
	return &markup.Style{Form: markup.Plain(), Locale: s.Locale, Location: s.Location, Labels: s.Labels}
}
