package destinations_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
)

// open opens what arguments set.
func open(t *testing.T, stdout io.Writer, args ...string) ([]destinations.Destination, error) {
	t.Helper()
	f := cli.Form{Program: "program"}
	s := destinations.AddTo(&f)
	require.NoError(t, f.Read(args, func(string) string { return "" }, io.Discard))
	return s.Open(stdout)
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"nothing", nil, []string{"printer"}},
		{"robots", []string{"-wecom-url", "k", "-dingtalk-url", "t", "-dingtalk-secret", "SEC1"}, []string{"wecom", "dingtalk"}},
		{"consoles", []string{"-trap-target", "192.0.2.1:162,[2001:db8::1]:162", "-trap-community", "c", "-trap-base-oid", "1.3.6.1.4.1.32473"},
			[]string{"trap 192.0.2.1:162", "trap [2001:db8::1]:162"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, err := open(t, io.Discard, tt.args...)
			require.NoError(t, err)
			var names []string
			for _, d := range all {
				names = append(names, d.Name)
				require.Equal(t, strings.HasPrefix(d.Name, "trap "), d.Route.OnePerKey)
			}
			require.Equal(t, tt.want, names)
			require.NotNil(t, destinations.Join(all))
			require.NoError(t, destinations.Close(all))
		})
	}
	require.Nil(t, destinations.Join(nil))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	const oid = "-trap-base-oid=1.3.6.1.4.1.32473"
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"-wecom-url: ", []string{"-wecom-url", "https://example.com/hush"}},
		{"-dingtalk-url: ", []string{"-dingtalk-url", "https://example.com/hush"}},
		{"-dingtalk-secret: there is no -dingtalk-url", []string{"-dingtalk-secret", "hush"}},
		{"-locale: not zh, en or ja", []string{"-locale", "hush"}},
		{"-trap-target: needs -trap-base-oid", []string{"-trap-target", "nms", "-trap-community", "hush"}},
		{"-trap-target: needs -trap-community, better as TOCSIN_TRAP_COMMUNITY_FILE", []string{"-trap-target", "nms", oid}},
		{"-trap-target: entry 2: ", []string{"-trap-target", "nms,:hush:", oid, "-trap-community", "community-hush"}},
	} {
		_, err := open(t, io.Discard, tt.args...)
		require.ErrorContains(t, err, tt.want)
		require.ErrorAs(t, err, new(cli.UsageError))
		require.NotContains(t, err.Error(), "community-hush")
	}
}

// The secret signs: the stand-in takes nothing else.
func TestSigning(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	server.Secret = "SEC-of-the-robot"
	address := server.Listen(t)
	all, err := open(t, io.Discard, "-dingtalk-url", address, "-dingtalk-secret", server.Secret, "-locale", "en")
	require.NoError(t, err)
	require.NoError(t, all[0].Send(t.Context(), alert.Alert{Name: "disk full"}))
	require.Contains(t, server.Messages()[0].Text, "disk full")
	require.Contains(t, server.Messages()[0].Text, "Firing")
}

func TestPrinter(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := destinations.Printer(&out)
	require.NoError(t, p.Send(t.Context()))
	require.NoError(t, p.Send(t.Context(),
		alert.Alert{Name: "disk\x1b[2J", Instance: "db-1", Severity: alert.Critical, StartsAt: time.Unix(0, 0).UTC()},
		alert.Alert{Status: alert.Resolved, EndsAt: time.Unix(60, 0).UTC(), Summary: "a\nb", Level: "P2"}))
	require.Equal(t, "1970-01-01T00:00:00Z firing critical: db-1: disk·[2J: -\n1970-01-01T00:01:00Z resolved P2: -: -: a·b\n", out.String())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Send(ended, alert.Alert{}), context.Canceled)
	require.ErrorIs(t, destinations.Printer(broken{}).Send(t.Context(), alert.Alert{}), io.ErrClosedPipe)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestOrElse(t *testing.T) {
	t.Parallel()
	full, dead := errors.New("full"), errors.New("dead")
	for _, tt := range []struct {
		name          string
		first, second error
		want          error
		seconds       int
	}{
		{"taken", nil, dead, nil, 0},
		{"not taken", full, nil, nil, 1},
		{"by nobody", full, dead, full, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seconds := 0
			first := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return tt.first })
			second := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
				require.True(t, alert.IsOnce(ctx))
				require.Len(t, alerts, 2)
				seconds++
				return tt.second
			})
			require.Equal(t, tt.want, destinations.OrElse(first, second).Send(t.Context(), alert.Alert{}, alert.Alert{}))
			require.Equal(t, tt.seconds, seconds)
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	failing := alert.SenderFunc(func(context.Context, ...alert.Alert) error { cancel(); return full })
	never := alert.SenderFunc(func(context.Context, ...alert.Alert) error { t.Error("a stop is no failure"); return nil })
	require.Equal(t, full, destinations.OrElse(failing, never).Send(ended, alert.Alert{}))
}
