package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/wecom"
)

const (
	stormSize    = 5000
	stormWorkers = 8
	burstSize    = 25 // messages, five more than the chats take in a minute
)

// A button does what its name on the page says.
type button func(ctx context.Context) error

// buttons are those of the page, by name.
func (s *Sandbox) buttons() map[string]button {
	p := &poster{url: func() string { return s.Targets().Callback }, web: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: stormWorkers}, Timeout: 10 * time.Second}}
	var storming atomic.Bool
	post := func(make func(time.Time) callback) button {
		return func(ctx context.Context) error { return p.post(ctx, make(time.Now())) }
	}
	return map[string]button{
		"event": post(event), "critical": post(critical), "threshold": post(threshold), "recovery": post(recovery), "hostile": post(hostile),
		"ocp": s.raiseOCP,
		"storm": func(ctx context.Context) error {
			if !storming.CompareAndSwap(false, true) {
				return errors.New("a storm is under way")
			}
			defer storming.Store(false)
			return p.storm(ctx)
		},
		"burst": s.burst,
	}
}

// raiseOCP does what a script channel of OCP does: it reads the alarm from its
// environment.
func (s *Sandbox) raiseOCP(ctx context.Context) error {
	p, err := ocp.FromEnv(ocpEnvironment(time.Now()))
	if err != nil {
		return err
	}
	return s.engine.box.Send(ctx, p.Alert())
}

// burst sends more than the chats take in a minute, past the outbox, to see them
// refuse. Each message has a robot of its own, since one robot would keep still
// after the first refusal.
func (s *Sandbox) burst(ctx context.Context) error {
	for n := range burstSize {
		w, err := wecom.New(s.targets.Wecom, &wecom.Options{Rate: -1})
		if err != nil {
			return err
		}
		d, err := dingtalk.New(s.targets.DingTalk, &dingtalk.Options{Rate: -1, Secret: s.targets.DingTalkSecret})
		if err != nil {
			return err
		}
		a := alert.Alert{Source: "sandbox", Name: fmt.Sprintf("burst %d / %d", n+1, burstSize), Severity: alert.Info, Test: true}
		_ = alert.Fanout(w, d).Send(alert.Once(ctx), a) // the page shows what is refused
	}
	return ctx.Err()
}

// A poster posts callbacks as CloudMonitor does.
type poster struct {
	url func() string
	web *http.Client
}

// post posts a callback and wants 200 for it.
func (p *poster) post(ctx context.Context, c callback) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url(), strings.NewReader(c.body))
	if err != nil {
		return errors.New("the callback URL cannot be used")
	}
	req.Header.Set("Content-Type", c.media)
	resp, err := p.web.Do(req)
	if err != nil {
		return errors.New("nobody answers at the callback URL") // the error's own text holds it
	}
	defer resp.Body.Close() //nolint:errcheck // read, not written
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the callback was answered %s", resp.Status)
	}
	return err
}

// storm posts callbacks, several at once, until all are taken or one is not.
func (p *poster) storm(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	var next atomic.Int64
	now := time.Now()
	for range stormWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= stormSize {
					return
				}
				if err := p.post(ctx, gust(now, n)); err != nil {
					cancel(fmt.Errorf("callback %d of %d: %w", n+1, stormSize, err))
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
