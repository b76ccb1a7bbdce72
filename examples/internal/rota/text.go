package rota

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A text is shifts in lines, such as
//
//	zone Asia/Shanghai
//	mon-fri 09:00-21:00 Li, Wang       # Li is rung first
//	mon-fri 21:00-09:00 Wang, Li       # until the next morning
//	sat,sun 00:00-24:00 Chen
//	holiday 2026-10-01..2026-10-07 Chen, Li
//	2026-12-24 18:00 .. 2026-12-25 09:00 Wang
//
// A line with two dates goes before all others, the last of them first. On a holiday,
// from midnight to midnight, there are no weekly shifts. Of weekly shifts at the same time
// all count, in order. Times are as the clocks of the zone show them.
type text struct {
	zone      *time.Location
	weekly    []weekly
	holidays  []holiday
	overrides []override
}

// A weekly shift begins on some days of the week. One that ends before it begins, or at
// the same time, ends on the next day.
type weekly struct {
	days     [7]bool
	from, to int // minutes after midnight
	names    []string
}

// A holiday is some days, as days since a day zero.
type holiday struct {
	first, last string // 2026-10-01
	names       []string
}

// An override is from a time on, until another one.
type override struct {
	from, to time.Time
	names    []string
}

func parseText(file string) (*Rota, error) {
	t := &text{}
	for n, line := range strings.Split(file, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := t.line(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	switch {
	case t.zone == nil:
		return nil, errors.New("no zone: the first line should be such as: zone Asia/Shanghai")
	case len(t.weekly)+len(t.holidays)+len(t.overrides) == 0:
		return nil, errors.New("no shift")
	case len(t.weekly)+len(t.holidays)+len(t.overrides) > maxShifts:
		return nil, fmt.Errorf("more than %d shifts", maxShifts)
	}
	return &Rota{Zone: t.zone, plan: t}, nil
}

// line reads a line.
func (t *text) line(words []string) (err error) {
	isDate := func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }
	switch {
	case words[0] == "zone":
		if t.zone != nil || len(words) != 2 || words[1] == "Local" {
			return errors.New("want one zone, such as: zone Asia/Shanghai")
		}
		if t.zone, err = time.LoadLocation(words[1]); err != nil {
			return fmt.Errorf("the zone %q is not known", words[1])
		}
		return nil
	case t.zone == nil:
		return errors.New("the zone has to stand before all shifts")
	case words[0] == "holiday" && len(words) > 2:
		return t.holiday(words[1:])
	case len(words) > 5 && words[2] == ".." && isDate(words[0]) && isDate(words[3]):
		return t.override(words)
	case len(words) > 2:
		return t.shift(words)
	}
	return errors.New("want DAYS FROM-TO NAMES, holiday DATE NAMES, or DATE TIME .. DATE TIME NAMES")
}

func (t *text) holiday(words []string) (err error) {
	h := holiday{}
	h.first, h.last, _ = strings.Cut(words[0], "..")
	if h.last == "" {
		h.last = h.first
	}
	for _, day := range [...]string{h.first, h.last} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return errors.New("want holiday 2026-10-01 or holiday 2026-10-01..2026-10-07, and names")
		}
	}
	if h.last < h.first {
		return errors.New("the holidays end before they begin")
	}
	h.names, err = namesIn(words[1:])
	t.holidays = append(t.holidays, h)
	return err
}

func (t *text) override(words []string) (err error) {
	o := override{}
	for _, side := range []struct {
		text string
		to   *time.Time
	}{{words[0] + " " + words[1], &o.from}, {words[3] + " " + words[4], &o.to}} {
		if *side.to, err = time.ParseInLocation("2006-01-02 15:04", side.text, t.zone); err != nil {
			return errors.New("want 2026-12-24 18:00 .. 2026-12-25 09:00 and names")
		}
	}
	if !o.to.After(o.from) {
		return errors.New("it ends before it begins")
	}
	o.names, err = namesIn(words[5:])
	t.overrides = append(t.overrides, o)
	return err
}

