package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/snmptrap"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/wecom"
)

// The people on call. Nobody has these numbers.
const (
	gatewayNumber = "13800000001"
	phoneNumber1  = "13800000005"
	phoneNumber2  = "13800000006"
)

// An engine is a program as users write it: it takes callbacks, keeps them in
// an outbox and delivers them to all stand-ins over the network. The buttons
// of the page post to it.
type engine struct {
	box      *outbox.Outbox
	callback *aliyun.Handler
	queue    *autocall.Dispatcher
	polled   *autocall.Handler // by the phone with AutoCall
	gateway  *voice.Handler    // the in-house gateway, called by BlueKing
	closers  []io.Closer
}

// newEngine puts the program together.
func (s *Sandbox) newEngine() (e *engine, err error) {
	e = &engine{}
	if e.box, err = outbox.Open(outbox.NewMemoryStore(), &outbox.Options{Poll: 200 * time.Millisecond, Logger: s.log}); err != nil {
		return nil, err
	}
	if e.callback, err = aliyun.NewHandler(e.box, longWord, &aliyun.Options{Logger: s.log}); err != nil {
		return nil, err
	}
	dialer, err := voice.NewDialer(s.parts.phones.Dial, nil)
	if err != nil {
		return nil, err
	}
	if e.gateway, err = voice.NewHandler(dialer, longWord, &voice.HandlerOptions{Answer: 28 * time.Second, Logger: s.log}); err != nil {
		return nil, err
	}
	s.parts.esb.Dest = e.gateway
	for _, add := range []func(Targets) error{e.addChats, e.addConsoles, e.addPigeon, e.addVoice, e.addAutoCall} {
		if err := add(s.targets); err != nil {
			return nil, errors.Join(err, e.close())
		}
	}
	return e, nil
}

// addChats adds the groups: a storm waits in the outbox for the twenty messages
// a minute that they take, and comes as a few digests.
func (e *engine) addChats(t Targets) error {
	chat := &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}, Batch: 1000}
	w, err := wecom.New(t.Wecom, nil)
	if err != nil {
		return err
	}
	d, err := dingtalk.New(t.DingTalk, &dingtalk.Options{Secret: t.DingTalkSecret})
	if err != nil {
		return err
	}
	return errors.Join(e.box.Route(destWecom, w, chat), e.box.Route(destDingTalk, d, chat))
}

// addConsoles adds what keeps a list of alarms of its own, one by one. The one
// for SNMP gets informs, which it acknowledges: of a storm of traps a busy
// machine may drop some.
func (e *engine) addConsoles(t Targets) error {
	trap, err := snmptrap.New([]string{t.Trap}, t.TrapCommunity, t.TrapBaseOID, &snmptrap.Options{Inform: &snmptrap.Inform{Timeout: 5 * time.Second}})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, trap)
	client, err := ocp.NewClient(t.OCP, ocp.Basic(t.OCPUser, t.OCPPassword), nil)
	if err != nil {
		return err
	}
	push, err := ocp.NewSender(client, "tocsin_alert", nil)
	if err != nil {
		return err
	}
	return errors.Join(
		e.box.Route(destTrap, trap, &outbox.RouteOptions{OnePerKey: true}),
		e.box.Route(destOCP, push, &outbox.RouteOptions{Filter: func(a alert.Alert) bool { return a.Severity == alert.Critical && a.Source != ocp.Source }}),
	)
}

// phone is a route to something that rings: for the worst only, once for all
// that has gathered, and never twice.
func (e *engine) phone(name string, sender alert.Sender) error {
	return e.box.Route(name, sender, &outbox.RouteOptions{
		Batch: 1000, NeverTwice: true, Timeout: 40 * time.Second,
		Filter: func(a alert.Alert) bool { return a.Severity == alert.Critical && a.Status.Open() },
	})
}

func (e *engine) addPigeon(t Targets) error {
	client, err := pigeon.New(t.Pigeon, t.PigeonToken, nil)
	if err != nil {
		return err
	}
	sender, err := pigeon.NewSender(client, pigeon.Request{CallFlowID: t.PigeonCallFlowID, GuidanceID: t.PigeonGuidanceID},
		&pigeon.SenderOptions{Names: map[string]string{"text": "text"}})
	if err != nil {
		return err
	}
	return e.phone(destPigeon, sender)
}

func (e *engine) addVoice(t Targets) error {
	client, err := voice.NewClient(t.ESB, voice.Credentials{AppCode: t.ESBAppCode, AppSecret: t.ESBAppSecret}, nil)
	if err != nil {
		return err
	}
	callees := []voice.Callee{{User: "alice", Number: voice.NewNumber(gatewayNumber)}}
	sender, err := voice.NewSender(client, callees, nil)
	if err != nil {
		return err
	}
	return e.phone(destVoice, sender)
}

func (e *engine) addAutoCall(Targets) (err error) {
	if e.queue, err = autocall.NewMemoryQueue(&autocall.QueueOptions{PollInterval: phonePoll}); err != nil {
		return err
	}
	if e.polled, err = autocall.NewHandler(e.queue, []autocall.Handset{{Name: "sandbox", Token: longWord}}, &autocall.HandlerOptions{PollInterval: -1}); err != nil {
		return err
	}
	people := []autocall.Person{{Name: "值班一", Number: phoneNumber1}, {Name: "值班二", Number: phoneNumber2}}
	sender, err := autocall.NewSender(e.queue, people, nil)
	if err != nil {
		return err
	}
	return e.phone(destAutoCall, sender)
}

// run works until ctx ends.
func (e *engine) run(ctx context.Context, h *hub) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.queue.Run(ctx) // always nil
	}()
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		e.countWaiting(ctx, h)
	}()
	_ = e.box.Run(ctx) // nil, as it runs once
	<-done
	<-counted
}

// countWaiting shows how many alerts wait for each destination.
func (e *engine) countWaiting(ctx context.Context, h *hub) {
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		counts, err := e.box.Counts(ctx)
		if err != nil {
			continue // it ends
		}
		for _, c := range counts {
			h.count(c.Route, func(t *tally) { t.Waiting = c.Waiting })
		}
	}
}

// close ends what is not ended by a context.
func (e *engine) close() error {
	var errs []error
	for _, c := range e.closers {
		errs = append(errs, c.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.gateway.Shutdown(ctx); err != nil {
		errs = append(errs, fmt.Errorf("gateway: %w", err))
	}
	return errors.Join(errs...)
}
