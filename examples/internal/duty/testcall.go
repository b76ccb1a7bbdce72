package duty

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/pigeon"
)

// TestCall rings who is on duty with a text that says that it is a test, prints how that
// goes, and fails if nobody picks up. The AutoCall phones get the call from the program
// that runs on the same database. c.Calls has to ring for tests.
func TestCall(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) error {
	if c.Calls == nil && c.Roster == nil {
		return cli.UsageError{Err: errors.New("there is nobody to ring: set -pigeon-space or -call")}
	}
	var err error
	if c.Roster != nil {
		err = testAutocall(ctx, c, log, stdout)
	}
	if c.Calls != nil {
		err = errors.Join(err, testPigeon(ctx, c, stdout))
	}
	return err
}

func testPigeon(ctx context.Context, c *Config, stdout io.Writer) error {
	fmt.Fprintln(stdout, "Pigeon: calling by the call flow")
	chain, err := c.Calls.Place(ctx, alert.Alert{Source: "test", ID: rand.Text(), Test: true, Severity: alert.Critical, Name: wordsOf(c.Locale).testText})
	if err != nil {
		return err
	}
	result, err := c.Client.Wait(ctx, chain.ResultID, nil)
	if err != nil {
		return err
	}
	outcome := result.Outcome(c.Keys)
	fmt.Fprintf(stdout, "Pigeon: %s\n", outcome)
	if outcome.Verdict != pigeon.Acknowledged {
		return errors.New("Pigeon: nobody pressed a key that takes a problem") //nolint:staticcheck // a name
	}
	return nil
}

func testAutocall(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) error {
	people := c.Roster.At(time.Now())
	fmt.Fprintf(stdout, "AutoCall: on duty: %s\n", namesOf(people))
	db, err := c.DB.Open()
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	defer db.Close() //nolint:errcheck // nothing is left to be written
	if _, err := outbox.NewSQLStore(ctx, db, c.DB.Dialect); err != nil {
		return fmt.Errorf("-db: %w", c.DB.Withheld(err))
	}
	queue, err := autocall.NewSQLQueue(ctx, db, c.DB.Dialect, &autocall.QueueOptions{Logger: log})
	if err != nil {
		return fmt.Errorf("-db: %w", c.DB.Withheld(err))
	}
	if err := (&dialler{queue: queue}).polled(ctx); err != nil {
		return fmt.Errorf("%w; the program has to run, and the phone to poll it", err)
	}
	id, _, err := queue.Enqueue(ctx, autocall.Call{
		Key: "test-call/" + rand.Text(), People: people, Message: wordsOf(c.Locale).testText, Severity: alert.Critical, Test: true, Expiry: testTime,
	})
	if err != nil {
		return err
	}
	return follows(ctx, queue, id, stdout)
}

// testTime bounds a test call.
const testTime = 10 * time.Minute

// follows prints what happens to a call until it is over.
func follows(ctx context.Context, queue autocall.Queue, id string, stdout io.Writer) error {
	shown := 0
	for {
		s, err := queue.Get(ctx, id)
		if err != nil {
			return err
		}
		for _, e := range s.Audit[shown:] {
			fmt.Fprintf(stdout, "AutoCall: %s %s\n", e.Event, e.Number)
		}
		if shown = len(s.Audit); !s.State.Open() {
			if s.State != autocall.Answered {
				return errors.New("nobody picked up an AutoCall phone")
			}
			return nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_, err := queue.Cancel(stopping, id, "test ended")
			return errors.Join(ctx.Err(), err)
		}
	}
}
