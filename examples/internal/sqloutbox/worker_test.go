//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// TestMain lets the test binary be a process with an outbox, so that one can be
// killed.
func TestMain(m *testing.M) {
	if config := os.Getenv("BE_AN_OUTBOX"); config != "" {
		fmt.Fprintln(os.Stderr, live(config))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A lifeConfig is what a process gets from the test.
type lifeConfig struct {
	Driver, DSN, Dialect string
	Dir                  string // of the files in which it says what happens
	Life                 int    // its number
}

const (
	lifeCallers = 4
	tortureTime = time.Second // of a lease, the shortest there is
)

// live is the life of a process: it accepts and delivers until it is killed.
func live(config string) error {
	var c lifeConfig
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	db, err := sql.Open(c.Driver, c.DSN)
	if err != nil {
		return err
	}
	ctx := context.Background()
	store, err := outbox.NewSQLStore(ctx, db, c.Dialect)
	if err != nil {
		return err
	}
	b, err := torturedBox(store, c.Dir, 8)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	var callers sync.WaitGroup
	for i := range lifeCallers {
		callers.Go(func() { accept(ctx, b, &c, i) })
	}
	return b.Run(ctx)
}

// accept sends one alert after the other about one Key, and writes down which
// ones were accepted. It repeats what failed.
func accept(ctx context.Context, b *outbox.Outbox, c *lifeConfig, caller int) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("%d.%d.%d", c.Life, caller, n)
		a := alert.Alert{Source: "torture", ID: name, Name: name, Key: fmt.Sprintf("%d.%d", c.Life, caller)}
		for b.Send(ctx, a) != nil {
			<-time.After(5 * time.Millisecond)
		}
		if err := appendLine(filepath.Join(c.Dir, "accepted"), name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		<-time.After(time.Duration(rand.IntN(16)) * time.Millisecond)
	}
}

// torturedBox opens an outbox with a chat and a telephone whose far ends are
// files. Of ten messages one fails as a whole and one in part.
func torturedBox(store *outbox.Store, dir string, moods int) (*outbox.Outbox, error) {
	b, err := outbox.Open(store, &outbox.Options{Lease: tortureTime, Poll: 10 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	for _, never := range []bool{false, true} {
		name := map[bool]string{false: "chat", true: "phone"}[never]
		far := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
			errs := make([]error, len(alerts))
			mood := rand.IntN(10)
			for i := range alerts {
				if moods > 0 && (mood == 0 || mood == 1 && rand.IntN(3) == 0) {
					errs[i] = errors.New("try again")
					continue
				}
				if errs[i] = appendLine(filepath.Join(dir, name), alerts[i].Name); errs[i] != nil {
					return errs[i]
				}
			}
			return alert.Partial(errs)
		})
		err := b.Route(name, far, &outbox.RouteOptions{
			Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond, Batch: 16, NeverTwice: never,
		})
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendLine appends a line, which survives the process.
func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return err
}

// lines reads what appendLine wrote.
func lines(dir, name string) []string {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}
