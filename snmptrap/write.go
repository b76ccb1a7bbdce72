package snmptrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	// maxWrites bounds how often one message is handed to a socket that
	// answers with an error about an earlier one.
	maxWrites = 3

	// maxWait bounds the wait for room in a socket's buffer when the context
	// sets no nearer limit. Such a wait is rare and ends in microseconds.
	maxWait = time.Second

	// lookupPause is the least time between two look-ups of a name that
	// errors ask for, and warnPause that between two warnings.
	lookupPause = 10 * time.Second
	warnPause   = time.Minute
)

// write hands one trap to the network. A nil error means no more than that
// the machine took it.
func (t *target) write(ctx context.Context, trap []byte) error {
	t.mu.Lock()
	err := t.writeOnce(trap)
	if err != nil {
		err = t.writeAgain(ctx, trap, err)
	}
	t.mu.Unlock()
	if err == nil {
		return nil
	}
	if isFull(err) {
		err = t.writeSlowly(ctx, trap, time.Now().Add(maxWait))
	}
	return t.writeError(ctx, err, len(trap))
}

// writeOnce writes without waiting.
func (t *target) writeOnce(trap []byte) error {
	if t.sock == nil {
		return ErrClosed
	}
	return t.sock.write(trap)
}

// writeAgain goes on after a failed write, which has sent nothing, so that
// another one makes no duplicate. After "connection refused", which speaks of
// an earlier trap, the same socket is good. After any other error, such as a
// source address that is gone, it takes a new one to the same address, which
// needs no name server.
func (t *target) writeAgain(ctx context.Context, trap []byte, err error) error {
	for range maxWrites - 1 {
		if errors.Is(err, ErrClosed) || isFull(err) || errors.Is(err, syscall.EMSGSIZE) {
			return err
		}
		t.suspect(ctx, err)
		if !errors.Is(err, syscall.ECONNREFUSED) && t.reconnect(ctx) != nil {
			return err // it tells more
		}
		if err = t.writeOnce(trap); err == nil {
			return nil
		}
	}
	return err
}

// writeSlowly writes where there was no room in the socket's buffer: through
// another socket, one message at a time, and with a wait until the deadline or
// until that of ctx if it is nearer.
func (t *target) writeSlowly(ctx context.Context, trap []byte, deadline time.Time) error {
	if err := t.acquire(ctx); err != nil {
		return err
	}
	defer t.release()
	t.mu.Lock()
	sock := t.sock
	t.mu.Unlock()
	if sock == nil {
		return ErrClosed
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp", sock.remote)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is pending on it
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err = conn.Write(trap)
	return err
}

// suspect draws the conclusions from a failed write: a name may mean another
// machine by now, which the next Send finds out, and the operator should know
// when nobody listens.
func (t *target) suspect(ctx context.Context, err error) {
	now := time.Now()
	if t.named && now.Sub(t.dialled) >= lookupPause {
		t.ready.Store(false)
	}
	if errors.Is(err, syscall.ECONNREFUSED) && now.Sub(t.warned) >= warnPause {
		t.warned = now
		t.log.WarnContext(ctx, "snmptrap: an earlier trap was refused, nobody listens on the port",
			slog.String("target", t.addr))
	}
}

// reconnect replaces the socket by one to the same address.
func (t *target) reconnect(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", t.sock.remote)
	if err != nil {
		return err
	}
	sock, err := newSocket(conn)
	if err != nil {
		return err
	}
	t.use(sock)
	return nil
}

// writeError says why a trap was not sent, if it was not.
func (t *target) writeError(ctx context.Context, err error, size int) error {
	end, bounded := ctx.Deadline()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) && bounded && !time.Now().Before(end):
		err = context.DeadlineExceeded // the context is about to say so
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("no room in the socket's buffer for %v: %w", maxWait, os.ErrDeadlineExceeded)
	case errors.Is(err, syscall.EMSGSIZE):
		err = fmt.Errorf("the socket refuses %d octets, set a lower MaxSize: %w", size, ErrTooLarge)
	}
	return netError("send", t.addr, err)
}
