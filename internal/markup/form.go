package markup

import "github.com/tocsin-go/tocsin/alert"

// A Colour says how urgent a text is. The words beside it say the same.
type Colour uint8

// The colours.
const (
	Grey   Colour = iota // a remark, a test, no data
	Green                // over
	Blue                 // news
	Orange               // a warning
	Red                  // worse than a warning
	colours
)

// A Form is how one chat draws what cards are made of: the markup around each
// part, which is empty where the chat has none.
type Form struct {
	Dialect Dialect
	Runes   bool // limits count runes instead of bytes

	Colours [colours]string // begin a text in a colour
	Plain   string          // ends it
	Bold    string          // on either side of a bold text

	Head, HeadEnd   string // around the headline
	Item            string // begins a line of a list: a field, a row of totals, a link
	Label, LabelEnd string // around the name of a field
	Details, Break  string // begins the details; stands between their lines
	Gap             string // before the link of a card
	Group, List     string // begins a group of a digest; begins the lines below it
	Names, NamesEnd string // around the instances of a group; empty: they are a field

	Links      bool   // the chat has links behind words
	MaxURL     int    // the longest address of a link in bytes; 0: as long as the message
	SpecialURL string // characters to escape in an address
}

// Plain is the form of text without markup.
func Plain() *Form { return &Form{Dialect: plainText{}, HeadEnd: "\n", Break: "\n> ", Names: "> "} }

// plainText is what text messages have of markup: <@userid> and <at …> mention
// members.
type plainText struct{}

// Plain returns the characters that never are markup.
func (plainText) Plain() Set { return Set{AllLow &^ (1 << '<'), AllHigh} }

// Markup reports whether a < might begin a mention: what stands between it and
// a visible character may be dropped.
func (plainText) Markup(at Place) bool {
	return at.Rest != "" && (at.Rest[0] < '0' || at.Rest[0] > '9') && at.Rest[0] != ' ' && at.Rest[0] != '='
}

// colour returns the colour of an alert.
func colour(a *alert.Alert) Colour {
	switch {
	case a.Status == alert.Resolved:
		return Green
	case a.Status == alert.News:
		return Blue
	case a.Severity >= alert.Major:
		return Red
	case a.Severity == alert.Warning:
		return Orange
	}
	return Grey
}

// colour returns the colour of a row of the totals.
func (r *row) colour() Colour {
	switch {
	case r.test, r.status == alert.NoData:
		return Grey
	case r.status == alert.Resolved:
		return Green
	case r.status == alert.News:
		return Blue
	}
	return Red
}
