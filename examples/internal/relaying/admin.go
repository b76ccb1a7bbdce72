package relaying

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/quiet"
)

const (
	adminTime = 10 * time.Second // that the store gets for one request
	adminPath = "/outbox/"
)

// An adminConfig says where the admin API is, if anywhere.
type adminConfig struct {
	listen string // empty: nowhere
	token  string
}

// judgeAdmin lets nobody reach the admin API from outside without a token: it
// shows alerts and throws them away.
func (c *Config) judgeAdmin(f *form) error {
	c.admin = adminConfig{listen: f.adminListen.Text(""), token: f.adminToken.Text("")}
	c.paused = f.paused.On()
	if c.paused && !f.adminListen.Given() {
		return f.paused.Refuse("needs -admin-listen, which is where destinations are resumed")
	}
	if !f.adminListen.Given() {
		if f.adminToken.Given() {
			return f.adminToken.Refuse("has no effect without -admin-listen")
		}
		return nil
	}
	host, _, err := net.SplitHostPort(c.admin.listen)
	switch {
	case err != nil:
		return f.adminListen.Refuse("not of the form host:port")
	case f.adminToken.Given() && len(c.admin.token) < inbound.MinSecret:
		return f.adminToken.Refuse("want at least %d characters", inbound.MinSecret)
	case !f.adminToken.Given() && !isLoopback(host):
		return f.adminListen.Refuse("other machines can reach this address: set -admin-token, better as TOCSIN_ADMIN_TOKEN_FILE, or listen at 127.0.0.1")
	}
	return nil
}

// isLoopback reports whether a host means this machine and nobody else.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// adminHandler serves the outbox to operators.
func (r *relay) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(adminPath, http.StripPrefix(strings.TrimSuffix(adminPath, "/"), r.box.Handler()))
	mux.HandleFunc("GET /metrics", r.metrics)
	return r.guard(mux)
}

// guard lets nobody pass without the token. Where there is none, only this
// machine gets here, but so does each page in its browser: a name that was made
// to lead to the loopback is told by the header Host.
func (r *relay) guard(next http.Handler) http.Handler {
	strangers := quiet.New(r.log)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch token := r.adminToken.Load(); {
		case token.IsZero() && !isLoopback(hostOf(req.Host)):
			strangers.Warn("admin API: request refused: not a loopback address in the URL", "peer", hostOf(req.RemoteAddr))
			http.Error(w, "want a loopback address in the URL", http.StatusForbidden)
			return
		case !token.IsZero() && !token.Opens(inbound.Bearer(req)):
			strangers.Warn("admin API: request refused: wrong token", "peer", hostOf(req.RemoteAddr))
			w.Header().Set("WWW-Authenticate", `Bearer realm="relay"`)
			http.Error(w, "want the header Authorization: Bearer ADMIN-TOKEN", http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithTimeout(req.Context(), adminTime)
		defer cancel()
		next.ServeHTTP(w, req.WithContext(ctx))
	})
}

// hostOf takes the port off a host.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}
