package snmptraptest

import (
	"crypto/rand"
	"net"
	"strings"
	"time"
)

// flushPause is the time after which a flush repeats itself: a socket whose
// buffer is full drops what comes.
const flushPause = 50 * time.Millisecond

// serve receives until the socket is closed.
func (l *Listener) serve(conn *net.UDPConn, served chan<- struct{}) {
	defer close(served)
	buf := make([]byte, 1<<16)
	for {
		n, source, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		datagram := buf[:n:n]
		if strings.HasPrefix(string(datagram), l.token) {
			l.flushed(string(datagram))
			continue
		}
		l.receive(datagram, source)
	}
}

// flush waits until everything that was sent before has been worked off. On
// the loopback a datagram is in the receiver's queue when the write returns,
// so whatever stands in front of one of our own has arrived.
func (l *Listener) flush() {
	token, done := l.token+rand.Text(), make(chan struct{})
	l.mu.Lock()
	conn, served := l.conn, l.served
	l.flushes[token] = done
	l.mu.Unlock()
	defer l.flushed(token)
	for conn != nil {
		if _, err := conn.WriteToUDP([]byte(token), l.addr); err != nil {
			return // closed meanwhile
		}
		again := time.NewTimer(flushPause)
		select {
		case <-done:
			again.Stop()
			return
		case <-served:
			again.Stop()
			return
		case <-again.C:
		}
	}
}

// flushed ends the wait of a flush, if it still waits.
func (l *Listener) flushed(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if done := l.flushes[token]; done != nil {
		close(done)
		delete(l.flushes, token)
	}
}
