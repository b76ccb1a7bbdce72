package callserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// A callRequest is what a program posts.
type callRequest struct {
	Phones   []string        `json:"phones"`
	People   []personRequest `json:"people"`
	Message  string          `json:"message"`
	Key      string          `json:"key"`
	Severity string          `json:"severity"`
	Rounds   int             `json:"rounds"`
	Interval string          `json:"interval"`
	Expiry   string          `json:"expiry"`
}

type personRequest struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// readCall reads the body of a request.
func (s *service) readCall(r *http.Request) (c autocall.Call, err error) {
	var body callRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return c, fmt.Errorf("the body is not a call in JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("something stands behind the JSON object")
	}
	if len(body.Phones) > 0 && len(body.People) > 0 {
		return c, errors.New("want phones or people, not both")
	}
	c = autocall.Call{Key: body.Key, Message: body.Message, Rounds: body.Rounds, Interval: s.config.Interval}
	if c.Rounds == 0 {
		c.Rounds = s.config.Rounds
	}
	for _, number := range body.Phones {
		c.People = append(c.People, autocall.Person{Number: number})
	}
	for _, p := range body.People {
		c.People = append(c.People, autocall.Person{Name: p.Name, Number: p.Phone})
	}
	severity, known := alert.ParseSeverity(body.Severity)
	if c.Severity = severity; body.Severity != "" && !known {
		return c, errors.New("severity: want critical, major, warning, notice or info")
	}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"interval", body.Interval, &c.Interval}, {"expiry", body.Expiry, &c.Expiry}} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return c, fmt.Errorf("%s: not a time such as 5m", d.name)
		}
	}
	return c, nil
}

// A callView is what is shown of a call.
type callView struct {
	ID         string           `json:"id"`
	State      autocall.State   `json:"state"`
	Severity   string           `json:"severity"`
	Key        string           `json:"key,omitempty"`
	Message    string           `json:"message,omitempty"`
	People     []personView     `json:"people"`
	AnsweredBy *personView      `json:"answered_by,omitempty"`
	Round      int              `json:"round"`
	Rounds     int              `json:"rounds"`
	Handset    string           `json:"handset,omitempty"`
	Created    time.Time        `json:"created"`
	Expires    time.Time        `json:"expires"`
	Finished   time.Time        `json:"finished,omitzero"`
	Audit      []autocall.Entry `json:"audit,omitempty"`
}

type personView struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone"`
}

// viewCall returns what may be shown of a call: masked numbers, unless it shall
// be in full.
func viewCall(s *autocall.Status, full bool) callView {
	v := callView{
		ID: s.ID, State: s.State, Severity: s.Call.Severity.String(), Key: s.Call.Key, Message: s.Call.Message,
		Round: s.Round, Rounds: s.Call.Rounds, Handset: s.Phone, Created: s.Created, Expires: s.Expires, Finished: s.Finished, Audit: s.Audit,
	}
	for _, p := range s.Call.People {
		v.People = append(v.People, viewPerson(p, full))
		if !full {
			v.Message, v.Key = phone.Redact(v.Message, p.Number), phone.Redact(v.Key, p.Number)
		}
	}
	if s.By != nil {
		by := viewPerson(*s.By, full)
		v.AnsweredBy = &by
	}
	return v
}

// viewPerson masks a number, and a name that is one.
func viewPerson(p autocall.Person, full bool) personView {
	if full {
		return personView{p.Name, p.Number}
	}
	masked := phone.Mask(p.Number)
	name := strings.TrimSuffix(p.String(), " ("+masked+")")
	if name == masked && p.Name == "" {
		name = ""
	}
	return personView{name, masked}
}

// A phoneView is what is shown of a phone.
type phoneView struct {
	Name   string    `json:"name"`
	Model  string    `json:"model,omitempty"`
	Seen   time.Time `json:"seen,omitzero"` // absent: never
	Silent bool      `json:"silent"`        // for longer than a call takes, or always
	Call   string    `json:"call,omitempty"`
}

// phoneViews returns the phones of the settings, and what is known of others
// that have polled once.
func (s *service) phoneViews(ctx context.Context) ([]phoneView, error) {
	known, err := s.queue.Phones(ctx)
	views := make([]phoneView, 0, len(known))
	seen := make(map[string]bool)
	for _, p := range known {
		seen[p.Name] = true
		views = append(views, phoneView{p.Name, p.Model, p.Seen, p.Silent || p.Seen.IsZero(), p.Call})
	}
	for _, h := range s.config.Phones {
		if !seen[h.Name] {
			views = append(views, phoneView{Name: h.Name, Silent: true})
		}
	}
	return views, err
}
