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
	return render((&Options{Locale: locale, Location: location}).style(), alerts, room)
}
