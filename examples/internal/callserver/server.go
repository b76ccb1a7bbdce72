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
	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// A Config is what the operator decided.
type Config struct {
	Listen     string
	Admin      string // host:port of the API and of the page; empty: Listen
	Access     httpserver.Access
	Phones     []autocall.Handset
	PhonesMade bool   // the token was made for this run, and is printed
	AdminToken string // of the API and of the page
	AdminMade  bool   // likewise
	DB         opendb.Database
	Queue      autocall.QueueOptions
	Rounds     int           // of calls that do not say
	Interval   time.Duration // between their rounds
	Report     alert.Sender  // is told the outcome of calls; nil: nobody
	Locale     alert.Locale
}

// A service is the queue and all who reach it.
type service struct {
	config *Config
	queue  *autocall.Dispatcher
	phones *autocall.Handler
	log    *slog.Logger

	guesses  *guesses
	sessions sessions
}

// Serve opens the database and serves until ctx ends. It tells the operator on
// stdout what to enter into the phones.
func Serve(ctx context.Context, c *Config, log *slog.Logger, stdout io.Writer) (err error) {
	db, err := c.DB.Open()
	if err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &service{config: c, log: log, guesses: newGuesses(log, c.Access.ClientIP)}
	options := s.queueOptions()
	if s.queue, err = autocall.NewSQLQueue(ctx, db, c.DB.Dialect, &options); err != nil {
		return fmt.Errorf("-db: %w", c.DB.Withheld(err))
	}
	if s.phones, err = s.newHandler(); err != nil {
		return cli.UsageError{Err: err}
	}
	l, admin, err := s.listen(ctx)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", l.Addr().String(), "admin", admin.Addr().String(), "phones", len(c.Phones), "db", c.DB.Dialect)
	s.welcome(stdout, l.Addr(), admin.Addr())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { _ = s.queue.Run(running) }) // always nil
	err = s.serve(ctx, l, admin)
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

// listen opens the ports, which are the same if there is none for the admin.
func (s *service) listen(ctx context.Context) (l, admin net.Listener, err error) {
	if l, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen); err != nil || s.config.Admin == "" {
		return l, l, err
	}
	if admin, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.Admin); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, admin, nil
}

// serve serves both ports until ctx ends or one of them fails.
func (s *service) serve(ctx context.Context, l, admin net.Listener) error {
	const stopping = "stopping: no new requests; those under way are finished"
	health := httpserver.NewHealth(s.log, s.health)
	people := http.NewServeMux()
	people.Handle("GET /healthz", health)
	s.addAPI(people)
	s.addPage(people)
	if l == admin {
		people.Handle("/phone/", s.phones)
		return s.config.Access.Serve(ctx, l, inbound.CleanPath("/phone/", people), s.log, stopping)
	}
	phones := http.NewServeMux()
	phones.Handle("/phone/", s.phones)
	phones.Handle("GET /healthz", health)
	phones.Handle("/", httpserver.NotFound(s.log))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- serve.Serve(ctx, admin, people, s.config.Access.Options(s.log))
		stop()
	}()
	err := s.config.Access.Serve(ctx, l, inbound.CleanPath("/phone/", phones), s.log, stopping)
	stop()
	return errors.Join(err, <-ended)
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
func (s *service) welcome(w io.Writer, addr, admin net.Addr) {
	for _, h := range s.config.Phones {
		token := "********"
		if s.config.PhonesMade {
			token = h.Token
		}
		fmt.Fprintf(w, "URL to enter into the phone %s:\n  %s/phone/%s/alert/phone\n", h.Name, s.urlOf(addr), token)
	}
	if s.config.PhonesMade {
		fmt.Fprint(w, "Its token was made for this run; set -phone-token to keep one.\n")
	}
	fmt.Fprintf(w, "Page for people: %s/admin\n", s.urlOf(admin))
	if s.config.AdminMade {
		fmt.Fprintf(w, "Admin token, made for this run; set -admin-token to keep one:\n  %s\n", s.config.AdminToken)
	}
}

// urlOf is the URL of a server that listens at an address.
func (s *service) urlOf(addr net.Addr) string {
	at := addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		at = fmt.Sprintf("THIS-MACHINE:%d", t.Port)
	}
	return s.config.Access.URL(at)
}
