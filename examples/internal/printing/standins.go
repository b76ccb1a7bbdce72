// Package printing has stand-ins that print what they receive: a group robot of
// WeCom and one of DingTalk, and a network-management console.
package printing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"
)

// StandIns are a group robot of each kind and a network-management console on
// this machine. They serve newcomers who have none of them.
type StandIns struct {
	// The first arrivals, if they are held to be printed in order.
	Wecom, DingTalk, Console chan Box

	out   *Printer
	hooks *http.Server
	tcp   net.Listener
	udp   *net.UDPConn
	wg    sync.WaitGroup
	hold  bool
}

// Start listens on two free ports of the loopback interface, until Close. With
// hold, arrivals are not printed but wait in the channels, where the first one
// of each kind is enough.
func Start(ctx context.Context, out *Printer, log *slog.Logger, hold bool) (*StandIns, error) {
	s := &StandIns{out: out, hold: hold, Wecom: make(chan Box, 1), DingTalk: make(chan Box, 1), Console: make(chan Box, 1)}
	var err error
	if s.tcp, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("stand-in robots: %w", err)
	}
	if s.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, errors.Join(fmt.Errorf("stand-in console: %w", err), s.tcp.Close())
	}
	s.hooks = &http.Server{Handler: s.robots(), ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	s.wg.Go(func() { _ = s.hooks.Serve(s.tcp) }) // ends by Close
	s.wg.Go(s.console)
	return s, nil
}

// WecomURL is the webhook of the robot of WeCom, with its key.
func (s *StandIns) WecomURL() string {
	return "http://" + s.tcp.Addr().String() + wecomPath + "?key=" + key
}

// DingTalkURL is the webhook of the robot of DingTalk, with its token. It does
// not ask for a signature.
func (s *StandIns) DingTalkURL() string {
	return "http://" + s.tcp.Addr().String() + dingtalkPath + "?access_token=" + key
}

// Trap is where the console takes notifications of any community, host:port.
func (s *StandIns) Trap() string { return s.udp.LocalAddr().String() }

// Close stops all and waits for them.
func (s *StandIns) Close() error {
	err := errors.Join(s.hooks.Close(), s.udp.Close())
	s.wg.Wait()
	return err
}

// console prints traps until the socket is closed.
func (s *StandIns) console() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier datagram, say
		}
		s.got(s.Console, s.notified(buf[:n], from))
	}
}

// notified reads a datagram, and acknowledges it if it is an inform.
func (s *StandIns) notified(datagram []byte, from netip.AddrPort) Box {
	kind, text := "datagram", ""
	p, err := readNotification(datagram)
	if err == nil {
		kind, text = "trap", describeNotification(p)
	}
	if err == nil && p.PDUType == gosnmp.InformRequest {
		kind = "inform"
		var answer []byte
		if answer, err = acknowledgement(datagram, p); err == nil {
			_, err = s.udp.WriteToUDPAddrPort(answer, from)
		}
	}
	if err != nil {
		text += err.Error() + "\n"
	}
	return Box{fmt.Sprintf("SNMP console: one %s from %s, %d bytes", kind, from.Addr(), len(datagram)), text}
}

// got prints an arrival, or keeps it for the reader of the channel.
func (s *StandIns) got(waiting chan<- Box, b Box) {
	if !s.hold {
		s.out.Box(b)
		return
	}
	select {
	case waiting <- b:
	default: // the first is enough
	}
}
