package snmptrap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// informs are options for informs that wait long, since an answer comes.
func informs() *snmptrap.Options {
	return &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: time.Hour, Retries: -1}}
}

// lasting are options for informs of which some are answered and some not: an
// answer on a busy machine comes in time.
func lasting(retries int) *snmptrap.Options {
	return &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 500 * time.Millisecond, Retries: retries}}
}

// impatient are options for informs to which no answer comes.
func impatient(retries int) *snmptrap.Options {
	return &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 20 * time.Millisecond, Retries: retries}}
}

func TestInformIsAcknowledged(t *testing.T) {
	t.Parallel()
	one, two := respond(t, "", acknowledge), respond(t, "[::1]:0", acknowledge)
	s := newSender(t, informs(), one.addr(), two.addr())
	require.NoError(t, s.Send(t.Context()))
	require.NoError(t, s.Send(t.Context(), named("a")))
	require.NoError(t, s.Send(t.Context(), named("b"), named("c")))
	require.ElementsMatch(t, []string{"a", "b", "c"}, one.names())
	require.ElementsMatch(t, one.received(), two.received(), "encoded once for all targets")
	for _, p := range one.decoded() {
		require.Equal(t, gosnmp.InformRequest, p.PDUType)
		require.Equal(t, "c0mmunity", p.Community)
		require.Equal(t, ".1.3.6.1.2.1.1.3.0", p.Variables[0].Name)
		require.Equal(t, "."+testBase+".0.1", p.Variables[1].Value)
	}

	acks, err := s.Inform(t.Context(), named("d"))
	require.NoError(t, err)
	require.Len(t, acks, 2)
	for i, r := range []*responder{one, two} {
		require.Equal(t, r.addr(), acks[i].Target)
		require.Equal(t, r.addr(), acks[i].Address)
		require.Equal(t, 1, acks[i].Attempts)
		require.Positive(t, acks[i].RoundTrip)
	}
}

// Inform works on a Sender of traps, whose Send goes on sending those.
func TestInformOfASenderOfTraps(t *testing.T) {
	t.Parallel()
	r := respond(t, "", acknowledge)
	s := newSender(t, nil, r.addr())
	acks, err := s.Inform(t.Context(), named("inform"))
	require.NoError(t, err)
	require.Len(t, acks, 1)
	require.NoError(t, s.Send(t.Context(), named("trap")))
	_, err = s.Inform(t.Context(), named("inform"))
	require.NoError(t, err)
	require.Equal(t, []string{"inform", "trap", "inform"}, r.names())
	require.Equal(t, gosnmp.SNMPv2Trap, r.decoded()[1].PDUType)
}

func TestInformDiffersFromTrapInTheTag(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, nil)
	trap, err := e.AppendTrap(nil, usual(), 1, 2)
	require.NoError(t, err)
	inform, err := e.AppendInform([]byte("before"), usual(), 1, 2)
	require.NoError(t, err)
	inform = inform[len("before"):]
	require.Equal(t, bytes.Replace(trap, []byte{0xa7}, []byte{0xa6}, 1), inform)
	require.Equal(t, gosnmp.InformRequest, decode(t, inform).PDUType)
	_, err = (*snmptrap.Encoder)(nil).AppendInform(nil, usual(), 1, 2)
	require.Error(t, err)
}

func TestInformIsRepeated(t *testing.T) {
	t.Parallel()
	r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
		if n < 2 {
			return nil
		}
		return [][]byte{reply(p), reply(p), reply(p), reply(p), reply(p)} // as if more attempts had arrived
	})
	s := newSender(t, impatient(1000), r.addr())
	acks, err := s.Inform(t.Context(), named("a"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, acks[0].Attempts, 3)
	got := r.received()
	for _, octets := range got {
		require.Equal(t, got[0], octets, "the same octets and so the same request-id")
	}
}

func TestInformWithoutAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		retries  int
		once     bool
		attempts int
		want     string
	}{
		{"two retries by default", 0, false, 3, "no answer to 3 attempts of 20ms"},
		{"one retry", 1, false, 2, "no answer to 2 attempts of 20ms"},
		{"no retry", -1, false, 1, "no answer to 1 attempt of 20ms"},
		{"once", 5, true, 1, "no answer to 1 attempt of 20ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := respond(t, "", silent)
			s := newSender(t, impatient(tt.retries), r.addr())
			ctx := t.Context()
			if tt.once {
				ctx = alert.Once(ctx)
			}
			acks, err := s.Inform(ctx, named("a"))
			require.Empty(t, acks)
			require.EqualError(t, err, "snmptrap: inform: "+r.addr()+": "+tt.want+": it may have arrived, sending it again can help")
			require.ErrorIs(t, err, alert.ErrUncertain)
			require.True(t, alert.Retryable(err), "its repetition has the same fingerprint")
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, syscall.ECONNREFUSED)
			require.Len(t, r.received(), tt.attempts)
		})
	}
}

func TestInformRefused(t *testing.T) {
	t.Parallel()
	names := []string{
		"", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
		"wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
		"undoFailed", "authorizationError", "notWritable", "inconsistentName", "unknown error-status", "unknown error-status",
	}
	passing := map[string]bool{
		"genErr": true, "resourceUnavailable": true, "commitFailed": true, "undoFailed": true,
		"inconsistentValue": true, "inconsistentName": true, "unknown error-status": true,
	}
	for n, name := range names {
		if name == "" {
			continue
		}
		t.Run(fmt.Sprint(n, name), func(t *testing.T) {
			t.Parallel()
			r := respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte { return [][]byte{reply(p, status(n))} })
			s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: time.Hour, Retries: 3}}, r.addr())
			err := s.Send(t.Context(), named("a"))
			require.ErrorContains(t, err, fmt.Sprintf("snmptrap: inform: %s: the receiver refused it with %s(%d): ", r.addr(), name, n))
			require.ErrorIs(t, err, snmptrap.ErrorStatus(n))
			require.NotErrorIs(t, err, alert.ErrUncertain, "the receiver said what it did")
			require.Equal(t, passing[name], alert.Retryable(err))
			require.Len(t, r.received(), 1, "a refusal is not repeated blindly")
			advice := "cannot help"
			switch {
			case passing[name]:
				advice = "later can help"
			case name == "tooBig":
				advice = "set a lower MaxSize"
			}
			require.ErrorContains(t, err, advice)
		})
	}
	require.Equal(t, "noError", snmptrap.StatusNoError.String())
	require.Empty(t, snmptrap.ErrorStatus(-1).String())
}

// wrongAnswers are answers that do not count, each alone.
func wrongAnswers(p *gosnmp.SnmpPacket) map[string][]byte {
	with := func(f func(*gosnmp.SnmpPacket)) []byte { return reply(p, f) }
	right := reply(p)
	return map[string][]byte{
		"empty":             {},
		"garbage":           []byte("garbage"),
		"truncated":         right[:len(right)-1],
		"half":              right[:20],
		"the inform itself": with(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.InformRequest }),
		"a trap":            with(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.SNMPv2Trap }),
		"a report":          with(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.Report }),
		"a request":         with(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.GetRequest }),
		"version 1":         with(func(p *gosnmp.SnmpPacket) { p.Version = gosnmp.Version1 }),
		"another id":        with(func(p *gosnmp.SnmpPacket) { p.RequestID++ }),
		"id zero":           with(func(p *gosnmp.SnmpPacket) { p.RequestID = 0 }),
		"negative id":       with(func(p *gosnmp.SnmpPacket) { p.RequestID |= 1 << 31 }),
		"refusal of another": with(func(p *gosnmp.SnmpPacket) {
			p.RequestID++
			p.Error = gosnmp.TooBig
		}),
	}
}

func TestWrongAnswersDoNotCount(t *testing.T) {
	t.Parallel()
	for name := range wrongAnswers(&gosnmp.SnmpPacket{Version: gosnmp.Version2c}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
				if n == 0 {
					return [][]byte{wrongAnswers(p)[name], reply(p)} // it does not end the wait
				}
				return [][]byte{wrongAnswers(p)[name]}
			})
			s := newSender(t, informs(), r.addr())
			acks, err := s.Inform(t.Context(), named("a"))
			require.NoError(t, err)
			require.Equal(t, 1, acks[0].Attempts)

			s = newSender(t, impatient(-1), r.addr())
			require.ErrorIs(t, s.Send(t.Context(), named("b")), alert.ErrUncertain)
		})
	}
}

