package pigeon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

func TestCallsFixture(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	server.FailAlways(pigeontest.Reply(200, string(fixture(t, "calls_list_reconstructed.json"))))
	listed, err := client.Calls(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, listed, 2)
	require.Equal(t, chainID, listed[0].ResultID)
	require.Equal(t, pigeon.StatusWaiting, listed[0].Status)
	require.Equal(t, pigeon.StatusSucceeded, listed[1].Status)
}

func TestCallsAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       int // -1: an error
	}{
		{"empty", `{"items":[]}`, 0},
		{"no list", `{}`, -1},
		{"null", `null`, -1},
		{"null list", `{"items":null}`, -1},
		{"page", `<html>`, -1},
		{"odd entries", `{"items":[1,null,"x",{"resultId":"a","status":null},{"resultId":"../b"},{}]}`, 3},
		{"no array", `{"items":{"a":1}}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			server.FailAlways(pigeontest.Reply(200, tt.body))
			listed, err := client.Calls(alert.Once(t.Context()), 0, 100)
			if tt.want < 0 {
				require.ErrorContains(t, err, "pigeon: calls: ")
				require.True(t, alert.Retryable(err))
				require.NotErrorIs(t, err, alert.ErrUncertain)
				return
			}
			require.NoError(t, err)
			require.Len(t, listed, tt.want)
			for _, l := range listed {
				require.NotContains(t, l.ResultID, "/")
			}
		})
	}
	client, server := newClient(t, nil)
	for _, page := range [][2]int{{-1, 1}, {0, 0}, {0, 10001}} {
		_, err := client.Calls(t.Context(), page[0], page[1])
		require.ErrorContains(t, err, "want an offset from 0")
	}
	require.Zero(t, server.Attempts())
}

func TestFreshLooksAtAllPages(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	for range 250 {
		invoke(t, client, prepared())
	}
	all, err := client.Fresh(t.Context(), pigeon.Snapshot{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, l := range all {
		seen[l.ResultID] = true
	}
	require.Len(t, all, 250)
	require.Len(t, seen, 250)
	require.Equal(t, 250+3, server.Attempts())
	server.FailAlways(pigeontest.HTML(403))
	_, err = client.Snapshot(t.Context())
	require.ErrorContains(t, err, "HTTP 403")
}

// A server that ignores the offset must not be asked for ever.
func TestFreshEnds(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf(`{"resultId":"r%d"}`, i))
	}
	client, server := newClient(t, nil)
	server.FailAlways(pigeontest.Reply(200, `{"items":[`+strings.Join(items, ",")+`]}`))
	all, err := client.Fresh(t.Context(), pigeon.Snapshot{})
	require.NoError(t, err)
	require.Len(t, all, 100)
	require.Equal(t, 2, server.Attempts())
}

// TestFresh finds the chain that an uncertain invocation has started.
func TestFresh(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	invoke(t, client, prepared())
	before, err := client.Snapshot(t.Context())
	require.NoError(t, err)

	server.Fail(pigeontest.Instead(pigeontest.HTML(503)))
	_, err = client.Invoke(t.Context(), prepared())
	require.ErrorIs(t, err, alert.ErrUncertain)
	fresh, err := client.Fresh(t.Context(), before)
	require.NoError(t, err)
	require.Len(t, fresh, 1)
	require.Equal(t, server.Chains()[1].ResultID, fresh[0].ResultID)

	after, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	server.Fail(pigeontest.HTML(503)) // this time nothing was placed
	_, err = client.Invoke(t.Context(), prepared())
	require.ErrorIs(t, err, alert.ErrUncertain)
	fresh, err = client.Fresh(t.Context(), after)
	require.NoError(t, err)
	require.Empty(t, fresh)
	fresh, err = client.Fresh(t.Context(), pigeon.Snapshot{})
	require.NoError(t, err)
	require.Len(t, fresh, 2)
	server.FailAlways(pigeontest.HTML(http.StatusForbidden))
	_, err = client.Fresh(t.Context(), before)
	require.Error(t, err)
	_, err = client.Snapshot(t.Context())
	require.Error(t, err)
}

// TestFreshManyCalls says when it did not look at all.
func TestFreshManyCalls(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	for range 1000 {
		invoke(t, client, prepared())
	}
	before, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	fresh := invoke(t, client, prepared())
	found, err := client.Fresh(t.Context(), before)
	require.ErrorContains(t, err, "more than 1000 chains")
	require.Len(t, found, 1)
	require.Equal(t, fresh, found[0].ResultID)
	_, err = client.Snapshot(t.Context())
	require.ErrorContains(t, err, "more than 1000 chains")
	require.Equal(t, 1001, server.Placed())
}

// TestAbortFixture sends the recorded body.
func TestAbortFixture(t *testing.T) {
	t.Parallel()
	var sent string
	web := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		sent = string(body)
		return &http.Response{StatusCode: 201, Header: http.Header{}, Body: http.NoBody}, nil
	})}
	client, err := pigeon.New("shibuya", testToken, &pigeon.Options{HTTPClient: web})
	require.NoError(t, err)
	require.NoError(t, client.Abort(t.Context(), chainID))
	require.JSONEq(t, string(fixture(t, "abort_request.json")), sent)
}
