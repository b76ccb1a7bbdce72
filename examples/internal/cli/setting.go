package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Setting is one line of a [Form]. It keeps the raw text: nothing is judged
// before it is known where the value comes from, because package flag quotes a
// value that it refuses, and the value may be a secret.
type Setting struct {
	Name string

	usage  string
	kind   kind
	values []string
	origin string // "-listen", "TOCSIN_LISTEN" or "TOCSIN_LISTEN_FILE"; empty: not set
	file   string // that the value was read from; empty: none
}

type kind uint8

const (
	single kind = iota
	repeated
	toggle
)

// String is called by package flag for -help and shows nothing.
func (s *Setting) String() string { return "" }

// IsBoolFlag tells package flag that a toggle takes no value.
func (s *Setting) IsBoolFlag() bool { return s.kind == toggle }

// Set keeps one value from the command line.
func (s *Setting) Set(v string) error {
	s.origin, s.values = "-"+s.Name, append(s.values, v)
	return nil
}

// complete takes the value from the environment if no flag set it.
func (s *Setting) complete(getenv func(string) string) error {
	if s.origin == "" {
		v, origin, err := Lookup(getenv, EnvName(s.Name))
		if err != nil {
			return err
		}
		if s.origin = origin; origin != "" {
			s.values = []string{v}
		}
		if strings.HasSuffix(origin, "_FILE") {
			s.file = getenv(origin)
		}
	}
	if s.kind != repeated && len(s.values) > 1 {
		return s.Refuse("given %d times", len(s.values))
	}
	if s.kind == toggle && s.origin != "" && s.Text("") != "true" && s.Text("") != "false" {
		return s.Refuse("neither true nor false")
	}
	return nil
}

// Given reports whether the setting was set, be it to nothing.
func (s *Setting) Given() bool { return s.origin != "" }

// Origin says where the value came from, or that the flag is meant if it was
// not set: "-listen", "TOCSIN_LISTEN", "TOCSIN_LISTEN_FILE".
func (s *Setting) Origin() string { return cmp.Or(s.origin, "-"+s.Name) }

// File is the name of the file that holds the value, if a variable with _FILE named
// one.
func (s *Setting) File() string { return s.file }

// Text is the value of a setting that has one, or a default.
func (s *Setting) Text(otherwise string) string {
	if len(s.values) == 0 {
		return otherwise
	}
	return s.values[0]
}

// On is the value of a toggle.
func (s *Setting) On() bool { return s.Text("") == "true" }

// List is the value of a setting that may be repeated: flags add up, commas
// and line ends separate, and what is empty is left out.
func (s *Setting) List() (out []string) {
	for _, v := range s.values {
		for part := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// A Pair is an entry name=value of a setting.
type Pair struct{ Name, Value string }

// Pairs is List of entries name=value. A value alone gets the name unnamed with the
// entry's number behind it, or none if unnamed is empty. No name and no value may
// come twice.
func (s *Setting) Pairs(unnamed string) (out []Pair, err error) {
	for i, entry := range s.List() {
		name, value, named := strings.Cut(entry, "=")
		p := Pair{strings.TrimSpace(name), strings.TrimSpace(value)}
		switch {
		case !named && unnamed == "":
			p = Pair{"", entry}
		case !named:
			p = Pair{unnamed + strconv.Itoa(i+1), entry}
		case p.Name == "" || p.Value == "":
			return nil, s.Refuse("entry %d: nothing before or behind the equals sign", i+1)
		}
		for j, other := range out {
			if p.Name == other.Name {
				return nil, s.Refuse("entry %d has the name of entry %d, or neither has one", i+1, j+1)
			}
			if p.Value == other.Value {
				return nil, s.Refuse("entry %d has the value of entry %d", i+1, j+1)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// Duration is a time greater than 0, or the default.
func (s *Setting) Duration(otherwise time.Duration) (time.Duration, error) {
	if !s.Given() {
		return otherwise, nil
	}
	d, err := time.ParseDuration(s.Text(""))
	if err != nil || d <= 0 {
		return 0, s.Refuse("not a time such as 90s")
	}
	return d, nil
}

// Number is a whole number within bounds, or the default.
func (s *Setting) Number(otherwise, least, most int) (int, error) {
	if !s.Given() {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s.Text(""))
	if err != nil || n < least || n > most {
		return 0, s.Refuse("not a number from %d to %d", least, most)
	}
	return n, nil
}

// Choice reports whether the setting is the second of two words. If it is not
// set, the first one counts.
func (s *Setting) Choice(first, second string) (bool, error) {
	word := s.Text(first)
	if word != first && word != second {
		return false, s.Refuse("neither %s nor %s", first, second)
	}
	return word == second, nil
}

// Hours are two times of the day, such as 22:00-08:00, since midnight.
func (s *Setting) Hours() (from, to time.Duration, err error) {
	first, second, found := strings.Cut(s.Text(""), "-")
	for _, side := range []struct {
		text string
		to   *time.Duration
	}{{first, &from}, {second, &to}} {
		at, failed := time.Parse("15:04", strings.TrimSpace(side.text))
		if !found || failed != nil {
			return 0, 0, s.Refuse("not of the form 22:00-08:00")
		}
		*side.to = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	if from == to {
		return 0, 0, s.Refuse("both times are the same")
	}
	return from, to, nil
}

// Refuse returns a [UsageError] that names the place where the value came from,
// never the value.
func (s *Setting) Refuse(format string, args ...any) error {
	return UsageError{fmt.Errorf("%s: %w", s.Origin(), fmt.Errorf(format, args...))}
}
