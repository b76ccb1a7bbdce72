package aliyun

import (
	"strconv"
	"strings"
	"time"
)

// maxMillis is the last millisecond of the year 9999, beyond which a time has
// no JSON form.
const maxMillis = 253402300799999

// unixTime reads a count of seconds or milliseconds since 1970: captures have
// milliseconds, printed samples seconds. Less than 1e11 is taken for seconds,
// which are then before the year 5139. Nothing and zero mean not set.
func unixTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n < 0 || n > maxMillis:
		return time.Time{}, false
	case n == 0:
		return time.Time{}, true
	case n < 1e11:
		return time.Unix(n, 0).UTC(), true
	}
	return time.UnixMilli(n).UTC(), true
}

// eventTime reads the time of an event: 20201216T160841.792+0800, RFC 3339
// with or without seconds, 2025-08-22 09:30:00 in the time of China, or a number
// as in unixTime. It stays in the zone that the text names: people compare it
// with the console.
func eventTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, true
	}
	// Parse accepts a fraction of a second that the layout does not mention.
	for _, layout := range [...]string{"20060102T150405Z0700", time.RFC3339, "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, text)
		if year := t.UTC().Year(); err == nil && year >= 1970 && year <= 9999 {
			return fixed(t), true
		}
	}
	if t, err := time.ParseInLocation(time.DateTime, text, time.FixedZone("", 8*60*60)); err == nil && t.Year() >= 1971 {
		return t, true
	}
	return unixTime(text)
}

// fixed returns t in its own zone without a name: time.Parse takes the zone of
// this machine where the two agree at that moment.
func fixed(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}
