package aliyun

import (
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// meaning decides whether the event begins a problem (Firing), ends one
// (Resolved) or does neither (News). The table of verdicts comes first, then
// rules that carry to names which no table has. What no rule knows begins a
// problem: an alert too many is a nuisance, a recovery too many is an outage
// that nobody sees.
//
// The level does not matter. The end of a database failure is CRITICAL like its
// beginning.
func (e *Event) meaning() alert.Status {
	state, outcome := e.decidingState(), e.outcome()
	failed := failedWord(state) || failedWord(outcome)
	if v, ok := listed(e.Name, state, outcome, failed); ok {
		return v.status
	}
	name, part := cutState(e.Name)
	action := strings.TrimSpace(e.Content.Get("action"))
	switch {
	case failed:
		return alert.Firing
	case hasWord(name, "failover", "switchover", "switched"):
		// The standby has taken over. That is the news, whatever became of it.
		return alert.Firing
	case is(action, "end", "ended", "recover", "recovered", "resolved", "clear", "cleared"):
		return alert.Resolved
	case is(action, "start", "started", "begin", "add"):
		return alert.Firing
	case is(state, "avoided", "canceled", "cancelled"):
		return alert.Resolved
	case e.isFinished(), is(state, "executed") && e.isTask(name, part):
		return executed(name)
	case is(state, "scheduled", "inquiring", "waiting", "pending", "executing", "ongoing", "start", "started", "begin"):
		return alert.Firing
	case is(state, "restore", "restored", "recover", "recovered", "recovery", "resolved", "resumed", "cleared",
		"online", "wanlinkup", "end", "ended"), endsProblem(state), endsProblem(name), e.hasEnded(name, state):
		return alert.Resolved
	case succeeded(name, state, outcome):
		return alert.News
	}
	return alert.Firing
}

// decidingState returns the state, and the third part of the name where the
// state says Normal: SLB says that of an expired certificate, too.
func (e *Event) decidingState() string {
	state := strings.TrimSpace(e.State())
	if is(state, "normal") {
		if _, part := cutState(e.Name); part != "" {
			return part
		}
	}
	return state
}

// failedWord tells whether the word for a state says that something failed.
func failedWord(state string) bool {
	_, word := lastWord(state)
	return is(word, "failed", "failure", "fail", "error", "timeout", "rejected", "unsuccessful")
}

// isFinished tells whether the content has the time when a task was finished.
// That of the end of a stall of a disk has no status, and the name still says
// Executing.
func (e *Event) isFinished() bool {
	return e.Content.Get("executeFinishTime") != "" && is(e.Content.Get("eventStatus"), "", "executed")
}

// isTask tells whether the event is a state of a task, such as
// Instance:SystemFailure.Reboot. PrivateLink calls everything Executed, also a
// connection that it rejected.
func (e *Event) isTask(name, part string) bool {
	resource, task, _ := strings.Cut(name, ":")
	return part != "" || e.Content.Get("eventStatus") != "" || resource != "" && strings.Contains(task, ".")
}

// executed returns what it means that the task of this name was carried out.
func executed(name string) alert.Status {
	what := name[strings.LastIndexAny(name, ":.")+1:]
	switch {
	case hasWord(what, "stop", "stopped", "shutdown", "shut", "poweroff", "off", "suspend", "suspended", "halt",
		"delete", "deleted", "release", "released", "terminate", "terminated", "destroy", "destroyed",
		"remove", "removed", "reclaim", "reclaimed", "recycle", "recycled", "evict", "evicted",
		"disable", "disabled", "freeze", "frozen", "lock", "locked", "offline", "detach", "detached"):
		return alert.Firing // it left the thing down
	case hasWord(what, "create", "created", "creation", "launch", "launched", "start", "started", "attach", "attached",
		"allocate", "allocated", "purchase", "renew", "renewed"):
		return alert.News
	case negated(what):
		return alert.Firing
	}
	return alert.Resolved
}

// negated tells whether the words of a name turn its last one into the opposite.
func negated(name string) bool {
	return hasWord(name, "not", "no", "non", "un", "never", "cannot", "unable", "without", "fail", "failed", "partial", "partially")
}

// endsProblem tells whether a name or a state says, in a word of its own, that
// a problem is over. A word that can belong to another one (FrontEnd, BackUp)
// counts only beside what can end or come back.
func endsProblem(name string) bool {
	rest, word := lastWord(name)
	if rest == "" || negated(rest) {
		return false
	}
	_, before := lastWord(rest)
	switch {
	case is(word, "end", "ended"):
		if !wordByte(rest[len(rest)-1]) { // Failure_End
			return !is(before, "front", "back", "week", "high", "low", "dead", "rear", "month", "day", "year")
		}
		return is(before, "failure", "fault", "attack", "event", "blackhole", "hole", "defense", "outage", "incident",
			"maintenance", "alert", "alarm", "exception", "error")
	case is(word, "up"):
		return is(before, "link", "port", "interface", "tunnel", "peer", "session", "line", "node", "host", "network", "connection",
			"healthcheck", "check", "bgp", "vbr", "vpn")
	case is(word, "online"):
		return is(before, "device", "node", "host", "instance", "agent", "server", "gateway", "link", "disk", "service", "status", "state")
	case is(word, "running"):
		return is(before, "status", "state")
	case is(word, "restore"):
		return is(before, "job", "task", "service", "network", "status", "state")
	case is(word, "resolved", "cleared"):
		return is(before, "failure", "fault", "attack", "event", "outage", "incident", "alert", "alarm", "exception", "error", "problem")
	case is(word, "recovered", "restored", "resumed"):
		// Restored data are an operation that succeeded.
		return !is(before, "data", "backup", "snapshot", "file", "table", "database", "object", "image", "to", "be")
	}
	return false
}

// hasEnded tells whether the content of the event says when it ended, as that
// of an attack does. The ends of other periods do not count: those that lie in
// the future, and those over which a value was measured.
func (e *Event) hasEnded(name, state string) bool {
	end := strings.TrimSpace(e.Content.Get("end_time"))
	if is(end, "", "null", "0", "-") || e.Content.Get("start_time") == "" ||
		is(state, "exceeded", "critical", "warn", "warning", "abnormal", "alert") ||
		hasWord(name, "exceeded", "threshold", "limit", "quota", "usage", "bandwidth", "high", "low", "rate", "expired",
			"expire", "expiration", "interruption", "maintenance") {
		return false
	}
	at, ok := eventTime(end)
	return ok && (e.At.IsZero() || !at.After(e.At.Add(time.Minute)))
}

// succeeded tells whether the event reports that an operation went well. An
// intrusion that went well is none.
func succeeded(name, state, outcome string) bool {
	rest, word := lastWord(name)
	if negated(rest) {
		return false
	}
	const well = "accomplished"
	good := func(word string) bool {
		return is(word, well, "success", "successful", "succeeded", "completed", "complete", "finished", "done")
	}
	switch {
	case is(word, "success", "successful", "succeeded", "completed", "finished", "accomplished"):
		return good(state) || is(state, "", "normal", "executed", "ok", "1", "running", "info")
	case is(state, well), is(outcome, well):
		return true
	case good(state), good(outcome):
		return hasWord(name, "create", "operation", "backup", "restore", "snapshot", "upgrade", "migration", "migrate", "transfer",
			"resize", "attach", "detach", "copy", "clone", "convert", "renew", "deploy", "import", "export", "modify", "update",
			"task", "job", "workflow", "activity", "execution", "command", "invocation", "start", "restart", "reboot")
	}
	return false
}
