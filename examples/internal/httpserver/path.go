package httpserver

import (
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"
)

// direct collapses slashes and undoes escapes in the path. http.ServeMux would answer
// a redirect, which no source of callbacks follows, and of which nobody would hear.
func direct(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean("/" + r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/") && clean != "/" {
			clean += "/"
		}
		if clean != r.URL.Path || r.URL.RawPath != "" {
			changed, u := *r, *r.URL
			u.Path, u.RawPath = clean, ""
			changed.URL, changed.RequestURI = &u, u.RequestURI()
		r = &changed
		}
		next.ServeHTTP(w, r)
	})
}

// NotFound answers what has no place here, and says so in the log, without the
// path: it may hold a secret that was entered behind a misspelt word.
func NotFound(log *slog.Logger) http.Handler {
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
