package duty

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
)

const (
	longestLook = time.Hour // after which the rota is looked at again: it may have changed
	toldOpen    = 10        // incidents by name
)

// handOver tells the group whenever somebody else comes on duty while problems are open.
// What somebody has taken stays with them, and what nobody has goes on with its steps:
// the next one rings who is on duty then.
func (d *desk) handOver(ctx context.Context) {
	for before := time.Now(); ; {
		at, found := d.config.Roster.change(before)
		wait := longestLook
		if found {
			wait = min(wait, time.Until(at))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(wait, time.Second)):
		}
		if !found || time.Now().Before(at) {
			before = time.Now()
			continue
		}
		if err := d.tellHandOver(ctx, before, at); err != nil && ctx.Err() == nil {
			d.log.Error("hand-over not told", slog.Any("error", err))
		}
		before = at
	}
}

// tellHandOver sends the news of a hand-over, if anything is open. Programs on several
// machines send the same event, which counts once.
func (d *desk) tellHandOver(ctx context.Context, before, at time.Time) error {
	open, _, err := d.incidents(ctx, 0)
	if err != nil || len(open) == 0 {
		return err
	}
	w := wordsOf(d.config.Locale)
	worst := alert.Info
	var lines []string
	for i := range open {
		in := &open[i]
		worst = max(worst, in.Alert.Severity)
		line := in.Alert.Name
		if in.State == escalate.Acknowledged {
			line += " (" + in.By + ")"
		}
		if lines = append(lines, line); i+1 == toldOpen && len(open) > toldOpen {
			lines = append(lines, d.config.Locale.More(len(open)-toldOpen, len(open)-toldOpen))
			break
		}
	}
	roster := d.config.Roster
	return d.box.Send(ctx, alert.Alert{
		Source: d.config.Name, ID: fmt.Sprintf("hand-over/%d", at.Unix()), Status: alert.News, Severity: max(worst, d.config.Least), Name: w.handOver,
		Summary:  fmt.Sprintf(w.handedOver, namesOf(roster.At(before)), namesOf(roster.At(at)), strings.Join(lines, "; ")),
		StartsAt: at,
	})
}

// incidents returns those that are open, and the newest of those that are over.
func (d *desk) incidents(ctx context.Context, past int) (open, over []escalate.Incident, err error) {
	for after := int64(0); ; {
		list, err := d.escalation.Incidents(ctx, after, pageOf)
		if err != nil {
			return nil, nil, err
		}
		for i := range list {
			after = list[i].Number
			switch list[i].State {
			case escalate.Ended, escalate.Replaced:
				over = append(over, list[i])
			case escalate.Waiting, escalate.Acknowledged, escalate.Exhausted:
				open = append(open, list[i])
			}
		}
		over = over[max(0, len(over)-past):]
		if len(list) < pageOf {
			return open, over, nil
		}
	}
}

// pageOf is how many incidents are read at once.
const pageOf = 500
