package ocp_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

type slowly struct{ http.RoundTripper }

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	<-time.After(time.Second)
	return s.RoundTripper.RoundTrip(r)
}

func TestLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := ocptest.NewServer(t)
		client, err := ocp.NewClient(server.URL(), ocp.Basic(server.User, testPassword), &ocp.Options{
			HTTPClient: &http.Client{Transport: slowly{server.Client().Transport}},
		})
		require.NoError(t, err)
		storm := func() {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					err := client.Push(t.Context(), someAlarm())
					if e, ok := err.(*ocp.Error); !ok || e.HTTPStatus != 401 || e.Retryable() || e.RetryAfter() != ocp.LoginPause {
						t.Errorf("%v", err)
					}
				})
			}
			wg.Wait()
		}
		storm()
		require.Equal(t, 1, server.Attempts())
		<-time.After(ocp.LoginPause)
		storm()
		require.Equal(t, 2, server.Attempts(), "once a pause")

		<-time.After(4 * time.Minute)
		_, err = client.Alarm(t.Context(), "1")
		require.ErrorContains(t, err, "ocp: get alarm: not tried, to keep the account from being locked: HTTP 401 Unauthorized: code 10004")
		require.ErrorContains(t, err, "this client calls no more for 6m0s")
		require.Equal(t, 6*time.Minute, alert.RetryAfter(err))
		require.Equal(t, "10004", asError(t, err).Code)
		require.Equal(t, 2, server.Attempts())

		<-time.After(6 * time.Minute)
		server.Password = testPassword // somebody mended it there
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		require.NoError(t, client.Push(t.Context(), someAlarm()))
	})
}

func TestFirstLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, &ocp.Options{MaxAttempts: -1, Timeout: time.Minute})
		begun := make(chan struct{})
		server.Fail(ocptest.Hang(begun))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- client.Push(ctx, someAlarm()) }()
		<-begun
		waiting, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err := client.Push(waiting, someAlarm())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.ErrorContains(t, err, "waiting for the first login")
		require.Equal(t, 1, server.Attempts())
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, client.Push(t.Context(), someAlarm()))

		again := make(chan struct{})
		server.Fail(ocptest.Hang(again))
		go func() { done <- client.Push(t.Context(), someAlarm()) }()
		<-again
		require.NoError(t, client.Push(t.Context(), someAlarm()), "the login is known to be good")
		require.Error(t, <-done)
	})
}

// A first login that hangs keeps the others for two seconds, not for as long as
// it hangs itself: what does not answer does not refuse.
func TestFirstLoginThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, &ocp.Options{MaxAttempts: -1, Timeout: time.Minute})
		begun := make(chan struct{})
		server.Fail(ocptest.Hang(begun))
		var all sync.WaitGroup
		all.Go(func() {
			if client.Push(t.Context(), someAlarm()) == nil {
				t.Error("nobody answered")
			}
		})
		<-begun
		began := time.Now()
		for range 20 {
			all.Go(func() {
				if err := client.Push(t.Context(), someAlarm()); err != nil || time.Since(began) > 3*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		}
		all.Wait()
		require.Equal(t, 21, server.Attempts())
	})
}
