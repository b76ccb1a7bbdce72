package pigeon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
)

// SenderOptions configures a [Sender]. A nil *SenderOptions and the zero value
// of each field mean the default.
type SenderOptions struct {
	// Locale is the language of the words added to the alerts: that of the
	// voice of the guidance. Default: Chinese.
	Locale alert.Locale

	// TextLimit bounds the parameters "text" and "summary" in runes, 40 to
	// 1000. The guidance is read twice in a set and up to four sets: 150 runes
	// are half a minute, and with nobody pressing a key minutes. Default: 150.
	TextLimit int

	// Names maps the parameters of this package, see [Sender], to the
	// placeholders of a guidance that has other names; those that are missing
	// are not sent. Default: all of them under their own names, of an inline
	// guidance those that it uses. What the vendor does with a value that has
	// no placeholder is not documented: should it refuse them, name those that
	// the guidance has.
	Names map[string]string

	// Ring says when and how often there may be a call, and whether one is placed
	// for recoveries and tests, see [alert.RingPolicy]. It knows the contacts of an
	// inline call flow by number and name; one that is prepared at the vendor counts
	// as one person. Default: one of its own, with the default policy.
	Ring *alert.Ringer

	// OnInvoked gets each chain that was accepted, with the number of alerts
	// that it speaks for, before Send returns: to wait for its outcome, in a
	// goroutine of the caller's own. It is called concurrently and must
	// neither block nor panic. Default: nobody.
	OnInvoked func(chain Invocation, alerts int)
}

// A Sender places one call for any number of alerts, through an [alert.Ringer]. It
// is safe for concurrent use. Printing it shows the host only.
//
// The guidance can use these parameters. Each is one clean line, short enough
// to be listened to, free of links, markup and braces, and never empty:
//
//	text      all that there is to say: how many alerts, how bad, which
//	count     number of alerts; what is neither open nor resolved is news
//	open      those that report a problem
//	resolved  those that say that it is over
//	status    firing, resolved, no data or news, in the words of the Locale
//	level     the source's word for the severity, or that of the Locale
//	severity  the word of the Locale
//	name      what happened
//	product, instance, region, summary, source
//
// From status on they are about the worst alert that reports a problem. The
// status and the name of a test begin with that word.
type Sender struct {
	client *Client
	plan   func() Request // a closure, where no printer looks: it holds numbers
	opts   SenderOptions
	names  map[string]string // ours to the guidance's
	sender alert.Sender      // that of the Ringer
}

// NewSender returns a Sender that calls by a plan: a [Request] whose
// Parameters, if it has any, are sent with every call and win over those of
// the same name. The plan is copied. No connection is made.
func NewSender(client *Client, plan Request, opts *SenderOptions) (*Sender, error) {
	if client == nil {
		return nil, errors.New("pigeon: new sender: no client")
	}
	plan = plan.clone()
	s := &Sender{client: client, plan: func() Request { return plan }}
	if opts != nil {
		s.opts = *opts
	}
	switch limit := s.opts.TextLimit; {
	case limit == 0:
		s.opts.TextLimit = defaultTextLimit
	case limit < minTextLimit || limit > maxTextLimit:
		return nil, fmt.Errorf("pigeon: new sender: TextLimit: %d runes, want %d to %d", limit, minTextLimit, maxTextLimit)
	}
	var err error
	if s.names, err = s.chooseNames(); err == nil {
		err = s.try()
	}
	if err == nil && s.opts.Ring == nil {
		s.opts.Ring, err = alert.NewRinger(&alert.RingPolicy{Logger: client.log})
	}
	if err != nil {
		return nil, fmt.Errorf("pigeon: new sender: %w", err)
	}
	s.sender = s.opts.Ring.Sender(plan.people(), s.invoke)
	return s, nil
}

// chooseNames returns which parameters are sent, and under which names.
func (s *Sender) chooseNames() (map[string]string, error) {
	names := map[string]string{}
	for _, name := range parameterNames() {
		names[name] = name
	}
	if s.opts.Names == nil {
		return names, s.dropUnused(names)
	}
	taken := map[string]bool{}
	for _, ours := range slices.Sorted(maps.Keys(s.opts.Names)) {
		theirs := s.opts.Names[ours]
		if _, known := names[ours]; !known {
			return nil, &FieldError{"Names", fmt.Sprintf("%.40q is no parameter of this package", ours)}
		}
		if taken[theirs] {
			return nil, &FieldError{"Names", fmt.Sprintf("two parameters for the placeholder %.40q", theirs)}
		}
		taken[theirs] = true
	}
	return maps.Clone(s.opts.Names), nil
}

