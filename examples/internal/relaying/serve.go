package relaying

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
)

// serve takes callbacks and delivers them until ctx ends. It then takes no more,
// finishes those under way, lets each destination's message come to its end, and
// leaves the rest in the database.
func (r *relay) serve(ctx context.Context) error {
	deliveries := r.deliver(ctx)
	err := r.takeCallbacks(ctx)
	err = errors.Join(err, deliveries())
	left := "is in the database"
	if r.config.db.Dialect == "" {
		left = "is lost"
	}
	r.log.Info("stopped: what was not delivered " + left)
	return err
}

// takeCallbacks serves callbacks, and the admin API if it is wanted.
func (r *relay) takeCallbacks(ctx context.Context) error {
	s, err := r.listen(ctx, r.config.listen)
	if err != nil {
		return err
	}
	admin, err := r.listenForAdmin(ctx)
	if err != nil {
		return errors.Join(err, s.stop())
	}
	r.caution()
	if r.sandbox != nil {
		r.sandbox.PostTo(s.url + r.ownPath())
	}
	defer httpserver.OnHangup(r.reload)() // before anybody is told that the relay is there
	r.welcome(s.url)
	select {
	case end := <-s.ended():
		s.done <- end // for stop
	case end := <-admin.ended():
		admin.done <- end
	case <-ctx.Done():
	}
	r.log.Info("stopping: no new callbacks; those under way and the messages under way are finished")
	return errors.Join(s.stop(), admin.stop())
}

// caution warns of what the operator may not have meant.
func (r *relay) caution() {
	if r.config.db.beside && isTemporary(r.config.db.Path) {
		r.log.Warn("the database stands where it may be cleared away any time: set -db to keep alerts over a stop", "db", r.config.db.Shown)
	}
}

// isTemporary reports whether a file is where "go run" puts programs, or in
// the directory for temporary files.
func isTemporary(path string) bool {
	rel, err := filepath.Rel(os.TempDir(), path)
	return err == nil && filepath.IsLocal(rel) || strings.Contains(path, "go-build")
}

// welcome tells the operator what is not obvious.
func (r *relay) welcome(server string) {
	secrets := r.config.secrets
	r.out.Printf("%s", secrets.Announce(server))
	if r.standIn != nil {
		r.out.Printf("No destination is configured, so stand-in robots and a console print here what\n" +
			"they would get. Set -wecom-url, -dingtalk-url or -trap-target (see -help) for\nreal ones.\n")
		if r.sandbox != nil {
			r.out.Printf("Open %s to see what each destination receives.\n", r.sandbox.Targets().Page)
		}
		if secrets.Made {
			r.out.Printf("Try it from another terminal:\n  %s\n", curlLine(server+callbacks.Path+secrets.Bare))
		}
	}
}
