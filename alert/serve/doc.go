// Package serve serves HTTP where strangers can reach it: a server for webhooks,
// with limits that a plain [http.Server] does not have.
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err := serve.ListenAndServe(ctx, ":8080", callbacks, &serve.Options{Logger: slog.Default()})
//
// A caller has five seconds for the header of a request, fifteen for all of it, and
// a connection may be idle for ninety. When there are too many connections, the
// idle ones are closed first, beginning with those of the address that has most.
// What strangers cause is a few lines in the log, and then a count.
package serve
