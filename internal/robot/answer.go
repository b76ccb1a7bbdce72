package robot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// OK is what both vendors answer to a message that they took, as a rule.
const OK = `{"errcode":0,"errmsg":"ok"}`

// An Answer is what both vendors answer in JSON.
type Answer struct {
	Code    Number          `json:"errcode"`
	Message json.RawMessage `json:"errmsg"`
	Sub     Number          `json:"sub_code"` // of DingTalk, beside code 88
	Status  json.RawMessage `json:"status"`   // of DingTalk's layer against abuse
	Punish  json.RawMessage `json:"punish"`   // likewise
}

// A Number is an integer that may be missing, and may come as a string.
type Number struct {
	Value int
	Given bool
}

// UnmarshalJSON reads a number. What is none is missing.
func (n *Number) UnmarshalJSON(text []byte) error {
	value, err := strconv.Atoi(strings.TrimSpace(strings.Trim(string(text), `"`)))
	n.Value, n.Given = value, err == nil
	return nil
}

// Read reads an answer. It reports false if there is no errcode: whoever
// answered, it was not the robot.
func Read(body []byte) (a Answer, ok bool) {
	err := json.Unmarshal(body, &a)
	return a, err == nil && a.Code.Given
}

// Text returns errmsg, or "" if that is no text.
func (a *Answer) Text() (text string) {
	if json.Unmarshal(a.Message, &text) != nil {
		return ""
	}
	return text
}

// minSecret is the length in bytes from which a secret is looked for in a text:
// a shorter one is no credential, and would be found everywhere.
const minSecret = 4

// Redact removes from a text of the vendor the secrets that it may repeat.
func Redact(text string, secrets ...secret.Text) string {
	for _, s := range secrets {
		if len(s.Reveal()) >= minSecret {
			text = s.Redact(text)
		}
	}
	return text
}

// LogRemark logs what the vendor says beside accepting a message, at level Warn if
// it is a warning. What else it says, in whatever language, is a success. The
// logger may be nil.
func LogRemark(log *slog.Logger, channel, op, text string) {
	level := slog.LevelDebug
	if strings.Contains(strings.ToLower(text), "warn") {
		level = slog.LevelWarn
	}
	if log != nil && text != "" {
		log.Log(context.Background(), level, "the vendor accepted a message with a remark",
			slog.String("channel", channel), slog.String("op", op), slog.String("text", text))
	}
}

// JudgeFailure returns what judges an answer whose HTTP status is not one of
// success: the status counts, unless the vendor gives a reason.
func JudgeFailure(judge func(*httpcall.Response) error) func(*httpcall.Response) error {
	return func(resp *httpcall.Response) error {
		if a, ok := Read(resp.Body); !ok || a.Code.Value == 0 {
			return nil
		}
		return judge(resp)
	}
}

// An Unclear error stands for what came instead of an answer.
type Unclear string

// NotAnswered returns the error for what came instead of an answer. It quotes
// nothing: a proxy's page may well repeat the address that was called.
func NotAnswered(resp *httpcall.Response) Unclear {
	what := fmt.Sprintf("%d bytes that are not the vendor's answer", len(resp.Body))
	switch {
	case len(resp.Body) == 0:
		what = "an empty answer"
	case json.Valid(resp.Body):
		what = "an answer without errcode"
	}
	return Unclear(fmt.Sprintf("HTTP %d with %s", resp.Status, what))
}

// Error says what came and what that means.
func (u Unclear) Error() string { return string(u) + "; " + Uncertain.Advice(0) }

// Is makes it match alert.ErrUncertain.
func (u Unclear) Is(target error) bool { return target == alert.ErrUncertain }

// ClassOf says what to do about a failure without a verdict of the vendor.
func ClassOf(err error, status int) Class {
	switch {
	case errors.Is(err, alert.ErrUncertain):
		return Uncertain
	case alert.RetryAfter(err) > 0:
		return Wait
	case alert.Retryable(err):
		return Retry
	case status != 0:
		return Dead // a redirect, a 404: nobody at this address takes messages
	}
	return Fix
}
