package aliyun

import (
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// EventStatus decides whether an event begins a problem or ends it. It is
// [alert.Resolved] if
//
//   - the content has an executeFinishTime and does not say Failed,
//   - the [Event.State] is Executed, Avoided, Canceled, Restore, Online or
//     WanLinkUp, or ends in _end, or is Running for CloudMonitor's own agent,
//     or 1 for VPN,
//   - or the name ends in _End, _restore or _success,
//
// and [alert.Firing] otherwise. The level does not matter: the end of a
// database failure is CRITICAL like its beginning. Where the state Executed is
// the news itself (a failover, a connection to a PrivateLink service), the
// event stays firing.
//
// The words come from the vendor's tables of March 2021 and are compared
// without regard to letter case. Products choose them freely, so wrap this
// function for those it does not know.
func EventStatus(e *Event) alert.Status {
	if isOver(e) {
		return alert.Resolved
	}
	return alert.Firing
}

// isOver tells whether the event reports the end of a problem.
func isOver(e *Event) bool {
	state, name, product := strings.ToLower(e.State()), strings.ToLower(e.Name), strings.ToLower(e.Product)
	if strings.HasPrefix(name, "instance_failover") || product == "privatelink" || state == "failed" {
		return false
	}
	if e.Content.Get("executeFinishTime") != "" {
		return true
	}
	switch state {
	case "executed", "avoided", "canceled", "restore", "online", "wanlinkup":
		return true
	case "running":
		return product == "cloudmonitor"
	case "1":
		return product == "vpn" || strings.HasPrefix(name, "ipsec_")
	}
	for _, end := range [...]string{"_end", "_restore", "_success"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.HasSuffix(state, "_end")
}

// problemName returns the part of a lower-case event name that the beginning
// and the end of a problem share.
func problemName(name string) string {
	name, _ = cutState(name)
	for _, pair := range [...]string{
		"_start", "_end", "_begin", "_add", "_abnormal", "_restore", "_failed", "_success",
		"_stopped", "_running", "offline", "online", "wanlinkdown", "wanlinkup",
	} {
		if base, ok := strings.CutSuffix(name, pair); ok {
			return base
		}
	}
	return name
}
