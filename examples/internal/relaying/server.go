package relaying

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
)

// A running is a server that accepts requests.
type running struct {
	url    string     // of the server
	done   chan error // gets the end of the server
	cancel func()
}

// listen opens the port for callbacks and begins to serve.
func (r *relay) listen(ctx context.Context, addr string) (*running, error) {
	s, l, err := r.start(ctx, addr, r.handler)
	if err != nil {
		return nil, err
	}
	r.log.Info("listening", "addr", l.String(), "tls", r.config.access.Cert != "", "db", r.config.db.Shown)
	s.url = r.config.access.URL(reachable(l))
	return s, nil
}

// listenForAdmin opens the port of the admin API. It returns nil if none is set.
func (r *relay) listenForAdmin(ctx context.Context) (*running, error) {
	if r.config.admin.listen == "" {
		return nil, nil //nolint:nilnil // neither a server nor a failure
	}
	s, at, err := r.start(ctx, r.config.admin.listen, r.adminHandler())
	if err == nil {
		r.log.Info("admin API", "addr", at.String(), "path", adminPath, "guarded", r.config.admin.token != "")
	}
	return s, err
}

// start serves a handler, with the certificate if there is one, until stop.
func (r *relay) start(ctx context.Context, addr string, handler http.Handler) (*running, net.Addr, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &running{done: make(chan error, 1), cancel: cancel}
	go func() { s.done <- serve.Serve(ctx, l, handler, r.config.access.Options(r.log)) }()
	return s, l.Addr(), nil
}

// ended returns the channel of the server's end, which none never reaches.
func (s *running) ended() chan error {
	if s == nil {
		return nil
	}
	return s.done
}

// stop ends the server after the requests under way and waits for it.
func (s *running) stop() error {
	if s == nil {
		return nil
	}
	s.cancel()
	return <-s.done
}

// reachable is an address at which this machine reaches a listener.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if ok && t.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", t.Port)
	}
	return a.String()
}

// ownPath is where callbacks go that the relay sends itself. It holds a secret.
func (r *relay) ownPath() string { return callbacks.Path + r.config.secrets.First() }

// newMux takes callbacks under their paths, where those with the secret in a header
// need nothing behind it, and the health check. All else does not exist, and is
// logged. An http.ServeMux would redirect what a proxy has doubled or escaped.
func (r *relay) newMux(webhook, channel http.Handler) http.Handler {
	health, nothing := httpserver.NewHealth(r.log, r.health), httpserver.NotFound(r.log)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch place := path.Clean("/" + req.URL.Path); {
		case strings.HasPrefix(place+"/", callbacks.Path):
			webhook.ServeHTTP(w, req)
		case strings.HasPrefix(place+"/", callbacks.OCP):
			channel.ServeHTTP(w, req)
		case place == "/healthz" && (req.Method == http.MethodGet || req.Method == http.MethodHead):
			health.ServeHTTP(w, req)
		default:
			nothing.ServeHTTP(w, req)
		}
	})
}