// dropUnused drops the names for which an inline guidance has no placeholder.
func (s *Sender) dropUnused(names map[string]string) error {
	g := s.plan().Guidance
	if g == nil {
		return nil
	}
	used := map[string]bool{}
	for _, text := range append([]string{g.Text}, reactionTexts(g)...) {
		found, err := placeholders("params.guidance", text)
		if err != nil {
			return err
		}
		for _, name := range found {
			used[name] = true
		}
	}
	maps.DeleteFunc(names, func(name, _ string) bool { return !used[name] })
	return nil
}

// reactionTexts returns what is read aloud after the keys.
func reactionTexts(g *Guidance) []string {
	var texts []string
	for _, r := range g.Reactions {
		texts = append(texts, r.Text)
	}
	return texts
}

// try checks the request that the zero alert would make, so that a wrong plan
// fails when the program starts and not at three in the morning.
func (s *Sender) try() error {
	r := s.request([]alert.Alert{{}})
	_, err := r.check()
	return err
}

// Send places one call for all alerts and does nothing without alerts. Nil
// means that the vendor has accepted the chain, not that anybody has answered;
// see [SenderOptions].OnInvoked. It also means that the alerts were told already,
// or that no call was placed because no alert reports a problem, or all that do are
// tests. A mixture of open and resolved alerts makes a call that counts both.
//
// An error is an [*Error], which counts against all alerts, or what the Ringer
// says: an [*alert.HeldError], or that an earlier attempt may have rung. One that
// matches [alert.ErrUncertain] is not retryable: phones may be ringing. Whoever
// repeats it all the same rings nobody, see [alert.Ringer].
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	return s.sender.Send(ctx, alerts...)
}

// placedKey is that of the *Invocation in the context of a Place.
type placedKey struct{}

// Place is Send, and returns the chain that was accepted. Its ResultID is empty
// if no call was placed, or that of another Send tells these alerts.
func (s *Sender) Place(ctx context.Context, alerts ...alert.Alert) (chain Invocation, err error) {
	err = s.Send(context.WithValue(ctx, placedKey{}, &chain), alerts...)
	return chain, err
}

// people returns by what each contact is known.
func (r *Request) people() [][]string {
	if r.CallFlow == nil {
		return [][]string{{"call flow " + r.CallFlowID}}
	}
	people := make([][]string, len(r.CallFlow.Contacts))
	for i, c := range r.CallFlow.Contacts {
		people[i] = append(slices.Clone(c.Phones), c.Name)
	}
	return people
}

// invoke starts a chain for alerts that leaves out who is held.
func (s *Sender) invoke(ctx context.Context, held []error, alerts []alert.Alert) (rang []bool, err error) {
	r := s.request(alerts)
	if r.CallFlow != nil {
		flow := CallFlow{Loops: r.CallFlow.Loops}
		for i, c := range r.CallFlow.Contacts {
			if held[i] == nil {
				flow.Contacts = append(flow.Contacts, c)
			}
		}
		r.CallFlow = &flow
	}
	chain, err := s.client.Invoke(ctx, r)
	if err != nil {
		return nil, err
	}
	if placed, ok := ctx.Value(placedKey{}).(*Invocation); ok {
		*placed = chain
	}
	if s.opts.OnInvoked != nil {
		s.opts.OnInvoked(chain, len(alerts))
	}
	return nil, nil
}

// request returns the plan with the parameters for alerts.
func (s *Sender) request(alerts []alert.Alert) Request {
	r := s.plan()
	values := s.parameters(alerts)
	maps.Copy(values, r.Parameters)
	r.Parameters = values
	return r
}

// Format prints the host for every verb: fmt must not walk through the fields.
func (s *Sender) Format(f fmt.State, _ rune) {
	host := "nil"
	if s != nil {
		host = s.client.host
	}
	_, _ = io.WriteString(f, "pigeon.Sender("+host+")")
}
