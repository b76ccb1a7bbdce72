//go:build unix

package sqlqueue_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
)

// TestMain lets the test binary be a server, so that one can be killed.
func TestMain(m *testing.M) {
	if config := os.Getenv("BE_A_QUEUE_SERVER"); config != "" {
		fmt.Fprintln(os.Stderr, serve(config))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A serverConfig is what a server process gets from the test.
type serverConfig struct {
	Driver, DSN, Dialect string
	Notices              string // path of the file that callbacks write to
	Tokens               map[string]string
}

// An accepted call is what the server answers to one.
type accepted struct {
	ID     string
	Joined bool
}

// serve is the life of a server: it takes calls and serves phones on the
// listener that it inherits, until it is killed.
func serve(config string) error {
	var c serverConfig
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	db, err := sql.Open(c.Driver, c.DSN)
	if err != nil {
		return err
	}
	tell := func(_ context.Context, s autocall.Status) error {
		return appendLine(c.Notices, s.ID+" "+string(s.State))
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	ctx := context.Background()
	queue, err := autocall.NewSQLQueue(ctx, db, c.Dialect, &autocall.QueueOptions{OnAnswered: tell, OnExhausted: tell, Logger: logger})
	if err != nil {
		return err
	}
	var phones []autocall.Handset
	for name, token := range c.Tokens {
		phones = append(phones, autocall.Handset{Name: name, Token: token})
	}
	handler, err := autocall.NewHandler(queue, phones, &autocall.HandlerOptions{PollInterval: -1, Logger: logger})
	if err != nil {
		return err
	}
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	go queue.Run(ctx) //nolint:errcheck // it ends with the process
	mux := http.NewServeMux()
	mux.Handle("/phone/", handler)
	mux.HandleFunc("POST /calls", func(w http.ResponseWriter, r *http.Request) { enqueue(w, r, queue) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Println("ready")
	return server.Serve(listener)
}

// enqueue takes a call.
func enqueue(w http.ResponseWriter, r *http.Request, queue autocall.Queue) {
	var call autocall.Call
	var a accepted
	err := json.NewDecoder(r.Body).Decode(&call)
	if err == nil {
		a.ID, a.Joined, err = queue.Enqueue(r.Context(), call)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_ = json.NewEncoder(w).Encode(a) //nolint:errchkjson // the caller may have hung up
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
