package outbox

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// MaxAlert is the most bytes that an alert may have as JSON.
const MaxAlert = 4 << 20

// An entry is an alert on its way into the store.
type entry struct {
	event   hash // its identity
	problem hash
	lane    lane
	routes  []int64 // those whose filter lets it pass
	doc     []byte
}

// encode makes an entry of an alert. One without an ID gets one.
func encode(a *alert.Alert) (entry, error) {
	clean := *a
	if clean.ID == "" {
		clean.ID = "outbox-" + rand.Text()
	}
	normalise(&clean)
	doc, err := json.Marshal(&clean)
	if err == nil && len(doc) > MaxAlert {
		err = fmt.Errorf("an alert of %d bytes, the most is %d", len(doc), MaxAlert)
	}
	l := entry{event: hashOf(clean.Source, clean.ID), doc: doc, lane: laneOf(clean.Severity)}
	if a.Key != "" {
		l.problem = hashOf(clean.Source, clean.Key)
	}
	return l, err
}

// normalise replaces what JSON cannot express. No alert is lost over it: a
// status that nobody knows counts as a problem, as everywhere.
func normalise(a *alert.Alert) {
	if a.Status > alert.News {
		a.Status = alert.Firing
	}
	a.Severity = min(max(a.Severity, alert.Info), alert.Critical)
	for _, at := range []*time.Time{&a.StartsAt, &a.EndsAt} {
		if _, err := at.MarshalText(); err != nil {
			*at = time.Time{}
		}
	}
}

// decode reads what encode wrote.
func decode(doc []byte) (a alert.Alert, err error) {
	if err = json.Unmarshal(doc, &a); err != nil {
		return alert.Alert{}, fmt.Errorf("the alert in the store cannot be read: %w", err)
	}
	return a, nil
}
