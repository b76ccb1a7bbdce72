package rota

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// longestShift bounds an event that repeats itself.
const longestShift = 31 * 24 * time.Hour

// clockChange is more than clocks are ever set forward or back.
const clockChange = 3 * time.Hour

// A calendar is events whose SUMMARY names who is on duty, in order. At the same time all
// of them count, in the order of their begin, but if some have a better PRIORITY (1 is the
// best, none the worst) only those. Events that were cancelled are none, and single
// occurrences that were moved or excluded (RECURRENCE-ID, EXDATE) do what they say.
type calendar struct{ events []event }

type event struct {
	uid      string
	start    time.Time
	lasts    time.Duration // as clocks show it
	repeats  *rrule.Set    // nil: once
	moved    []time.Time
	priority int
	people   []string
}

func parseCalendar(file []byte) (*Rota, error) {
	parsed, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("the calendar cannot be read: %w", err)
	}
	r := &Rota{Zone: time.Local}
	if p := parsed.Props.Get("X-WR-TIMEZONE"); p != nil {
		if r.Zone, err = time.LoadLocation(p.Value); err != nil {
			return nil, fmt.Errorf("the zone %q is not known", p.Value)
		}
	}
	c := new(calendar)
	moved := make(map[string][]time.Time)
	for n, e := range parsed.Events() {
		status, _ := e.Status()
		if p := e.Props.Get(ical.PropRecurrenceID); p != nil {
			at, err := p.DateTime(r.Zone)
			if err != nil {
				return nil, fmt.Errorf("event %d: RECURRENCE-ID: %w", n+1, err)
			}
			uid, _ := e.Props.Text(ical.PropUID)
			moved[uid] = append(moved[uid], at)
		}
		if status == ical.EventCancelled {
			continue
		}
		read, err := readEvent(e, r.Zone)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", n+1, err)
		}
		c.events = append(c.events, read)
	}
	if len(c.events) == 0 || len(c.events) > maxShifts {
		return nil, fmt.Errorf("%d events, want 1 to %d", len(c.events), maxShifts)
	}
	for i := range c.events {
		if e := &c.events[i]; e.repeats != nil {
			e.moved = moved[e.uid]
		}
	}
	r.plan = c
	return r, nil
}

// decode reads a calendar. The library panics at lines that are cut off.
func decode(file []byte) (c *ical.Calendar, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a line is cut off")
		}
	}()
	return ical.NewDecoder(bytes.NewReader(file)).Decode()
}

// readEvent reads an event, in a zone if it names none.
func readEvent(in ical.Event, zone *time.Location) (e event, err error) {
	summary, err := in.Props.Text(ical.PropSummary)
	if err != nil {
		return e, fmt.Errorf("SUMMARY: %w", err)
	}
	if e.people, err = split(summary); err != nil {
		return e, fmt.Errorf("SUMMARY, who is on duty: %w", err)
	}
	e.uid, _ = in.Props.Text(ical.PropUID)
	if e.start, err = in.DateTimeStart(zone); err != nil || e.start.IsZero() {
		return e, fmt.Errorf("DTSTART: %w", or(err))
	}
	end, err := in.DateTimeEnd(zone)
	if err != nil {
		return e, fmt.Errorf("DTEND: %w", err)
	}
	if e.lasts = shown(end.In(e.start.Location())).Sub(shown(e.start)); !end.After(e.start) || e.lasts <= 0 {
		return e, errors.New("DTEND: it ends before it begins")
	}
	e.priority = 10
	if p := in.Props.Get(ical.PropPriority); p != nil {
		n, err := p.Int()
		if err != nil || n < 0 || n > 9 {
			return e, errors.New("PRIORITY: want 0 to 9")
		}
		if n > 0 {
			e.priority = n
		}
	}
	e.repeats, err = repetition(in, e.start, zone)
	if err == nil && e.repeats != nil && e.lasts > longestShift {
		err = errors.New("it lasts for more than 31 days and repeats itself")
	}
	return e, err
}

func or(err error) error {
	if err == nil {
		return errors.New("there is none")
	}
	return err
}

// repetition returns when an event begins, nil if once.
func repetition(in ical.Event, start time.Time, zone *time.Location) (*rrule.Set, error) {
	set, dates := &rrule.Set{}, in.Props.Values(ical.PropRecurrenceDates)
	option, err := in.Props.RecurrenceRule()
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	if option == nil && len(dates) == 0 {
		return nil, nil
	}
	if option != nil {
		if option.Freq > rrule.DAILY || start.Year() < 1970 {
			return nil, errors.New("RRULE: want DAILY, WEEKLY, MONTHLY or YEARLY, from 1970 on")
		}
		option.Dtstart = start
		rule, err := rrule.NewRRule(*option)
		if err != nil {
			return nil, fmt.Errorf("RRULE: %w", err)
		}
		set.RRule(rule)
	}
	set.DTStart(start)
	for name, put := range map[string]func(time.Time){ical.PropRecurrenceDates: set.RDate, ical.PropExceptionDates: set.ExDate} {
		for _, p := range in.Props.Values(name) {
			for value := range strings.SplitSeq(p.Value, ",") {
				one := p
				one.Value = value
				at, err := one.DateTime(zone)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				put(at)
			}
		}
	}
	if option == nil {
		set.RDate(start)
	}
	return set, nil
}

// begins returns when the event begins, of those times that may matter within a span.
func (e *event) begins(from, to time.Time) []time.Time {
	if e.repeats == nil {
		return []time.Time{e.start}
	}
	return slices.DeleteFunc(e.repeats.Between(from.Add(-e.lasts-clockChange), to, true), func(t time.Time) bool {
		return slices.ContainsFunc(e.moved, t.Equal)
	})
}

// end returns when an event ends that begins at a time: when its clocks show the end,
// also in a night in which they are set forward or back.
func (e *event) end(begin time.Time) time.Time {
	t := shown(begin).Add(e.lasts)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, begin.Location())
}

// shown returns what a clock shows, as if it were in UTC.
func shown(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func (c *calendar) at(t time.Time) (names []string) {
	best := 10
	type shift struct {
		begin time.Time
		e     *event
	}
	var all []shift
	for i := range c.events {
		e := &c.events[i]
		for _, begin := range e.begins(t, t) {
			if !t.Before(begin) && t.Before(e.end(begin)) {
				all, best = append(all, shift{begin, e}), min(best, e.priority)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b shift) int { return a.begin.Compare(b.begin) })
	for _, s := range all {
		if s.e.priority == best {
			names = add(names, s.e.people)
		}
	}
	return names
}

func (c *calendar) within(from, to time.Time) (_ plan, edges []time.Time) {
	once := new(calendar)
	for i := range c.events {
		for _, begin := range c.events[i].begins(from, to) {
			e := c.events[i]
			e.start, e.repeats = begin, nil
			once.events, edges = append(once.events, e), append(edges, begin, e.end(begin))
		}
	}
	return once, edges
}

func (c *calendar) names() (all []string) {
	for i := range c.events {
		all = append(all, c.events[i].people...)
	}
	return all
}