func TestAnswerWithAnotherCommunity(t *testing.T) {
	t.Parallel()
	r := respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte {
		return [][]byte{reply(p, func(p *gosnmp.SnmpPacket) { p.Community = "c0mmunit" })}
	})
	err := newSender(t, lasting(-1), r.addr()).Send(t.Context(), named("a"))
	require.ErrorContains(t, err, "no answer to 1 attempt of 500ms, but one with another community, which does not count: ")
	require.NotContains(t, err.Error(), "c0mmunit")
	require.ErrorIs(t, err, alert.ErrUncertain)
}

func TestCancelDuringInform(t *testing.T) {
	t.Parallel()
	r := respond(t, "", silent)
	s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: time.Hour, Retries: 9}}, r.addr())
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Send(ctx, named("a"), named("b")) }()
	<-r.arrived
	cancel()
	err := <-result // at once, or the test does not end
	for i := range 2 {
		at := alert.ErrorAt(err, i, 2)
		require.ErrorIs(t, at, context.Canceled)
		require.True(t, alert.Retryable(at))
	}
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.ErrorContains(t, err, "context canceled")

	before := len(r.received())
	err = s.Send(ctx, named("c"))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, alert.ErrUncertain, "nothing left")
	require.Len(t, r.received(), before)
}

func TestCloseDuringInform(t *testing.T) {
	t.Parallel()
	r := respond(t, "", silent)
	s := newSender(t, informs(), r.addr())
	result := make(chan error)
	go func() { result <- s.Send(t.Context(), named("a")) }()
	<-r.arrived
	require.NoError(t, s.Close())
	err := <-result
	require.ErrorIs(t, err, snmptrap.ErrClosed)
	require.ErrorIs(t, err, alert.ErrUncertain)
	err = s.Send(t.Context(), named("b"))
	require.EqualError(t, err, "snmptrap: inform: "+r.addr()+": sender is closed")
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.NoError(t, s.Close())
}

// It runs alone: it looks at all goroutines of the process.
func TestCloseWaitsForTheReader(t *testing.T) {
	for range 50 {
		r := respond(t, "", acknowledge)
		s := newSender(t, informs(), r.addr())
		require.NoError(t, s.Send(t.Context(), named("a")))
		require.NoError(t, s.Close())
		stacks := make([]byte, 1<<20)
		require.NotContains(t, string(stacks[:runtime.Stack(stacks, true)]), "(*target).read(")
	}
}

func TestInformToReceiverThatIsDown(t *testing.T) {
	t.Parallel()
	down, up := closedPort(t), respond(t, "", acknowledge)
	s := newSender(t, lasting(1), down, up.addr())
	for range 2 {
		acks, err := s.Inform(t.Context(), named("a"))
		require.Len(t, acks, 1, "the other target is not kept waiting")
		require.Equal(t, up.addr(), acks[0].Target)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.ErrorContains(t, err, down+": no answer to 2 attempts of 500ms; the network said: nobody listens on the port: ")
		require.NotContains(t, err.Error(), up.addr())
	}
}

// A closed port answers at once. That must not use up the attempts: whoever
// comes back within their time gets the inform.
func TestInformToReceiverThatComesBack(t *testing.T) {
	t.Parallel()
	down := closedPort(t)
	s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 100 * time.Millisecond, Retries: 100}}, down)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if err := s.Send(t.Context(), named(fmt.Sprint(i)), named(fmt.Sprint(i, "+"))); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 { // comes, goes without a word, and comes to stay
		<-time.After(120 * time.Millisecond)
		gone := respond(t, down, silent)
		<-gone.arrived
		require.NoError(t, gone.conn.Close())
	}
	back := respond(t, down, acknowledge)
	wg.Wait()
	seen := map[string]bool{}
	for _, name := range back.names() {
		seen[name] = true
	}
	require.Len(t, seen, 8, "nothing is lost")
}

