// Package callserver is a queue of telephone calls in a database, with the
// phones that poll it, an admin API and a page for people.
package callserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// A Config is what the operator decided.
type Config struct {
	Listen     string
	Phones     []autocall.Handset
	PhonesMade bool   // the token was made for this run, and is printed
	AdminToken string // of the API and of the page
	AdminMade  bool   // likewise
	DB         opendb.Database
	Queue      autocall.QueueOptions
	Rounds     int           // of calls that do not say
	Interval   time.Duration // between their rounds
	Report     alert.Sender  // is told what became of calls; nil: nobody
	Locale     alert.Locale
}

// A service is the queue and all who reach it.
type service struct {
	config *Config
	queue  *autocall.Dispatcher
	phones *autocall.Handler
	log    *slog.Logger
}

// Serve opens the database and serves until ctx ends. It tells the operator on
// stdout what to enter into the phones.
func Serve(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) (err error) {
	db, err := c.DB.Open()
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &service{config: c, log: log}
	options := s.queueOptions()
	if s.queue, err = autocall.NewSQLQueue(ctx, db, c.DB.Dialect, &options); err != nil {
		return fmt.Errorf("-db: %w", c.DB.Withheld(err))
	}
	if s.phones, err = s.newHandler(); err != nil {
		return cli.UsageError{Err: err}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", l.Addr().String(), "phones", len(c.Phones), "db", c.DB.Dialect)
	s.welcome(stdout, l.Addr())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { _ = s.queue.Run(running) }) // always nil
	err = httpserver.Serve(ctx, l, s.mux(), log, "stopping: no new requests; those under way are finished")
	stop()
	work.Wait()
	log.Info("stopped: what was queued is in the database")
	return err
}

// queueOptions adds what is told to groups. The phones of the settings must
// poll, and one that was taken out of them need not any more.
func (s *service) queueOptions() autocall.QueueOptions {
	o := s.config.Queue
	o.Logger = s.log
	for _, h := range s.config.Phones {
		o.Phones = append(o.Phones, h.Name)
	}
	if s.config.Report == nil {
		return o
	}
	report := autocall.Report(s.config.Report, s.config.Locale)
	o.OnAnswered, o.OnExhausted = report, report
	o.OnPhoneSilent = autocall.ReportSilence(s.config.Report, s.config.Locale)
	return o
}

// newHandler makes what the phones poll.
func (s *service) newHandler() (*autocall.Handler, error) {
	return autocall.NewHandler(s.queue, s.config.Phones, &autocall.HandlerOptions{PollInterval: s.config.Queue.PollInterval, Logger: s.log})
}

// mux joins what phones, programs and people reach.
func (s *service) mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/phone/", s.phones)
	mux.Handle("GET /healthz", httpserver.NewHealth(s.log, s.health))
	s.addAPI(mux)
	s.addPage(mux)
	return inbound.CleanPath("/phone/", mux)
}

// health asks the database.
func (s *service) health(ctx context.Context) error {
	if _, err := s.queue.Phones(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	return nil
}

// welcome tells the operator what to enter into the phones. A token is printed
// only if there is no other way to learn it.
func (s *service) welcome(w io.Writer, addr net.Addr) {
	at := addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		at = fmt.Sprintf("THIS-MACHINE:%d", t.Port)
	}
	for _, h := range s.config.Phones {
		token := "********"
		if s.config.PhonesMade {
			token = h.Token
		}
		fmt.Fprintf(w, "URL to enter into the phone %s:\n  http://%s/phone/%s/alert/phone\n", h.Name, at, token)
	}
	if s.config.PhonesMade {
		fmt.Fprint(w, "Its token was made for this run; set -phone-token to keep one.\n")
	}
	fmt.Fprintf(w, "Page for people: http://%s/admin\n", at)
	if s.config.AdminMade {
		fmt.Fprintf(w, "Admin token, made for this run; set -admin-token to keep one:\n  %s\n", s.config.AdminToken)
	}
}
