package dingtalk

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// The bounds of what is rendered.
const (
	MaxText  = maxText
	MaxTitle = maxTitle
	MinRoom  = minRoom
)

// Render is what a robot says about alerts in a message that has so much room.
func Render(locale alert.Locale, location *time.Location, room int, alerts ...alert.Alert) Markdown {
	st := &style{locale: locale, location: location}
	if len(alerts) == 1 {
		return st.card(&alerts[0], room)
	}
	return st.digest(alerts, room)
}
