package escalate

import "net/http"

// ServeBusy serves the page while others use the store as much as they may.
func (e *Escalation) ServeBusy(w http.ResponseWriter, r *http.Request) int {
	status, _ := e.servePage(w, r, make(chan struct{}))
	return status
}
