package robot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// transport is one that cannot be compared.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestBudget tells which robots share one.
func TestBudget(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: &http.Transport{}}
	first := robot.Budget("https://a?key=1", client, 20)
	require.Same(t, first, robot.Budget("https://a?key=1", &http.Client{Transport: client.Transport}, 20))
	require.NotSame(t, first, robot.Budget("https://a?key=2", client, 20))
	require.NotSame(t, first, robot.Budget("https://a?key=1", nil, 20))
	require.NotSame(t, first, robot.Budget("https://a?key=1", client, 10))
	free := robot.Budget("https://a?key=1", client, -1)
	require.NotSame(t, free, robot.Budget("https://a?key=1", client, -1), "there is nothing to share")
	odd := &http.Client{Transport: transport(nil)}
	strange := robot.Budget("https://a?key=1", odd, 20)
	require.NotSame(t, strange, robot.Budget("https://a?key=1", odd, 20))
	first.Pause(time.Hour)
	require.Error(t, robot.Budget("https://a?key=1", client, 20).Wait(alert.Once(t.Context())))
}

// TestRead finds the code in whatever form it comes, and in nothing else.
func TestRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"errcode":0}`: 0, `{"errcode":"0","errmsg":7}`: 0, `{"errcode":" -1 "}`: -1, `{"errcode":93000}`: 93000,
	} {
		a, ok := robot.Read([]byte(body))
		require.True(t, ok, body)
		require.Equal(t, want, a.Code.Value, body)
	}
	for _, body := range []string{``, `{}`, `[]`, `{"errcode":null}`, `{"errcode":"ok"}`, `{"errcode":0.5}`, `{"errcode":1e9}`, `{"errcode":{}}`, `{"errcode":0`} {
		_, ok := robot.Read([]byte(body))
		require.False(t, ok, body)
	}
}
