package wecom_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// codes is the vendor's list with what each code means for the sender.
func codes() map[wecom.Class][]wecom.Code {
	return map[wecom.Class][]wecom.Code{
		wecom.ClassRetry: {wecom.Code(-1), 6000},
		wecom.ClassWait:  {wecom.CodeRateLimited, wecom.Code(45033)},
		wecom.ClassDead:  {wecom.CodeInvalidWebhook, wecom.Code(93004), wecom.Code(93006), wecom.Code(93008)},
		wecom.ClassFix: {
			40001, 40004, 40005, 40006, wecom.Code(40007), wecom.Code(40008), 40009, 40014, 40033, 40035,
			wecom.Code(40039), wecom.Code(40058), 40063, 41001, 41006, 41010, 41016, 41033, 42001, 42027,
			42028, 42029, 42030, 42031, 42033, 42035, 42036, 42042, 42044, 42045, 42050, 44001, wecom.Code(44004), 45001,
			45002, 45007, wecom.Code(45008), 60020,
			40123, 40201, 45034, 301019,
		},
		wecom.ClassUnknown: {1, -2, 40000, 45010, 81013, 93001, 99999},
	}
}

// TestEveryCode has the vendor refuse a message and an upload with each code
// of its list.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	for class, list := range codes() {
		for _, code := range list {
			for op, call := range map[string]func(*wecom.Robot) error{
				"send":   func(r *wecom.Robot) error { return r.Send(t.Context(), sample()) },
				"upload": func(r *wecom.Robot) error { _, err := r.Upload(t.Context(), note()); return err },
			} {
				robot, server := newRobot(t, &wecom.Options{MaxAttempts: -1, FailFast: true, Rate: -1})
				server.FailAlways(wecomtest.Errcode(int(code)))
				err := call(robot)
				require.ErrorIs(t, err, code)
				require.NotErrorIs(t, err, code+1)
				e, ok := errors.AsType[*wecom.Error](err)
				require.True(t, ok)
				require.Equal(t, op, e.Op)
				require.Equal(t, class, e.Class(), "%d", code)
				require.Equal(t, class == wecom.ClassRetry || class == wecom.ClassWait, alert.Retryable(err))
				require.Equal(t, class == wecom.ClassWait, alert.RetryAfter(err) > 0)
				require.NotErrorIs(t, err, alert.ErrUncertain)
				require.NotEmpty(t, e.Message)
				require.Equal(t, code != wecom.Code(-1), e.Hint != "", "%d", code)
				require.Contains(t, err.Error(), strings.TrimSuffix(code.Error(), ")"), "the number and what it means")
				leaktest.Check(t, []string{server.Key}, err)
			}
		}
	}
}

// TestUnknownCodeIsNotRepeated has attempts to spare.
func TestUnknownCodeIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, class := range []wecom.Class{wecom.ClassUnknown, wecom.ClassFix, wecom.ClassDead} {
		for _, code := range codes()[class] {
			robot, server := newRobot(t, nil)
			server.FailAlways(wecomtest.Errcode(int(code)))
			require.ErrorIs(t, robot.Send(t.Context(), sample()), code)
			require.Equal(t, 1, server.Attempts(), "%d", code)
		}
	}
}

// TestEveryFixture judges all recorded answers by the class that is written
// down for each: none may be left out.
func TestEveryFixture(t *testing.T) {
	t.Parallel()
	classes := map[string]wecom.Class{
		"resp_err_minus1_busy.json":                wecom.ClassRetry,
		"resp_err_45009_freq.json":                 wecom.ClassWait,
		"resp_err_45033_concurrency.json":          wecom.ClassWait,
		"resp_err_93000_invalid_webhook.json":      wecom.ClassDead,
		"resp_err_93004_robot_disabled.json":       wecom.ClassDead,
		"resp_err_93008_not_in_group.json":         wecom.ClassDead,
		"resp_err_40007_invalid_media_id.json":     wecom.ClassFix,
		"resp_err_40008_invalid_msgtype.json":      wecom.ClassFix,
		"resp_err_40058_text_too_long.json":        wecom.ClassFix,
		"resp_err_40058_markdown_too_long.json":    wecom.ClassFix,
		"resp_err_40058_markdown_v2_too_long.json": wecom.ClassFix,
		"resp_err_40039_url_too_long.json":         wecom.ClassFix,
		"resp_err_42045_card_action.json":          wecom.ClassFix,
		"resp_err_44004_empty_content.json":        wecom.ClassFix,
		"resp_err_45008_too_many_articles.json":    wecom.ClassFix,
		"resp_upload_err_40006_size.json":          wecom.ClassFix,
		"resp_ok_warning_wrong_json.json":          wecom.ClassUnknown, // no error either
		"resp_ok.json":                             wecom.ClassUnknown, // no error
		"resp_upload_ok_file.json":                 wecom.ClassUnknown,
		"resp_upload_ok_voice.json":                wecom.ClassUnknown,
	}
	files, err := os.ReadDir("testdata")
	require.NoError(t, err)
	seen := 0
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "resp_") {
			continue
		}
		seen++
		class, known := classes[f.Name()]
		require.True(t, known, f.Name())
		robot, server := newRobot(t, &wecom.Options{FailFast: true, MaxAttempts: -1})
		server.FailAlways(wecomtest.Answer(http.StatusOK, string(fixture(t, f.Name()))))
		if strings.HasPrefix(f.Name(), "resp_upload") {
			_, err = robot.Upload(t.Context(), note())
		} else {
			err = robot.Send(t.Context(), sample())
		}
		if class == wecom.ClassUnknown {
			require.NoError(t, err, f.Name())
			continue
		}
		e, ok := errors.AsType[*wecom.Error](err)
		require.True(t, ok, f.Name())
		require.Equal(t, class, e.Class(), f.Name())
		if e.Code == wecom.CodeRateLimited {
			require.Equal(t, time.Minute, e.RetryAfter())
		}
	}
	require.Len(t, classes, seen)
}
