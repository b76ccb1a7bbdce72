package ocp

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// parseTime reads RFC 3339, with or without a fraction, a colon in the offset
// and seconds. Times before 1970 and after 9999 are mistakes. The zone is kept:
// it is the one that people at the source read.
func parseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	// Parse accepts a fraction of a second that the layout does not mention.
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, text)
		if year := t.UTC().Year(); err == nil && 1970 <= year && year <= 9999 && 1970 <= t.Year() && t.Year() <= 9999 {
			return withPlainZone(t), true
		}
	}
	return time.Time{}, false
}

// withPlainZone gives t a zone that depends on the text alone. Parse takes
// time.Local where the offset happens to be that of the machine.
func withPlainZone(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

// parseDuration reads a number of seconds, such as 545 or 545.0, or what Java
// prints for a duration: the days, hours, minutes and seconds of ISO 8601, as in
// PT6M8.301194S. A duration is not negative and shorter than 292 years.
func parseDuration(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if iso, found := strings.CutPrefix(strings.ToUpper(text), "P"); found {
		return parseISO(iso)
	}
	return seconds(text, 1)
}

// isoOrder holds the letters of an ISO 8601 duration in the order in which
// they may stand. T, which has no number, begins the part of the day.
const isoOrder = "WDTHMS"

// parseISO reads what follows the P.
func parseISO(rest string) (sum time.Duration, ok bool) {
	next, daytime := 0, strings.IndexByte(isoOrder, 'T') // the least letter still allowed
	for rest != "" {
		if rest[0] == 'T' && next <= daytime && len(rest) > 1 {
			next, rest = daytime+1, rest[1:]
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if end < 0 {
			return 0, false
		}
		at := strings.IndexByte(isoOrder, rest[end])
		if at < next || at > daytime && next <= daytime {
			return 0, false
		}
		d, valid := seconds(rest[:end], [len(isoOrder)]float64{7 * 86400, 86400, 0, 3600, 60, 1}[at])
		if !valid || sum > math.MaxInt64-d {
			return 0, false
		}
		sum, next, rest, ok = sum+d, at+1, rest[end+1:], true
	}
	return sum, ok
}

// seconds reads a decimal number of units.
func seconds(text string, unit float64) (time.Duration, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if !isDigits(whole) || fraction != "" && !isDigits(fraction) {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n*unit >= math.MaxInt64/1e9 {
		return 0, false
	}
	return time.Duration(math.Round(n * unit * 1e9)), true
}

// isDigits reports whether s consists of digits, of which there is one.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
