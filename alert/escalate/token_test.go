package escalate_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
)

// The id of a call stands in logs and at the telephone service. It shows nothing to
// strangers and takes nothing for them, not even one that looks like a token. A token in
// turn is no id of a call.
func TestCallIDOpensNoPage(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"call-1", strings.Repeat("A", 26)} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDuty(t, nil, &escalate.Options{Locale: alert.English}, func(s *escalate.Step) {
					s.Sender = alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error { return escalate.TrackReference(ctx, id) })
				})
				require.NoError(t, d.box.Send(t.Context(), alert.Alert{Source: "s", ID: "1", Key: "k", Name: "disk full"}))
				<-time.After(2 * time.Minute)
				require.Equal(t, 2, incident(t, d.Escalation).Steps)

				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
					w := d.serve(t, method, "/take/"+id, "Mallory", "all", "1")
					require.Equal(t, http.StatusNotFound, w.Code, method)
					require.NotContains(t, w.Body.String(), "disk full", method)
				}
				_, err := d.Acknowledge(t.Context(), id, "Mallory")
				require.ErrorIs(t, err, escalate.ErrUnknownReference)
				token := strings.TrimPrefix(d.link(t), "/take/")
				_, err = d.AcknowledgeCall(t.Context(), token, "Mallory")
				require.ErrorIs(t, err, escalate.ErrUnknownReference)
				require.Equal(t, escalate.Waiting, incident(t, d.Escalation).State)

				list, err := d.AcknowledgeCall(t.Context(), id, "Li")
				require.NoError(t, err)
				require.Equal(t, "Li", list[0].By)
			})
		})
	}
}

// Strangers who ask for the page do not reach the store unless what they have looks like a
// token, only some of them at once, and none by sending slowly.
func TestStrangersAtThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDuty(t, nil, nil, nil)
		request := func(ctx context.Context, method, token string, body io.Reader) *http.Request {
			r := httptest.NewRequestWithContext(ctx, method, "/take/"+token, body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		}
		serve := func(r *http.Request) int {
			w := httptest.NewRecorder()
			d.Handler().ServeHTTP(w, r)
			return w.Code
		}
		ended, cancel := context.WithCancel(t.Context()) // with which the store cannot be asked
		cancel()
		for _, token := range []string{"", "x", rand.Text() + "A", rand.Text()[1:], strings.ToLower(rand.Text()), rand.Text()[:25] + "1", strings.Repeat("x", 1<<16)} {
			require.Equal(t, http.StatusNotFound, serve(request(ended, http.MethodGet, token, http.NoBody)), token)
			require.Equal(t, http.StatusNotFound, serve(request(ended, http.MethodPost, token, strings.NewReader("name=x"))), token)
		}
		require.Equal(t, http.StatusServiceUnavailable, serve(request(ended, http.MethodGet, rand.Text(), http.NoBody)))

		w, began := httptest.NewRecorder(), time.Now()
		require.Equal(t, http.StatusServiceUnavailable, d.ServeBusy(w, request(t.Context(), http.MethodGet, rand.Text(), http.NoBody)))
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NotEmpty(t, w.Header().Get("Retry-After"))

		page := d.Handler()
		slow, end := io.Pipe()
		for range 100 {
			go page.ServeHTTP(httptest.NewRecorder(), request(t.Context(), http.MethodPost, rand.Text(), slow))
		}
		synctest.Wait()
		began, w = time.Now(), httptest.NewRecorder()
		page.ServeHTTP(w, request(t.Context(), http.MethodGet, rand.Text(), http.NoBody))
		require.Equal(t, http.StatusNotFound, w.Code)
		require.Zero(t, time.Since(began))
		require.NoError(t, end.Close())
	})
}
