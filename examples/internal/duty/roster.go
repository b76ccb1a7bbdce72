package duty

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/rota"
)

// A Roster says whom the AutoCall phones ring: everybody in order, or who is on duty by a
// rota. Who is on duty is asked when a call is queued; a call that waits keeps its people.
// It is safe for concurrent use.
type Roster struct {
	people []autocall.Person
	path   string // of the rota; empty: none
	log    *slog.Logger

	mu    sync.Mutex
	rota  *rota.Rota
	stamp stamp
}

// A stamp tells a file from the same one before somebody changed it.
type stamp struct {
	changed time.Time
	size    int64
}

// lookAhead is how far a rota is looked at for gaps and the next change.
const lookAhead = 8 * 7 * 24 * time.Hour

// NewRoster returns a Roster over people, who stand in a rota by their names. The file
// may be changed while the program runs; what cannot be read then is logged, and what
// was read before counts.
func NewRoster(people []autocall.Person, path string, log *slog.Logger) (*Roster, error) {
	r := &Roster{people: people, path: path, log: log}
	if path == "" {
		return r, nil
	}
	return r, r.load()
}

// load reads the file if it is another one than before.
func (r *Roster) load() error {
	f, err := os.Open(r.path)
	if err != nil {
		return cli.WithoutPath(err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	info, err := f.Stat()
	if err != nil {
		return cli.WithoutPath(err)
	}
	now := stamp{info.ModTime(), info.Size()}
	if now == r.stamp {
		return nil
	}
	r.stamp = now // also of one that is wrong: it is told once
	file, err := io.ReadAll(io.LimitReader(f, rota.MaxFile+1))
	if err != nil {
		return cli.WithoutPath(err)
	}
	next, err := rota.Parse(file)
	if err != nil {
		return err
	}
	for _, name := range next.Names() {
		if r.person(name) < 0 {
			return fmt.Errorf("%q is in the rota, and has no number", name)
		}
	}
	r.rota = next
	return nil
}

// person returns the place of a person with a name, or -1.
func (r *Roster) person(name string) int {
	return slices.IndexFunc(r.people, func(p autocall.Person) bool { return p.Name == name })
}

// current returns the rota, or nil if there is none.
func (r *Roster) current() *rota.Rota {
	if r.path == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		r.log.Error("rota not read, the one before counts", slog.String("error", cli.Printable(err.Error())))
	}
	return r.rota
}

// At returns who is on duty. If the rota names nobody it is everybody, in order: somebody
// has to be rung.
func (r *Roster) At(t time.Time) []autocall.Person {
	now := r.current()
	if now == nil {
		return slices.Clone(r.people)
	}
	names := now.At(t)
	if len(names) == 0 {
		r.log.Error("nobody is on duty by the rota, everybody is rung")
		return slices.Clone(r.people)
	}
	people := make([]autocall.Person, len(names))
	for i, name := range names {
		people[i] = r.people[r.person(name)]
	}
	return people
}

// Gap tells when nobody is on duty within the next weeks, in a line, or nothing.
func (r *Roster) Gap(t time.Time) string {
	now := r.current()
	if now == nil {
		return ""
	}
	at, found := now.Gap(t, lookAhead)
	if !found {
		return ""
	}
	return at.In(now.Zone).Format(clock)
}

// clock is how times are printed.
const clock = "2006-01-02 15:04 MST"

// zone returns where the people are.
func (r *Roster) zone() *time.Location {
	if r != nil {
		if now := r.current(); now != nil {
			return now.Zone
		}
	}
	return time.Local //nolint:gosmopolitan // where the people are
}

// change returns when somebody else is on duty.
func (r *Roster) change(t time.Time) (at time.Time, found bool) {
	now := r.current()
	if now == nil {
		return at, false
	}
	return now.Change(t, lookAhead)
}

// namesOf returns people by name, or by number, which is masked.
func namesOf(people []autocall.Person) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = cmp.Or(p.Name, p.String())
	}
	return strings.Join(names, ", ")
}
