package alerttest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

// secret is what the sender below must not give away.
const secret = "s3cr3t/k+y"

// A farEnd is a vendor in memory.
type farEnd struct {
	mu               sync.Mutex
	mode             string // "", refuse, busy, break, hang
	messages, alerts int
	text             strings.Builder
	arrived, closed  chan struct{}
	log              strings.Builder
}

// A fault is the error of the sender under test.
type fault struct {
	text                 string
	retryable, uncertain bool
	cause                error
}

func (f *fault) Error() string   { return f.text }
func (f *fault) Retryable() bool { return f.retryable }
func (f *fault) Unwrap() []error {
	errs := []error{f.cause}
	if f.uncertain {
		errs = append(errs, alert.ErrUncertain)
	}
	return errs
}

// post is one request.
func (f *farEnd) post(ctx context.Context, count int, text string) error {
	f.mu.Lock()
	f.messages++
	mode, first := f.mode, f.messages == 1
	if mode == "" {
		f.alerts += count
		f.text.WriteString(text + "\n")
	}
	f.mu.Unlock()
	switch mode {
	case "refuse":
		return &fault{text: "refused: revoked", cause: errors.New("code 1")}
	case "busy":
		return &fault{text: "refused: too many", retryable: true, cause: errors.New("code 2")}
	case "break":
		return &fault{text: "no answer", retryable: true, uncertain: true, cause: errors.New("EOF")}
	case "unreachable":
		return &fault{text: "connection refused", retryable: true, cause: errors.New("dial")}
	case "hang":
		if first {
			close(f.arrived)
		}
		select {
		case <-ctx.Done():
		case <-f.closed:
		}
		return &fault{text: "no answer", retryable: true, uncertain: true, cause: ctx.Err()}
	}
	return nil
}

// A sender is right but for its one defect.
type sender struct {
	end    *farEnd
	key    func() string
	Key    string // set by a defect
	defect string
	twice  bool // NeverTwice

	mu   sync.Mutex
	kept []alert.Alert
}

func (s *sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 && s.defect != "sends nothing" {
		return nil
	}
	if err := ctx.Err(); err != nil {
		switch s.defect {
		case "ignores ended context":
		case "hides context error":
			return context.Cause(ctx)
		case "uncertain without sending":
			return &fault{text: "stopped", uncertain: true, cause: err}
		default:
			return fmt.Errorf("stopped: %w", err)
		}
	}
	texts := make([]string, 0, len(alerts))
	for _, a := range alerts {
		texts = append(texts, a.Name)
	}
	if err := s.spoil(alerts, texts); err != nil {
		return err
	}
	return s.judge(ctx, s.post(ctx, len(alerts), texts), len(alerts))
}

// spoil has the defects about the alerts given.
func (s *sender) spoil(alerts []alert.Alert, texts []string) error {
	switch s.defect {
	case "writes to alerts":
		alerts[0].Summary = "cut"
	case "reorders":
		alerts[0], alerts[len(alerts)-1] = alerts[len(alerts)-1], alerts[0]
	case "writes to labels":
		if alerts[0].Labels != nil {
			alerts[0].Labels["seen"] = "yes"
		}
	case "appends":
		_ = append(alerts, alert.Alert{})
	case "keeps a reference":
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.kept != nil {
			texts[0] += s.kept[0].Name
		}
		s.kept = alerts
	case "refuses zero values":
		if alerts[0].Name == "" {
			return errors.New("no name")
		}
	case "panics on long text":
		_ = [1 << 19]byte{}[len(alerts[0].Name)%(1<<21)]
	case "panics on unknown status":
		_ = [4]string{}[alerts[0].Status]
	case "panics with the secret":
		if alerts[0].Status > alert.News {
			panic(secret)
		}
	}
	return nil
}

