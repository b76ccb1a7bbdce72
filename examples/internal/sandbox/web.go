package sandbox

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/aliyun"
)

const (
	eventPause = 80 * time.Millisecond  // between two batches: a storm is not thousands of them
	eventRest  = 400 * time.Millisecond // after a large one, which the page must draw
	eventLarge = 50                     // items
	eventIdle  = 15 * time.Second       // a sign of life
	eventWrite = 10 * time.Second       // who does not read for so long is let go
	actionTime = 30 * time.Second
	stormTime  = 2 * time.Minute
)

// Handler returns what serves the page and all stand-ins. It lets in who calls
// it by an address of this machine.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/cgi-bin/webhook/", tap(s.parts.wecom, s.seeWecom()))
	mux.Handle("/robot/send", tap(s.parts.dingtalk, s.seeDingTalk()))
	mux.Handle("/api/apps/pigeon/", tap(s.parts.pigeon, s.seePigeon))
	mux.Handle("/api/v2/alarm/", tap(s.parts.ocp, s.seeOCP))
	mux.Handle("/api/c/compapi/", tap(s.parts.esb, s.seeESB))
	mux.Handle("/api/bk-cmsi/", tap(s.parts.esb, s.seeESB))
	mux.Handle("/voice/", s.engine.gateway)
	mux.Handle("/phone/", s.engine.polled)
	mux.Handle("/aliyun/", s.engine.callback)
	s.addPage(mux)
	mux.HandleFunc("GET /events", s.events)
	buttons := s.buttons()
	mux.HandleFunc("POST /do/{name}", func(w http.ResponseWriter, r *http.Request) { s.do(w, r, buttons[r.PathValue("name")]) })
	mux.HandleFunc("POST /calls/{id}/{act}", s.decide)
	return s.guard(http.NewCrossOriginProtection().Handler(aliyun.CleanPath("/aliyun/", mux)))
}

// guard refuses requests by a name that is not this machine's: the name of
// another page can be turned to this machine's address while the page is open.
func (s *Sandbox) guard(next http.Handler) http.Handler {
	known := hosts(s.opts.Listen)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !known(host) {
			http.Error(w, "not the name of this machine", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hosts returns what tells the names under which the sandbox may be called. Who
// lets it listen on more than the loopback may call it by that name, and by any
// address if it listens on all.
func hosts(listen string) func(host string) bool {
	own, _, err := net.SplitHostPort(listen)
	if err != nil {
		own = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(own)
	all := own == "" || err == nil && ip.IsUnspecified()
	return func(host string) bool {
		a, err := netip.ParseAddr(trimBrackets(host))
		switch {
		case host == "localhost" || host == own && own != "":
			return true
		case err != nil:
			return false
		}
		return a.IsLoopback() || all || a == ip
	}
}

func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// events tells a page what is new, for as long as it listens.
func (s *Sandbox) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // nothing more is read
	write := func(text string) bool {
		_ = rc.SetWriteDeadline(time.Now().Add(eventWrite))
		_, err := w.Write([]byte(text))
		return err == nil && rc.Flush() == nil
	}
	last := int64(0)
	for first := true; ; first = false {
		b, now, next := s.hub.since(last)
		if first || now != last {
			b.Reset = first
			text, err := json.Marshal(b)
			if err != nil || !write("data: "+string(text)+"\n\n") {
				return
			}
			last = now
			rest := eventPause
			if len(b.Items) > eventLarge {
				rest = eventRest
			}
			if !pause(r.Context(), rest, nil) {
				return
			}
			continue
		}
		if !pause(r.Context(), eventIdle, next) {
			return
		}
		select {
		case <-next:
		default:
			if !write(": still here\n\n") {
				return
			}
		}
	}
}

// pause waits for a time, or for a channel. It reports false when ctx has
// ended.
func pause(ctx context.Context, d time.Duration, earlier <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-earlier:
	case <-ctx.Done():
		return false
	}
	return true
}

// do works off a button.
func (s *Sandbox) do(w http.ResponseWriter, r *http.Request, b button) {
	if b == nil {
		http.NotFound(w, r)
		return
	}
	limit := actionTime
	if r.PathValue("name") == "storm" {
		limit = stormTime
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if err := b(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// decide works off a decision about a call.
func (s *Sandbox) decide(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	d := decision{act: r.PathValue("act"), key: r.URL.Query().Get("key")}
	known := slices.Contains([]string{"answer", "key", "miss"}, d.act)
	if err != nil || !known || (d.act == "key") != (len(d.key) == 1 && d.key >= "0" && d.key <= "9") {
		http.NotFound(w, r)
		return
	}
	if !s.board.decide(id, d) {
		http.Error(w, "the call is over", http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
