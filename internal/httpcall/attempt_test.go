package httpcall_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// Every attempt gets a header of its own, with the time of the attempt in it.
func TestHeaderIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var seen []string
		c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Header.Get("X"))
			return status(503)()
		})}})
		_, err := c.Do(t.Context(), &httpcall.Request{
			URL: keyed("http://robot.example"), RepeatUncertain: true,
			GetHeader: func() (http.Header, error) {
				return http.Header{"X": {fmt.Sprint(time.Since(began) > 400*time.Millisecond, time.Since(began) > 1400*time.Millisecond)}}, nil
			},
		})
		require.Error(t, err)
		require.Equal(t, []string{"false false", "true false", "true true"}, seen)
	})
}

// A header that cannot be made ends the call, at whatever attempt.
func TestHeaderFails(t *testing.T) {
	t.Parallel()
	for fine := range 2 {
		t.Run(fmt.Sprint(fine), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, made := answering(status(503))
				left := fine
				_, err := c.Do(t.Context(), &httpcall.Request{
					URL: keyed("http://robot.example"), RepeatUncertain: true,
					GetHeader: func() (http.Header, error) {
						if left--; left < 0 {
							return nil, errors.New("no key")
						}
						return http.Header{}, nil
					},
				})
				require.ErrorContains(t, err, "no key")
				require.EqualValues(t, fine, made.Load())
			})
		})
	}
}

// A foreign transport that quotes the header of the second attempt shows
// nothing of it.
func TestRenewedHeaderIsHidden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("cannot take " + r.Header.Get("Authorization"))
		})}})
		n := 0
		_, err := c.Do(t.Context(), &httpcall.Request{
			URL: keyed("http://robot.example"), RepeatUncertain: true,
			GetHeader: func() (http.Header, error) {
				n++
				return http.Header{"Authorization": {fmt.Sprintf("signed-%d", n)}}, nil
			},
		})
		require.ErrorContains(t, err, "cannot take [redacted]")
		require.NotContains(t, err.Error(), "signed-")
		require.Equal(t, 3, n)
	})
}

// An answer that broke off is no verdict, and JudgeFailure is not asked.
func TestJudgeFailureNeedsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := pipes(t, raw("HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{}"))
		c := httpcall.New(httpcall.Options{HTTPClient: client})
		r := post("http://robot.example")
		r.JudgeFailure = func(*httpcall.Response) error { panic("is not asked") }
		_, err := c.Do(t.Context(), r)
		require.Equal(t, 401, asError(t, err).Status)
		require.False(t, asError(t, err).Retryable())
	})
}

// JudgeFailure sees every other status, and what it says counts.
func TestJudgeFailure(t *testing.T) {
	t.Parallel()
	final := &verdictError{code: 1}
	later := &verdictError{code: 2, retryable: true, after: 2 * time.Second}
	tests := []struct {
		name    string
		status  int
		verdict error
		made    int32
		after   time.Duration
	}{
		{"final though the status may pass", 503, final, 1, 0},
		{"passing though the status is final", 400, later, 3, 2 * time.Second},
		{"no opinion about a status that may pass", 503, nil, 3, 0},
		{"no opinion about a final status", 404, nil, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c, made := answering(status(tt.status))
				_, err := c.Do(t.Context(), &httpcall.Request{
					URL: keyed("http://robot.example"), RepeatUncertain: true,
					Judge:        func(*httpcall.Response) error { panic("is not asked") },
					JudgeFailure: func(r *httpcall.Response) error { require.Equal(t, tt.status, r.Status); return tt.verdict },
				})
				require.Equal(t, tt.made, made.Load())
				require.GreaterOrEqual(t, time.Since(began), time.Duration(tt.made-1)*tt.after)
				if tt.verdict != nil {
					require.ErrorIs(t, err, tt.verdict)
					return
				}
				require.Equal(t, tt.status, asError(t, err).Status)
			})
		})
	}
}
