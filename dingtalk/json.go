package dingtalk

import (
	"bytes"
	"encoding/json"
)

// maxBody is the vendor's limit for the whole encoded message in bytes.
const maxBody = 20000

// An envelope is a message as it goes out. Exactly one of its parts is set,
// the one that Type names. What is not set does not appear.
type envelope struct {
	Type       string          `json:"msgtype"`
	ID         string          `json:"msgUuid,omitzero"`
	Text       *Text           `json:"text,omitzero"`
	Link       *Link           `json:"link,omitzero"`
	Markdown   *Markdown       `json:"markdown,omitzero"`
	ActionCard *actionCardBody `json:"actionCard,omitzero"`
	FeedCard   *FeedCard       `json:"feedCard,omitzero"`
	At         *atBody         `json:"at,omitzero"`
}

// An actionCardBody adds to an ActionCard what the vendor spells as digits.
type actionCardBody struct {
	ActionCard

	Orientation string `json:"btnOrientation"`
}

type atBody struct {
	Mobiles []string `json:"atMobiles,omitempty"`
	UserIDs []string `json:"atUserIds,omitempty"`
	All     bool     `json:"isAtAll,omitzero"`
}

// json returns e as JSON, of whatever size. Angle brackets and ampersands stay
// as they are, which keeps markdown small.
func (e *envelope) json() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		panic("dingtalk: " + err.Error()) // strings and booleans always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// encode returns m with what x adds to it as JSON, which fits the vendor's
// limit, or what is wrong with it.
func encode(m Message, x extras) ([]byte, error) {
	var f faults
	m.check(&f, x)
	if err := f.Err(); err != nil {
		return nil, err
	}
	e := m.wire(x)
	e.ID = x.id
	body := e.json()
	f.Size("body", len(body), maxBody)
	return body, f.Err()
}
