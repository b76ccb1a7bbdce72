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
	// maxWrites bounds how often one trap is handed to a socket that answers
	// with an error about an earlier one.
	maxWrites = 3

	// maxWait bounds the wait for room in a socket's buffer when the context
	// sets no nearer limit. Such a wait is rare and ends in microseconds.
	maxWait = time.Second

	// lookupPause is the least time between two look-ups of a name that
	// errors ask for, and warnPause that between two warnings.
	lookupPause = 10 * time.Second
	warnPause   = time.Minute
)

// write hands one trap to the network; now is the present. A nil error means
// no more than that the machine took it.
//
// A failed write has sent nothing, so another one makes no duplicate. After
// "connection refused", which speaks of an earlier trap, the same socket is
// good. After any other error, such as a source address that is gone, it
// takes a new one to the same address, which needs no name server.
func (t *target) write(ctx context.Context, trap []byte, now time.Time) error {
	if err := t.acquire(ctx); err != nil {
		return err
	}
	defer t.release()
	if t.closed {
		return &Error{Op: "send", Target: t.addr, Err: ErrClosed}
	}
	var err error
	for range maxWrites {
		if err = t.writeOnce(ctx, trap, now); err == nil {
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.EMSGSIZE) {
			break
		}
		t.suspect(ctx, err, now)
		if errors.Is(err, syscall.ECONNREFUSED) {
			continue
		}
		if t.reconnect(ctx) != nil {
			break // err tells more
		}
	}
	return t.writeError(ctx, err, len(trap))
}

// writeOnce writes within the deadline.
func (t *target) writeOnce(ctx context.Context, trap []byte, now time.Time) error {
	if err := t.setDeadline(ctx, now); err != nil {
		return err
	}
	_, err := t.conn.Write(trap)
	return err
}

// setDeadline bounds the write that follows. To set a deadline takes a tenth
// of the time of a write, so one is kept while it will do.
func (t *target) setDeadline(ctx context.Context, now time.Time) error {
	deadline := now.Add(maxWait)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	} else if t.deadline.Sub(now) >= maxWait/2 {
		return nil
	}
	if deadline.Equal(t.deadline) {
		return nil
	}
	t.deadline = deadline
	return t.conn.SetWriteDeadline(deadline)
}

// suspect draws the conclusions from a failed write: a name may mean another
// machine by now, which the next Send finds out, and the operator should know
// when nobody listens.
func (t *target) suspect(ctx context.Context, err error, now time.Time) {
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
	conn, err := new(net.Dialer).DialContext(ctx, "udp", t.conn.RemoteAddr().String())
	if err != nil {
		return err
	}
	t.use(conn)
	return nil
}

// writeError says why a trap was not sent.
func (t *target) writeError(ctx context.Context, err error, size int) error {
	end, bounded := ctx.Deadline()
	switch {
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
