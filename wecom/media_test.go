package wecom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// file returns an attachment with that content.
func file(name, content string) wecom.Attachment {
	return wecom.Attachment{Name: name, Content: strings.NewReader(content)}
}

// TestPostFileRemembers uploads the same file once in 70 hours, and others
// each for itself.
func TestPostFileRemembers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{Rate: -1})
		server.Rate = 0
		post := func(a wecom.Attachment, uploads int) {
			t.Helper()
			require.NoError(t, robot.PostFile(t.Context(), a))
			require.Len(t, server.Uploads(), uploads)
		}
		post(file("a.log", "#!AMR content"), 1)
		post(file("a.log", "#!AMR content"), 1)
		post(file("b.log", "#!AMR content"), 2)
		post(file("a.log", "#!AMR CONTENT"), 3)
		voice := file("a.log", "#!AMR content")
		voice.Kind = wecom.KindVoice
		post(voice, 4)
		<-time.After(70*time.Hour - 1)
		post(file("a.log", "#!AMR content"), 4)
		<-time.After(1)
		post(file("a.log", "#!AMR content"), 5)
		require.Len(t, server.Messages(), 7)

		other, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
		require.NoError(t, err)
		require.NoError(t, other.PostFile(t.Context(), file("a.log", "#!AMR content")))
		require.Len(t, server.Uploads(), 6, "a memory belongs to its robot")
	})
}

// TestPostFileIsBounded forgets the oldest of many uploads.
func TestPostFileIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{Rate: -1})
		server.Rate = 0
		for i := range 65 {
			require.NoError(t, robot.PostFile(t.Context(), file(fmt.Sprint(i), "content")))
			<-time.After(time.Second)
		}
		require.NoError(t, robot.PostFile(t.Context(), file("1", "content")))
		require.Len(t, server.Uploads(), 65, "64 are remembered")
		require.NoError(t, robot.PostFile(t.Context(), file("0", "content")))
		require.Len(t, server.Uploads(), 66, "the oldest is not")
	})
}

// TestPostFileForgotten is about a vendor that does not know the upload any
// more, and one that never knows it.
func TestPostFileForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		require.NoError(t, robot.PostFile(t.Context(), file("a.log", "content")))
		server.ForgetUploads()
		require.NoError(t, robot.PostFile(t.Context(), file("a.log", "content")))
		require.Len(t, server.Uploads(), 2)
		require.Len(t, server.Messages(), 2)
		require.Equal(t, 5, server.Attempts(), "upload, post; post, upload, post")

		server.Fail(wecomtest.Errcode(40007))
		_, err := robot.Upload(t.Context(), file("b.log", "content"))
		require.ErrorIs(t, err, wecom.CodeInvalidMedia, "an upload is not a reason for another one")
		before := server.Attempts()
		stubborn := robot.PostFile(t.Context(), file("a.log", "content"))
		require.NoError(t, stubborn)
		require.Equal(t, before+1, server.Attempts())
	})
}

// TestPostFileGivesUp uploads again once, not for ever, and starts anew the
// next time.
func TestPostFileGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		uploaded := `{"errcode":0,"errmsg":"ok","type":"file","media_id":"m","created_at":"1380000000"}`
		robot, server := newRobot(t, nil)
		for range 2 {
			server.Fail(wecomtest.Answer(200, uploaded), wecomtest.Errcode(40007))
		}
		err := robot.PostFile(t.Context(), file("a.log", "content"))
		require.ErrorIs(t, err, wecom.CodeInvalidMedia)
		require.False(t, alert.Retryable(err))
		require.Equal(t, 4, server.Attempts())
		require.NoError(t, robot.PostFile(t.Context(), file("a.log", "content")))
		require.Equal(t, 6, server.Attempts())

		server.Fail(wecomtest.Errcode(93004))
		require.ErrorIs(t, robot.PostFile(t.Context(), file("a.log", "content")), wecom.CodeDisabled)
		require.Equal(t, 7, server.Attempts(), "other refusals are no reason to upload")
	})
}

// TestPostFileTogether has many goroutines post the same file.
func TestPostFileTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.HTML(502)) // the first upload takes a while
		var group sync.WaitGroup
		for range 30 {
			group.Go(func() {
				if err := robot.PostFile(t.Context(), file("a.log", "content")); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.Len(t, server.Uploads(), 1)
		require.Len(t, server.Messages(), 30)
	})
}

// TestPostFileWaiters is about those who wait for the upload of somebody else:
// his cancellation is not theirs, his mistake is, and theirs is not his.
func TestPostFileWaiters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		begun := make(chan struct{})
		server.Fail(wecomtest.Hang(begun))
		first, cancelFirst := context.WithCancel(t.Context())
		errs := make([]error, 3)
		var group sync.WaitGroup
		group.Go(func() { errs[0] = robot.PostFile(first, file("a.log", "content")) })
		<-begun
		second, cancelSecond := context.WithCancel(t.Context())
		group.Go(func() { errs[1] = robot.PostFile(second, file("a.log", "content")) })
		group.Go(func() { errs[2] = robot.PostFile(t.Context(), file("a.log", "content")) })
		synctest.Wait()
		cancelSecond()
		synctest.Wait()
		require.ErrorIs(t, errs[1], context.Canceled)
		require.ErrorContains(t, errs[1], "wecom: upload: waiting for the same file")
		require.True(t, alert.Retryable(errs[1]))
		cancelFirst()
		group.Wait()
		require.ErrorIs(t, errs[0], context.Canceled)
		require.NotErrorIs(t, errs[0], alert.ErrUncertain)
		require.NoError(t, errs[2])
		require.Len(t, server.Messages(), 1)
	})
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.HTML(502), wecomtest.Errcode(93000))
		errs := make([]error, 5)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { errs[i] = robot.PostFile(t.Context(), file("a.log", "content")) })
		}
		group.Wait()
		require.ErrorIs(t, errors.Join(errs...), wecom.CodeInvalidWebhook)
		require.Equal(t, 2, server.Attempts(), "what failed for good is not tried by everybody")
		for _, err := range errs {
			require.ErrorIs(t, err, wecom.CodeInvalidWebhook)
		}
	})
}

// TestUploadsCount shows that an upload takes its share of the budget.
func TestUploadsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		for i := range 25 {
			require.NoError(t, robot.PostFile(t.Context(), file(fmt.Sprint(i), "content")))
		}
		require.Equal(t, 50, server.Attempts(), "none was refused")
	})
}
