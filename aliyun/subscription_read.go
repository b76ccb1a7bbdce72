package aliyun

import "cmp"

// subscription reads an event subscription, from JSON or from a form whose
// fields hold JSON.
func (r *reader) subscription(fields []field) *Subscription {
	s := &Subscription{}
	var room [foldSize]byte
	for _, f := range fields {
		key := f.fold(room[:0])
		if p := s.slot(key); p != nil {
			if !r.fill(p, f) {
				s.Extra = keep(s.Extra, f)
			}
			continue
		}
		switch string(key) {
		case "alert":
			s.Alert = r.subscribedAlert(f)
		case "subscription":
			s.Policy = r.policy(f)
		default:
			s.Extra = keep(s.Extra, f)
		}
	}
	var ok bool
	if s.At, ok = unixTime(s.Time); !ok {
		r.problem("time", "not a time")
	}
	if s.At.IsZero() {
		s.At = s.Alert.At
	}
	s.Merged = merged(s.Extra)
	if word := cmp.Or(s.Alert.Severity, s.Severity); word != "" {
		if _, ok = level(word); !ok {
			r.problem("severity", "unknown level")
		}
	}
	return s
}

// inner returns the fields of an object inside a callback, or notes that there
// is none.
func (r *reader) inner(f field) []field {
	if f.isNull() {
		return nil
	}
	object, ok := f.object()
	if !ok {
		r.problem(f.key, "not a JSON object")
		return nil
	}
	return split(nil, object)
}

// subscribedAlert reads the field alert.
func (r *reader) subscribedAlert(f field) SubscribedAlert {
	var a SubscribedAlert
	var rawContent field
	var room [foldSize]byte
	for _, f := range r.inner(f) {
		key := f.fold(room[:0])
		if p := a.slot(key); p != nil {
			if !r.fill(p, f) {
				a.Extra = keep(a.Extra, f)
			}
			continue
		}
		switch string(key) {
		case "eventcontentmap":
			a.Content, a.ContentText = r.members(f)
		case "eventrawcontent":
			rawContent = f
		case "meta":
			a.Meta = r.meta(f, &a)
		default:
			a.Extra = keep(a.Extra, f)
		}
	}
	if a.ContentText == "" && rawContent.raw != "" {
		a.Content, a.ContentText = r.members(rawContent)
	}
	if a.Meta != nil {
		a.Meta.Content, a.Meta.ContentText = a.Content, a.ContentText
	}
	r.checkAlert(&a)
	return a
}

// meta reads the field meta and returns its part sysEventMeta, if there is
// one. Other parts are kept as extra fields of the alert.
func (r *reader) meta(f field, a *SubscribedAlert) *Event {
	var event *Event
	for _, f := range r.inner(f) {
		if f.key == "sysEventMeta" {
			event = r.event(r.inner(f))
			continue
		}
		f.key = "meta." + f.key
		a.Extra = keep(a.Extra, f)
	}
	return event
}

// checkAlert derives the time of a and notes values that nobody can interpret.
func (r *reader) checkAlert(a *SubscribedAlert) {
	var ok bool
	if a.At, ok = unixTime(a.Timestamp); !ok {
		r.problem("alert.timestamp", "not a time")
	}
	if a.At.IsZero() && a.Meta != nil {
		a.At = a.Meta.At
	}
	switch a.AlertStatus {
	case "", "TRIGGERED", "RESOLVED":
	default:
		r.problem("alert.alertStatus", "unknown state")
	}
}

// policy reads the field subscription.
func (r *reader) policy(f field) Policy {
	var p Policy
	var room [foldSize]byte
	for _, f := range r.inner(f) {
		switch string(f.fold(room[:0])) {
		case "subscriptionuuid":
			r.fill(&p.SubscriptionUUID, f)
		default:
			p.Extra = keep(p.Extra, f)
		}
	}
	return p
}
