package storetest

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// said returns an alert about a Key, named like it and what it says.
func said(key, what string, severity alert.Severity, status alert.Status) alert.Alert {
	return alert.Alert{Source: "kit", ID: key + " " + what, Key: key, Name: key + " " + what, Severity: severity, Status: status}
}

// critical is a filter by severity.
func critical(a alert.Alert) bool { return a.Severity == alert.Critical }

// What is said of a problem goes wherever the problem went, whatever its severity,
// until it is over; also after a restart. What never went there stays out.
func checkFollowed(x *harness) {
	filters := map[string]outbox.RouteOptions{
		"chat":  {Filter: critical},
		"phone": {Filter: critical, NeverTwice: true},
		"begin": {Filter: func(a alert.Alert) bool { return critical(a) && a.Status == alert.Firing }},
		"tests": {Filter: func(a alert.Alert) bool { return critical(a) && a.Test }},
		"none":  {Filter: func(alert.Alert) bool { return false }},
	}
	start := func(s *outbox.Store) *outbox.Outbox {
		b := x.open(s, outbox.Options{})
		for name, opts := range filters {
			x.must(b.Route(name, new(alerttest.Recorder), &opts))
		}
		return b
	}
	b := start(x.store)
	x.must(b.Send(x.ctx,
		said("disk", "critical", alert.Critical, alert.Firing), said("disk", "info", alert.Info, alert.Firing),
		said("cpu", "minor", alert.Warning, alert.Firing), said("net", "critical", alert.Critical, alert.NoData),
		said("net", "news", alert.Info, alert.News)))
	test := said("cpu", "test", alert.Critical, alert.Firing)
	test.Test = true
	x.must(b.Send(x.ctx, test))
	x.must(b.Send(x.ctx, said("cpu", "over", alert.Warning, alert.Resolved), said("disk", "critical", alert.Critical, alert.Firing)))
	x.backend.Advance(7 * 24 * time.Hour)
	b = start(x.other())
	x.must(b.Send(x.ctx, said("disk", "no data", alert.Warning, alert.NoData), said("disk", "over", alert.Info, alert.Resolved)))
	x.must(b.Send(x.ctx, said("disk", "over again", alert.Info, alert.Resolved), said("disk", "minor", alert.Warning, alert.Firing)))
	x.must(b.Send(x.ctx, said("disk", "worse", alert.Critical, alert.Firing), said("disk", "end", alert.Critical, alert.Resolved),
		said("disk", "late", alert.Info, alert.Firing)))
	for name, want := range map[string][]string{
		"chat":  {"disk critical", "disk info", "net critical", "cpu test", "disk no data", "disk over", "disk worse", "disk end"},
		"phone": {"disk critical", "net critical", "cpu test", "disk over", "disk worse", "disk end"},
		"begin": {"disk critical", "disk info", "cpu test", "disk worse"},
		"tests": {"cpu test"},
		"none":  nil,
	} {
		got, _ := x.waiting(b, name)
		x.equal(name, got, want)
	}
	x.backend.Advance(31 * 24 * time.Hour)
	x.until("the problem to be forgotten", func() bool {
		stop := x.run(b) // which forgets what is old
		x.someTime()
		stop()
		x.must(b.Send(x.ctx, alert.Alert{Source: "kit", Key: "net", Name: "net info", Severity: alert.Info}))
		got, _ := x.waiting(b, "chat")
		return len(got) == 0
	})
}

// A problem that an operator moved is followed too, and what followed a problem is
// not moved to where it went.
func checkFollowedMoved(x *harness) {
	b := x.open(x.store, outbox.Options{})
	x.must(b.Route(route, new(alerttest.Recorder), nil))
	x.must(b.Route("chat", new(alerttest.Recorder), &outbox.RouteOptions{Filter: critical}))
	x.must(b.Send(x.ctx, said("disk", "critical", alert.Critical, alert.Firing), said("disk", "minor", alert.Warning, alert.Firing),
		said("cpu", "minor", alert.Warning, alert.Firing)))
	x.change("move", outbox.Change{Alerts: 1, Known: 2})(b.MovePending(x.ctx, route, "chat", outbox.Selection{}))
	x.must(b.Send(x.ctx, said("cpu", "over", alert.Warning, alert.Resolved), said("cpu", "late", alert.Warning, alert.Firing)))
	got, _ := x.waiting(b, "chat")
	x.equal("chat", got, []string{"disk critical", "disk minor", "cpu minor", "cpu over"})
}
