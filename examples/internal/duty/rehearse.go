package duty

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// ReadAlerts reads what is to be rehearsed: a callback as CloudMonitor posts it, or alerts
// as JSON, one or an array of them.
func ReadAlerts(file []byte, locale alert.Locale) ([]alert.Alert, error) {
	var many []alert.Alert
	var one alert.Alert
	if strict(file, &many) == nil && len(many) > 0 {
		return many, nil
	}
	if strict(file, &one) == nil {
		return []alert.Alert{one}, nil
	}
	callback, err := aliyun.Parse("", file)
	if err != nil {
		return nil, errors.New("neither alerts as JSON nor a callback of CloudMonitor")
	}
	return callback.Alerts(), nil
}

func strict(file []byte, to any) error {
	d := json.NewDecoder(strings.NewReader(string(file)))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// Rehearse prints what would be done about alerts that come at a time: who would be told
// and rung, when, and why or why not. It sends nothing and opens no database.
func Rehearse(c *Config, alerts []alert.Alert, at time.Time, out io.Writer) error {
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		return err
	}
	d := &desk{config: c, log: slog.New(slog.DiscardHandler), mux: http.NewServeMux(), box: box}
	if c.Roster != nil {
		if d.queue, err = autocall.NewMemoryQueue(nil); err != nil {
			return err
		}
	}
	if err := d.addEscalation(); err != nil {
		return cli.UsageError{Err: err}
	}
	plan := d.escalation.Rehearse(alerts...)
	zone := c.Roster.zone()
	for i := range alerts {
		a := &alerts[i]
		fmt.Fprintf(out, "alert %d: %s %s: %s\n", i+1, a.Status, a.Severity, cli.Printable(strings.TrimSpace(a.Instance+" "+a.Name)))
		for _, r := range plan {
			if r.Alert == i {
				fmt.Fprintf(out, "  %s  %-10s %s\n", at.Add(r.After).In(zone).Format("2006-01-02 15:04:05 MST"), r.Step, c.says(r, a, at))
			}
		}
	}
	if slices.ContainsFunc(plan, func(r escalate.Rehearsal) bool { return r.Tells && r.After > 0 }) {
		fmt.Fprintln(out, "Of calls that are due at the same time one is placed, which speaks for all; the next one two minutes later.")
	}
	return nil
}

// says tells in a line what a step does.
func (c *Config) says(r escalate.Rehearsal, a *alert.Alert, at time.Time) string {
	switch {
	case a.Severity < c.Least:
		return "no: below -severity " + c.Least.String()
	case !r.Tells:
		return "no: " + r.Why
	case r.Step == "autocall":
		by := "nobody else is set up"
		if c.Roster.path != "" {
			by = "on duty then by the rota"
		}
		return fmt.Sprintf("rings %s (%s): %s", namesOf(c.Roster.At(at.Add(r.After))), by, r.Why)
	case r.Step == "pigeon":
		return "calls by the call flow of Pigeon: " + r.Why
	}
	return "told: " + r.Why
}
