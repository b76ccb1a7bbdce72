package main

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

	"github.com/tocsin-go/tocsin/autocall"
)

// stopGrace bounds how long a stop waits for requests under way. A phone gets
// its answer within eight seconds.
const stopGrace = 15 * time.Second

// A service is the queue and all who reach it.
type service struct {
	config *config
	queue  *autocall.Dispatcher
	phones *autocall.Handler
	log    *slog.Logger
}

// serve opens the database and serves until ctx ends.
func serve(ctx context.Context, c *config, log *slog.Logger, stdout io.Writer) (err error) {
	db, err := c.db.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &service{config: c, log: log}
	options := s.queueOptions()
	if s.queue, err = autocall.NewSQLQueue(ctx, db, c.db.dialect, &options); err != nil {
		return fmt.Errorf("-db: %w", err)
	}
	if s.phones, err = s.newHandler(); err != nil {
		return usageError{err}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	log.Info("listening", "addr", l.Addr().String(), "phones", len(c.phones), "db", c.db.dialect)
	s.welcome(stdout, l.Addr())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { _ = s.queue.Run(running) }) // always nil
	err = s.listenUntil(ctx, l)
	stop()
	work.Wait()
	log.Info("stopped: what was queued is in the database")
	return err
}

// queueOptions adds what is told to groups. The phones of the settings must
// poll, and one that was taken out of them need not any more.
func (s *service) queueOptions() autocall.QueueOptions {
	o := s.config.queue
	o.Logger = s.log
	for _, h := range s.config.phones {
		o.Phones = append(o.Phones, h.name)
	}
	if s.config.report == nil {
		return o
	}
	report := autocall.Report(s.config.report, s.config.locale)
	o.OnAnswered, o.OnExhausted = report, report
	o.OnPhoneSilent = autocall.ReportSilence(s.config.report, s.config.locale)
	return o
}

// newHandler makes what the phones poll.
func (s *service) newHandler() (*autocall.Handler, error) {
	tokens := make(map[string]string, len(s.config.phones))
	for _, h := range s.config.phones {
		tokens[h.name] = h.token
	}
	return autocall.NewHandler(s.queue, tokens, &autocall.HandlerOptions{PollInterval: s.config.queue.PollInterval, Logger: s.log})
}

// listenUntil serves requests until ctx ends, and finishes those under way.
func (s *service) listenUntil(ctx context.Context, l net.Listener) error {
	server := http.Server{
		Handler:           s.mux(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.log.Info("stopping: no new requests; those under way are finished")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = fmt.Errorf("stop: requests were cut off: %w", errors.Join(err, server.Close()))
	}
	if end := <-done; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// mux joins what phones, programs and people reach.
func (s *service) mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/phone/", s.phones)
	mux.HandleFunc("GET /healthz", s.health)
	s.addAPI(mux)
	s.addPage(mux)
	return mux
}

// health answers 200 if the database does.
func (s *service) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.queue.Phones(ctx); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// welcome tells the operator what to enter into the phones. A token is printed
// only if there is no other way to learn it.
func (s *service) welcome(w io.Writer, addr net.Addr) {
	at := addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		at = fmt.Sprintf("THIS-MACHINE:%d", t.Port)
	}
	for _, h := range s.config.phones {
		token := "********"
		if s.config.phonesMade {
			token = h.token
		}
		fmt.Fprintf(w, "URL to enter into the phone %s:\n  http://%s/phone/%s/alert/phone\n", h.name, at, token)
	}
	if s.config.phonesMade {
		fmt.Fprint(w, "Its token was made for this run; set -phone-token to keep one.\n")
	}
	fmt.Fprintf(w, "Page for people: http://%s/admin\n", at)
	if s.config.adminMade {
		fmt.Fprintf(w, "Admin token, made for this run; set -admin-token to keep one:\n  %s\n", s.config.adminToken)
	}
}
