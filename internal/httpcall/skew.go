package httpcall

import (
	"net/http"
	"time"
)

// ClockSkew returns by how much this host's clock is ahead of the one that set
// the Date of an answer, which has whole seconds and was a while on its way. A
// difference below 5 s is none, and so is a Date that is missing.
func ClockSkew(h http.Header) time.Duration {
	const doubt = 5 * time.Second
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	ahead := time.Since(date).Round(time.Second)
	if ahead.Abs() < doubt {
		return 0
	}
	return ahead
}
