package dingtalk

import "github.com/tocsin-go/tocsin/internal/robot"

// ActionCard is a message in markdown with buttons below it: either one,
// SingleTitle and SingleURL, or several, Buttons. The vendor ignores Buttons
// beside a single one, so a message with both is refused.
type ActionCard struct {
	// Title is required. It stands in the list of conversations and in the
	// notice on the locked screen, but not in the message.
	Title string `json:"title"`

	// Text is required, in the dialect of [Markdown].
	Text string `json:"text"`

	SingleTitle string `json:"singleTitle,omitzero"` // label of the only button
	SingleURL   string `json:"singleURL,omitzero"`   // what it opens

	Buttons []Button `json:"btns,omitempty"`

	// Horizontal sets Buttons side by side instead of one below the other.
	Horizontal bool `json:"-"`

	// At notifies members of the group, by mentions in Text as in Markdown.
	// The vendor does not say whether those of a card notify anybody: where it
	// matters send Markdown.
	At At `json:"-"`
}

// A Button of an [ActionCard]. Both fields are required. The desktop client opens
// its page in a side panel; see [InBrowser].
type Button struct {
	Title string `json:"title"`
	URL   string `json:"actionURL"`
}

// Validate returns what is wrong with m.
func (m ActionCard) Validate() error { return validate(m) }

func (m ActionCard) check(f *faults, _ extras) {
	const list = "actionCard.btns"
	f.Required("actionCard.title", m.Title)
	f.Required("actionCard.text", m.Text)
	single := m.SingleTitle != "" || m.SingleURL != ""
	switch {
	case single && len(m.Buttons) > 0:
		f.Add(list, "is ignored by the vendor beside singleTitle and singleURL: want one or the other")
	case len(m.Buttons) == 0 && !single:
		f.Add(list, "is empty, and so is actionCard.singleTitle: want one or the other")
	case single:
		f.Required("actionCard.singleTitle", m.SingleTitle)
		f.requiredURL("actionCard.singleURL", m.SingleURL)
	}
	for i, b := range m.Buttons {
		field := robot.Element(list, i)
		f.Required(field+".title", b.Title)
		f.requiredURL(field+".actionURL", b.URL)
	}
	m.At.check(f, "at.atMobiles", "at.atUserIds")
}

func (m ActionCard) wire(x extras) envelope {
	at := m.At.clean().and(x.at)
	m.Title = x.withKeyword(m.Title, " ", m.Text)
	m.Text = at.addTo(m.Text, "\n\n")
	body := &actionCardBody{ActionCard: m, Orientation: "0"}
	if m.Horizontal {
		body.Orientation = "1"
	}
	return envelope{Type: "actionCard", ActionCard: body, At: at.body()}
}