func TestInformSocketThatBreaks(t *testing.T) {
	t.Parallel()
	r := respond(t, "", acknowledge)
	s := newSender(t, lasting(100), r.addr())
	for _, name := range []string{"a", "b", "c"} {
		s.BreakSockets()
		require.NoError(t, s.Send(t.Context(), named(name)))
	}
	require.Equal(t, []string{"a", "b", "c"}, r.names())
}

func TestInformResultsByAlert(t *testing.T) {
	t.Parallel()
	r := respond(t, "", func(_ int, p *gosnmp.SnmpPacket) [][]byte {
		switch nameOf(p) {
		case "refused":
			return [][]byte{reply(p, status(6))}
		case "lost":
			return nil
		}
		return [][]byte{reply(p)}
	})
	s := newSender(t, lasting(-1), r.addr())
	err := s.Send(t.Context(), named("good"), named("refused"), named("lost"), named("good too"))
	require.ErrorAs(t, err, new(*alert.PartialError))
	require.NoError(t, alert.ErrorAt(err, 0, 4))
	require.ErrorIs(t, alert.ErrorAt(err, 1, 4), snmptrap.ErrorStatus(6))
	require.ErrorIs(t, alert.ErrorAt(err, 2, 4), alert.ErrUncertain)
	require.NoError(t, alert.ErrorAt(err, 3, 4))
	e, ok := errors.AsType[*snmptrap.Error](alert.ErrorAt(err, 1, 4))
	require.True(t, ok)
	require.Equal(t, "inform", e.Op)
	require.Equal(t, r.addr(), e.Target)
}

// A receiver that answers at once gets more and more informs at once: in the end
// this one answers none before it has eight.
func TestInformsAreInFlightTogether(t *testing.T) {
	t.Parallel()
	var held [][]byte
	r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
		held = append(held, reply(p))
		if n >= 100 && len(held) < 8 {
			return nil
		}
		all := held
		held = nil
		return all
	})
	s := newSender(t, informs(), r.addr())
	var alerts []alert.Alert
	for i := range 140 {
		alerts = append(alerts, named(fmt.Sprint(i)))
	}
	require.NoError(t, s.Send(t.Context(), alerts...))
	require.Len(t, r.received(), 140)
}

// A console that gets "firing" again after "resolved" would show an alarm that
// is over.
func TestInformsAboutOneProblemKeepTheirOrder(t *testing.T) {
	t.Parallel()
	r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
		if n == 0 {
			return nil
		}
		return [][]byte{reply(p)}
	})
	s := newSender(t, impatient(1000), r.addr())
	require.NoError(t, s.Send(t.Context(),
		alert.Alert{Source: "s", Key: "k", Name: "firing"},
		alert.Alert{Source: "s", Key: "k", Name: "resolved", Status: alert.Resolved},
	))
	names := r.names()
	require.Equal(t, "resolved", names[len(names)-1])
	require.Equal(t, []string{"firing", "firing"}, names[:2])
}

func TestManyInformsOverOneSocket(t *testing.T) {
	t.Parallel()
	const callers, each = 64, 200
	ports := map[string]bool{}
	r := respond(t, "", func(n int, p *gosnmp.SnmpPacket) [][]byte {
		if n%7 == 0 {
			return [][]byte{reply(p), reply(p)} // the duplicate must not count for another
		}
		return [][]byte{reply(p)}
	})
	s := newSender(t, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 500 * time.Millisecond, Retries: 20}}, r.addr())
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := 0
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				acks, err := s.Inform(t.Context(), named(fmt.Sprint(i, "/", j)))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked += len(acks)
				ports[acks[0].Address] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Equal(t, callers*each, acked, "one acknowledgement each")
	require.Len(t, ports, 1)
	seen := map[string]bool{}
	for _, name := range r.names() {
		seen[name] = true
	}
	require.Len(t, seen, callers*each)
}

func TestInformOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []snmptrap.Inform{{Timeout: -1}, {Retries: -2}} {
		_, err := snmptrap.New([]string{"nms"}, "c", testBase, &snmptrap.Options{Inform: &in})
		require.ErrorContains(t, err, "snmptrap: options: negative Inform.")
	}
}
