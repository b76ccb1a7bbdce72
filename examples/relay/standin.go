package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// standInOID is the number that IANA keeps for documentation.
const standInOID = "1.3.6.1.4.1.32473"

// A standIn is a group robot of each kind and a network-management console on
// this machine, which print what they receive. It serves newcomers who have
// none of them.
type standIn struct {
	out   *printer
	hooks *http.Server
	tcp   net.Listener
	udp   *net.UDPConn
	wg    sync.WaitGroup

	wecom, dingtalk, trap chan box // first arrivals, if held
	hold                  bool     // keep arrivals for demo, which prints them in order
}

// A box is something to print with a frame around it.
type box struct{ title, text string }

// startStandIn listens on two free ports of the loopback interface. Close
// ends it.
func startStandIn(ctx context.Context, out *printer, log *slog.Logger, hold bool) (*standIn, error) {
	s := &standIn{out: out, hold: hold, wecom: make(chan box, 1), dingtalk: make(chan box, 1), trap: make(chan box, 1)}
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

// attract makes the stand-ins the destinations. A community and a base OID
// that were set stay, so that traps can be looked at before they go out.
func (s *standIn) attract(c *config) {
	c.wecom.urls = []string{"http://" + s.tcp.Addr().String() + wecomPath + "?key=" + standInKey}
	c.dingtalk.urls = []string{"http://" + s.tcp.Addr().String() + dingtalkPath + "?access_token=" + standInKey}
	c.trap.targets = []string{s.udp.LocalAddr().String()}
	c.trap.community = cmp.Or(c.trap.community, "public")
	c.trap.baseOID = cmp.Or(c.trap.baseOID, standInOID)
}

// Close stops all and waits for them.
func (s *standIn) Close() error {
	err := errors.Join(s.hooks.Close(), s.udp.Close())
	s.wg.Wait()
	return err
}

// console prints traps until the socket is closed.
func (s *standIn) console() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier datagram, say
		}
		s.got(s.trap, s.notified(buf[:n], from))
	}
}

// notified reads a datagram, and acknowledges it if it is an inform.
func (s *standIn) notified(datagram []byte, from netip.AddrPort) box {
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
	return box{fmt.Sprintf("SNMP console: one %s from %s, %d bytes", kind, from.Addr(), len(datagram)), text}
}

// got prints an arrival, or keeps it for who waits at the channel.
func (s *standIn) got(waiting chan<- box, b box) {
	if !s.hold {
		s.out.box(b)
		return
	}
	select {
	case waiting <- b:
	default: // the first is enough
	}
}

// A printer writes whole blocks, one at a time.
type printer struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *printer) printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format, args...)
}

// box prints text from outside under a title, each line behind a bar.
func (p *printer) box(b box) {
	var s strings.Builder
	fmt.Fprintf(&s, "\n┌─ %s\n", cli.Printable(b.title))
	for line := range strings.Lines(b.text) {
		fmt.Fprintf(&s, "│ %s\n", cli.Printable(strings.TrimRight(line, "\r\n")))
	}
	s.WriteString("└─\n")
	p.printf("%s", s.String())
}
