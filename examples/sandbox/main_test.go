package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// A screen is what the program prints to.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	done func(text string) // called with all of it after each write
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if s.done != nil {
		s.done(s.text.String())
	}
	return len(b), nil
}

// It prints the address of the page first, serves it, and ends when told to.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	printed := make(chan string, 1)
	out, errs := &screen{}, &screen{}
	out.done = func(text string) {
		if strings.Contains(text, "Ctrl-C") {
			printed <- text
		}
	}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"-listen", "127.0.0.1:0", "-trap-listen", "127.0.0.1:0"}, nil, out, errs)
	}()
	text := <-printed
	first, _, _ := strings.Cut(text, "\n")
	url, ok := strings.CutPrefix(first, "Open ")
	require.True(t, ok, first)
	for _, want := range []string{"/aliyun/", "/cgi-bin/webhook/send?key=", "/robot/send?access_token=", "127.0.0.1:", "dest_url", "SECsandbox"} {
		require.Contains(t, text, want)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Regexp(t, `(?s)^<!DOCTYPE html>.*</html>\s*$`, string(page))
	stop()
	require.Equal(t, cli.ExitOK, <-code)
	require.Empty(t, errs.text.String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"help", []string{"-help"}, cli.ExitOK, "-listen"},
		{"unknown", []string{"-x"}, cli.ExitUsage, "-x"},
		{"no port", []string{"-listen", "localhost"}, cli.ExitUsage, "host:port"},
		{"argument", []string{"x"}, cli.ExitUsage, "flags only"},
		{"ring", []string{"-ring", "-1s"}, cli.ExitUsage, "positive"},
		{"not ours", []string{"-listen", "192.0.2.1:0"}, cli.ExitFailure, "192.0.2.1"},
		{"trap address", []string{"-listen", "127.0.0.1:0", "-trap-listen", "nonsense"}, cli.ExitFailure, "Addr"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			require.Equal(t, tt.want, run(t.Context(), tt.args, nil, &out, &errs))
			require.Contains(t, errs.String(), tt.says)
			require.Empty(t, out.String())
		})
	}
}