// post sends, once or again.
func (s *sender) post(ctx context.Context, count int, texts []string) error {
	text := strings.Join(texts, "\n")
	switch s.defect {
	case "loses one of many":
		count = min(count, 36)
	case "loses text":
		text = ""
	case "logs the secret":
		s.end.mu.Lock()
		s.end.log.WriteString("POST https://example.com/?key=" + secret)
		s.end.mu.Unlock()
	case "one message an alert":
		for i := range count {
			if err := s.end.post(ctx, 1, texts[i]); err != nil {
				return err
			}
		}
		return nil
	case "loses what comes at once":
		if !s.mu.TryLock() {
			return nil
		}
		defer s.mu.Unlock()
		<-time.After(time.Millisecond) // in a bubble: lets the other callers in
	case "ignores context":
		ctx = context.WithoutCancel(ctx)
	}
	err := s.end.post(ctx, count, text)
	again := err != nil && alert.Retryable(err) && (!alert.IsOnce(ctx) || s.defect == "repeats under Once")
	if uncertain := errors.Is(err, alert.ErrUncertain); uncertain && s.twice && s.defect != "calls twice" {
		again = false
	}
	if again && ctx.Err() == nil {
		err = s.end.post(ctx, count, text)
	}
	return err
}

// judge has the defects about errors.
func (s *sender) judge(ctx context.Context, err error, n int) error {
	if err == nil {
		return nil
	}
	f, _ := errors.AsType[*fault](err)
	switch s.defect {
	case "swallows errors":
		return nil
	case "always retryable":
		f.retryable = true
	case "never retryable":
		f.retryable = false
	case "knows too much":
		f.uncertain = false
	case "knows too little":
		f.uncertain = true
	case "uncertain when unreachable":
		f.uncertain = f.uncertain || f.text == "connection refused"
	case "partly accepted":
		errs := make([]error, n)
		errs[0] = err
		return alert.Partial(errs)
	case "hides context error while waiting":
		if ctx.Err() != nil {
			f.cause = context.Cause(ctx)
		}
	case "secret in text":
		f.text += ": POST https://example.com/?key=s3cr3t%2Fk%2By"
	case "secret in cause":
		f.cause = fmt.Errorf("dial %s", secret)
	case "secret behind a pointer":
		return &hiding{fault: f, body: new([]byte(secret))}
	}
	if s.twice && f.uncertain {
		f.retryable = s.defect == "phone retryable"
	}
	return f
}

// hiding has the secret where only a printer that follows pointers sees it.
type hiding struct {
	fault *fault
	body  *[]byte
}

func (h *hiding) Error() string   { return h.fault.Error() }
func (h *hiding) Unwrap() error   { return h.fault }
func (h *hiding) Retryable() bool { return h.fault.Retryable() }

// newHarness returns a sender with the given defect, and every hook.
func newHarness(defect string) (h *alerttest.Harness, stop func()) {
	end := &farEnd{arrived: make(chan struct{}), closed: make(chan struct{})}
	s := &sender{end: end, key: func() string { return secret }, defect: defect}
	if defect == "prints the secret" {
		s.Key = secret
	}
	set := func(mode string) func() {
		return func() { end.mu.Lock(); defer end.mu.Unlock(); end.mode = mode }
	}
	read := func(n *int) func() int {
		return func() int { end.mu.Lock(); defer end.mu.Unlock(); return *n }
	}
	h = &alerttest.Harness{
		Sender:    s,
		Messages:  read(&end.messages),
		Delivered: read(&end.alerts),
		Saw: func(text string) bool {
			end.mu.Lock()
			defer end.mu.Unlock()
			return strings.Contains(end.text.String(), text)
		},
		Refuse:      set("refuse"),
		Busy:        set("busy"),
		Break:       set("break"),
		Unreachable: set("unreachable"),
		Hang:        func() <-chan struct{} { set("hang")(); return end.arrived },
		Logs:        func() string { return end.log.String() },
		Secrets:     []string{"13800138000", secret},
		OneMessage:  true,
	}
	if defect != "" {
		h.Batch = 200 // keeps the many runs short
	}
	if strings.Contains(defect, "phone") || defect == "calls twice" {
		h.NeverTwice, s.twice = true, true
	}
	return h, func() { close(end.closed) }
}
