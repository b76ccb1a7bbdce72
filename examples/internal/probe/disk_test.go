package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/check"
)

func TestParseDisk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		given string
		want  Disk
		err   string
	}{
		{given: "/data=80", want: Disk{"/data", 80, 101}},
		{given: "/data=80:95", want: Disk{"/data", 80, 95}},
		{given: "/a=b=80%:95.5%", want: Disk{"/a=b", 80, 95.5}},
		{given: "/data=100:100", want: Disk{"/data", 100, 100}},
		{given: "/data", err: "want PATH=PERCENT"},
		{given: "=80", err: "want PATH=PERCENT"},
		{given: "", err: "want PATH=PERCENT"},
		{given: "/data=", err: "above 0"},
		{given: "/data=0", err: "above 0"},
		{given: "/data=101", err: "above 0"},
		{given: "/data=NaN", err: "above 0"},
		{given: "/data=x", err: "above 0"},
		{given: "/data=80:", err: "above 0"},
		{given: "/data=80:200", err: "above 0"},
		{given: "/data=80:79", err: "below the first"},
	} {
		t.Run(tt.given, func(t *testing.T) {
			t.Parallel()
			d, err := ParseDisk(tt.given)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, d)
		})
	}
}

func FuzzParseDisk(f *testing.F) {
	f.Add("/data=80:95")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDisk(s)
		if err == nil && (d.Path == "" || math.IsNaN(d.Warning) || d.Warning <= 0 || d.Critical < d.Warning) {
			t.Errorf("%q: %+v", s, d)
		}
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	d := Disk{"/data", 80, 95}
	for _, tt := range []struct {
		name string
		room room
		err  error
		want check.Finding
	}{
		{"empty", room{0, 1 << 30}, nil, check.Finding{Level: check.Good, Text: "/data: 0.0 % used, 1 GiB available"}},
		{"below", room{799, 201}, nil, check.Finding{Level: check.Good, Text: "/data: 79.9 % used, 201 B available"}},
		{"warning", room{800, 200}, nil, check.Finding{Level: check.Warning, Text: "/data: 80.0 % used, 200 B available; warning from 80 %"}},
		{"critical", room{950 << 20, 50 << 20}, nil, check.Finding{Level: check.Critical, Text: "/data: 95.0 % used, 50 MiB available; critical from 95 %"}},
		{"full", room{1000, 0}, nil, check.Finding{Level: check.Critical, Text: "/data: 100.0 % used, 0 B available; critical from 95 %"}},
		{"no file system", room{}, errors.New("no such file"), check.Finding{Text: "/data: no such file"}},
		{"of no size", room{}, nil, check.Finding{Text: "/data: it has no size"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, d.judge(tt.room, tt.err))
		})
	}
	require.Equal(t, check.Warning, Disk{"/data", 80, 101}.judge(room{1, 0}, nil).Level, "one threshold is a warning")
}

// A file server that is gone holds up one call and no more, and is looked at
// again when it is back.
func TestFileSystemThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, busy, release, calls := Disk{"/nfs", 80, 95}, make(chan struct{}, 1), make(chan struct{}), new(atomic.Int32)
		hang := func(string) (room, error) { calls.Add(1); <-release; return room{1, 99}, nil }
		look := func() check.Finding {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return d.look(ctx, busy, hang)
		}
		require.Equal(t, check.Finding{Text: "/nfs: the file system does not answer"}, look())
		for range 3 {
			require.Equal(t, check.Finding{Text: "/nfs: the file system has not answered since an earlier look"}, look())
		}
		require.EqualValues(t, 1, calls.Load())
		close(release)
		synctest.Wait()
		require.Equal(t, check.Good, look().Level)
	})
}

// The real call, on the systems that have it.
func TestUsage(t *testing.T) {
	t.Parallel()
	r, err := usage(t.TempDir())
	if _, missing := usage("/"); missing != nil {
		t.Skip(missing)
	}
	require.NoError(t, err)
	require.Positive(t, r.used)
	require.Positive(t, r.available)
	c := Disk{"/nowhere/at/all", 80, 95}.Check("db-1")
	require.Equal(t, check.Unknown, c.Look(t.Context()).Level)
	require.Equal(t, "db-1/disk:/nowhere/at/all", c.Key)
	require.Equal(t, c.Key, Disk{"/nowhere/at/all", 1, 2}.Check("db-1").Key, "whatever the thresholds are")
}

// What our own side could not do says nothing of the address.
func TestRequestsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		over bool // the time of the look is
		err  error
		want check.Finding
	}{
		{"refused", false, syscall.ECONNREFUSED, check.Finding{Level: check.Critical, Text: "http://x: connection refused"}},
		{"in a URL", false, &url.Error{Op: "Get", URL: "http://x/hush", Err: syscall.ECONNRESET}, check.Finding{Level: check.Critical, Text: "http://x: connection reset by peer"}},
		{"too slow", true, context.DeadlineExceeded, check.Finding{Level: check.Critical, Text: "http://x: no answer in time"}},
		{"no such host", false, &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}, check.Finding{Level: check.Critical, Text: "http://x: lookup x: no such host"}},
		{"no name server", true, &net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}, check.Finding{Text: "http://x: lookup x: i/o timeout"}},
		{"no network", false, fmt.Errorf("connect: %w", syscall.ENETUNREACH), check.Finding{Text: "http://x: connect: network is unreachable"}},
		{"no files left", false, syscall.EMFILE, check.Finding{Text: "http://x: too many open files"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.over {
				cancel()
			}
			require.Equal(t, tt.want, failed(ctx, "http://x", tt.err))
		})
	}
}
