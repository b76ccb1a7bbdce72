package outbox

import (
	"sync"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	handoverAlerts = 2000    // in each half, and
	handoverBytes  = 4 << 20 // of their documents
)

// A handover keeps what this process has accepted for its own workers, which need not
// read the document then. An alert is found by its whole document, so it is what
// stands in the store. What many alerts have pushed out is read from there.
type handover struct {
	mu         sync.Mutex
	young, old map[string]*handedOver
	size       int // of the documents that young has got
}

// handedOver is an alert on its way to some routes.
type handedOver struct {
	alert alert.Alert
	left  int // routes that have not taken it yet
}

// add keeps the alert of an entry until all its routes have taken it.
func (h *handover) add(e *jobstore.Entry) {
	if e.Alert == nil || len(e.Routes) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.young == nil || len(h.young) == handoverAlerts || h.size+len(e.Doc) > handoverBytes {
		h.young, h.old, h.size = make(map[string]*handedOver), h.young, 0
	}
	h.young[string(e.Doc)] = &handedOver{alert: *e.Alert, left: len(e.Routes)}
	h.size += len(e.Doc)
}

// take returns the alert of a document, if it is here. Each caller has one of its
// own.
func (h *handover) take(doc []byte) (alert.Alert, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, half := range [...]map[string]*handedOver{h.young, h.old} {
		found := half[string(doc)]
		if found == nil {
			continue
		}
		if found.left--; found.left > 0 {
			return found.alert.Clone(), true
		}
		delete(half, string(doc))
		return found.alert, true
	}
	return alert.Alert{}, false
}
