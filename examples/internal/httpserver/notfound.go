package httpserver

import (
	"log/slog"
	"net"
	"net/http"

	"github.com/tocsin-go/tocsin/internal/quiet"
)

// NotFound answers what has no place here, and says so in the log, not too often and
// without the path: it may hold a secret that was entered behind a misspelt word.
func NotFound(log *slog.Logger) http.Handler {
	log = quiet.New(log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Warn("request refused: no such path", "method", r.Method, "peer", host(r.RemoteAddr))
		http.NotFound(w, r)
	})
}

// host is an address without its port, for logs.
func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}