// weekdays are the days as they are written, from Sunday on as in package time.
const weekdays = "sunmontuewedthufrisat"

func (t *text) shift(words []string) (err error) {
	w := weekly{}
	for part := range strings.SplitSeq(strings.ToLower(words[0]), ",") {
		first, last, span := strings.Cut(part, "-")
		from, to := strings.Index(weekdays, first), strings.Index(weekdays, last)
		if !span {
			to = from
		}
		if from < 0 || to < 0 || from%3+to%3 > 0 || len(first) != 3 || span && len(last) != 3 {
			return fmt.Errorf("%q: want days such as mon-fri or sat,sun", words[0])
		}
		for day := from / 3; ; day = (day + 1) % 7 {
			w.days[day] = true
			if day == to/3 {
				break
			}
		}
	}
	from, to, _ := strings.Cut(words[1], "-")
	for _, side := range []struct {
		text string
		to   *int
	}{{from, &w.from}, {to, &w.to}} {
		at, err := time.Parse("15:04", side.text)
		switch {
		case side.text == "24:00":
			*side.to = 24 * 60
		case err != nil:
			return fmt.Errorf("%q: want times such as 21:00-09:00", words[1])
		default:
			*side.to = at.Hour()*60 + at.Minute()
		}
	}
	if w.from == 24*60 {
		return fmt.Errorf("%q: a shift that begins at 24:00 begins at 00:00 of the next day", words[1])
	}
	w.names, err = namesIn(words[2:])
	t.weekly = append(t.weekly, w)
	return err
}

// namesIn reads names, which may have blanks in them.
func namesIn(words []string) (names []string, err error) {
	return split(strings.Join(words, " "))
}

// split reads a list of names.
func split(list string) (names []string, err error) {
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",，、;；", r) }) {
		if name = strings.TrimSpace(name); name != "" {
			names = add(names, []string{name})
		}
	}
	if len(names) == 0 || len(names) > maxNames {
		return nil, fmt.Errorf("%d names, want 1 to %d", len(names), maxNames)
	}
	return names, nil
}

func (t *text) at(at time.Time) (names []string) {
	for _, o := range slices.Backward(t.overrides) {
		if !at.Before(o.from) && at.Before(o.to) {
			return o.names
		}
	}
	local := at.In(t.zone)
	day := local.Format(time.DateOnly)
	for _, h := range slices.Backward(t.holidays) {
		if h.first <= day && day <= h.last {
			return h.names
		}
	}
	for i := range t.weekly {
		if t.weekly[i].includes(local) {
			names = add(names, t.weekly[i].names)
		}
	}
	return names
}

// includes reports whether a clock that shows a time shows the shift.
func (w *weekly) includes(local time.Time) bool {
	minute := local.Hour()*60 + local.Minute()
	today, yesterday := w.days[local.Weekday()], w.days[(local.Weekday()+6)%7]
	if w.to > w.from {
		return today && w.from <= minute && minute < w.to
	}
	return today && minute >= w.from || yesterday && minute < w.to
}

func (t *text) within(from, to time.Time) (_ plan, all []time.Time) {
	for _, o := range t.overrides {
		all = append(all, o.from, o.to)
	}
	first := from.In(t.zone)
	for day := 0; ; day++ {
		midnight := time.Date(first.Year(), first.Month(), first.Day()+day, 0, 0, 0, 0, t.zone)
		if midnight.After(to) {
			return t, all
		}
		all = append(all, midnight)
		for i := range t.weekly {
			for _, minute := range [...]int{t.weekly[i].from, t.weekly[i].to} {
				all = append(all, time.Date(first.Year(), first.Month(), first.Day()+day, 0, minute, 0, 0, t.zone))
			}
		}
	}
}

func (t *text) names() (all []string) {
	for _, w := range t.weekly {
		all = append(all, w.names...)
	}
	for _, h := range t.holidays {
		all = append(all, h.names...)
	}
	for _, o := range t.overrides {
		all = append(all, o.names...)
	}
	return all
}
