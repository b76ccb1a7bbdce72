package outbox

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// WriteMetrics writes what the outbox knows in the text format of Prometheus, version
// 0.0.4: for each route what the store has, as [Outbox.Counts] does, and what this
// process has done since Open. If the store does not answer before ctx ends,
// tocsin_outbox_store_up is 0 and what the store has is left out; that is no error.
// Names of routes are labels, so that they should be few. The page is made in memory,
// and the error is that of w.
//
//	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
//		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
//		_ = box.WriteMetrics(r.Context(), w)
//	})
func (o *Outbox) WriteMetrics(ctx context.Context, w io.Writer) error {
	p := new(page)
	o.writeProcess(p)
	o.writeStore(ctx, p)
	_, err := w.Write(p.Bytes())
	return err
}

// writeStore writes what the store has.
func (o *Outbox) writeStore(ctx context.Context, p *page) {
	counts, now, err := o.counts(ctx)
	var size int64
	if err == nil {
		size, err = o.size(ctx)
	}
	p.family("tocsin_outbox_store_up", "gauge", "Whether the store answered this scrape.")
	p.sample("tocsin_outbox_store_up", one(err == nil))
	if err != nil {
		return
	}
	if size > 0 {
		p.family("tocsin_outbox_store_bytes", "gauge", "Bytes that the tables of the store take, or its file.")
		p.sample("tocsin_outbox_store_bytes", float64(size))
	}
	for _, f := range [...]struct {
		name, help string
		value      func(*Count) float64
	}{
		{"pending_alerts", "Alerts that wait.", func(c *Count) float64 { return float64(c.Waiting) }},
		{"oldest_pending_age_seconds", "How long ago the oldest alert that waits was accepted, 0 if none waits.", func(c *Count) float64 { return age(now, c.Oldest) }},
		{"stored_dead_letters", "Dead letters in the store.", func(c *Count) float64 { return float64(c.Dead) }},
		{"counted_in_part", "Whether there are more alerts than counted: what was in the store at the start is counted step by step.", func(c *Count) float64 { return one(c.AtLeast) }},
		{"route_leased", "Whether some process delivers.", func(c *Count) float64 { return one(c.Leased) }},
		{"route_paused", "Whether an operator has paused the route.", func(c *Count) float64 { return one(c.Paused) }},
		{"consecutive_failures", "Messages in a row that failed as a whole.", func(c *Count) float64 { return float64(c.ConsecutiveFailures) }},
	} {
		name := "tocsin_outbox_" + f.name
		p.family(name, "gauge", f.help)
		for i := range counts {
			p.sample(name, f.value(&counts[i]), "route", counts[i].Route)
		}
	}
}

// size returns the bytes that the store takes, 0 if it does not know.
func (o *Outbox) size(ctx context.Context) (n int64, err error) {
	err = o.store.Do(ctx, func(t jobstore.Txn) (err error) {
		n, err = t.Size()
		return err
	})
	return n, err
}

// writeProcess writes what this process has done.
func (o *Outbox) writeProcess(p *page) {
	o.mu.Lock()
	routes := slices.Clone(o.routes)
	o.mu.Unlock()
	slices.SortFunc(routes, func(a, b *route) int { return cmp.Compare(a.name, b.name) })
	p.family("tocsin_outbox_accepted_alerts_total", "counter", "Alerts that were accepted and new.")
	p.sample("tocsin_outbox_accepted_alerts_total", float64(o.stats.accepted.Load()))
	p.family("tocsin_outbox_repeated_alerts_total", "counter", "Alerts that had been accepted before.")
	p.sample("tocsin_outbox_repeated_alerts_total", float64(o.stats.repeated.Load()))
	p.family("tocsin_outbox_refused_alerts_total", "counter", "Alerts that were not accepted because the outbox was full.")
	p.sample("tocsin_outbox_refused_alerts_total", float64(o.gauge.refused.Load()))
	p.family("tocsin_outbox_full", "gauge", "Whether the outbox was full at the last look.")
	p.sample("tocsin_outbox_full", one(o.gauge.full() != nil))
	for _, f := range [...]struct {
		name, help string
		of         func(*routeCounters) *atomic.Int64
	}{
		{"messages_total", "Messages that were handed to the sender.", func(c *routeCounters) *atomic.Int64 { return &c.messages }},
		{"failed_messages_total", "Messages of which not every alert was accepted.", func(c *routeCounters) *atomic.Int64 { return &c.failed }},
		{"delivered_alerts_total", "Alerts that were delivered.", func(c *routeCounters) *atomic.Int64 { return &c.delivered }},
		{"retried_alerts_total", "Times that an alert was left for another attempt.", func(c *routeCounters) *atomic.Int64 { return &c.retried }},
		{"uncertain_alerts_total", "Times that nobody knew whether an alert was delivered.", func(c *routeCounters) *atomic.Int64 { return &c.uncertain }},
		{"stuck_messages_total", "Messages whose sender did not return in time.", func(c *routeCounters) *atomic.Int64 { return &c.stuck }},
	} {
		name := "tocsin_outbox_" + f.name
		p.family(name, "counter", f.help)
		for _, r := range routes {
			p.sample(name, float64(f.of(&r.stats).Load()), "route", r.name)
		}
	}
	p.family("tocsin_outbox_sender_stuck", "gauge", "Whether the sender has not returned in time and is still away.")
	for _, r := range routes {
		p.sample("tocsin_outbox_sender_stuck", one(r.stats.stuckSince.Load() != nil), "route", r.name)
	}
	p.family("tocsin_outbox_dead_letters_total", "counter", "Alerts that ended as dead letters, by cause.")
	for _, r := range routes {
		for _, cause := range [...]Cause{Refused, Expired, Crashed, Uncertain, Overtaken, Unreadable} {
			p.sample("tocsin_outbox_dead_letters_total", float64(r.stats.deadOf(cause)), "route", r.name, "cause", string(cause))
		}
	}
	p.family("tocsin_outbox_send_duration_seconds", "histogram", "How long the sender took for a message.")
	for _, r := range routes {
		p.histogram("tocsin_outbox_send_duration_seconds", &r.stats.took, "route", r.name)
	}
	p.family("tocsin_outbox_delivery_delay_seconds", "histogram", "From the acceptance of an alert to its delivery.")
	for _, r := range routes {
		p.histogram("tocsin_outbox_delivery_delay_seconds", &r.stats.delay, "route", r.name)
	}
}

//nolint:gochecknoglobals // read-only table
var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func age(now, then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then).Seconds())
}

// A page is a page in the text format.
type page struct{ bytes.Buffer }

// family begins a metric.
func (p *page) family(name, kind, help string) {
	p.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// sample writes a value, with names and values of labels.
func (p *page) sample(name string, value float64, labels ...string) {
	p.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		p.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		p.WriteString(labels[i] + `="` + escapeLabel.Replace(strings.ToValidUTF8(labels[i+1], "�")) + `"`)
	}
	if len(labels) > 0 {
		p.WriteString("}")
	}
	p.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// histogram writes a histogram: its buckets count what is in them and below.
func (p *page) histogram(name string, h *histogram, labels ...string) {
	total := int64(0)
	for i := range h.buckets {
		total += h.buckets[i].Load()
		bound := "+Inf"
		if i < len(bucketBounds) {
			bound = strconv.FormatFloat(bucketBounds[i], 'g', -1, 64)
		}
		p.sample(name+"_bucket", float64(total), append(slices.Clip(labels), "le", bound)...)
	}
	p.sample(name+"_sum", math.Float64frombits(h.sum.Load()), labels...)
	p.sample(name+"_count", float64(total), labels...)
}
