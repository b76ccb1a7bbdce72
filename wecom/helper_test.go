package wecom_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // the usual flag of tests

// newRobot returns a robot and its far end. The options may be nil.
func newRobot(tb testing.TB, opts *wecom.Options) (*wecom.Robot, *wecomtest.Server) {
	tb.Helper()
	server := wecomtest.NewServer(tb)
	var o wecom.Options
	if opts != nil {
		o = *opts
	}
	o.HTTPClient = server.Client()
	robot, err := wecom.New(server.URL(), &o)
	require.NoError(tb, err)
	return robot, server
}

// sample is the alert of the captured CloudMonitor callback.
func sample() alert.Alert {
	return alert.Alert{
		Source:   "aliyun",
		Key:      "k",
		Level:    "WARN",
		Name:     "InternetBandwidthThresholdExceeded",
		Summary:  "MaxBandwidth: 100M\nBandwidthSpecifications: 10M\nExceedCount: 8",
		Product:  "cfw",
		Region:   "cn-hangzhou",
		Instance: "instanceName",
		StartsAt: time.Date(2026, 11, 20, 16, 8, 41, 0, time.FixedZone("", 8*60*60)),
		URL:      "https://cloudmonitor.console.aliyun.com/",
	}
}

// storm is n alerts of several kinds about many instances.
func storm(n, kinds int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		a := sample()
		a.Severity = alert.Info + alert.Severity(i%5)
		a.Level = ""
		a.Status = alert.Status(i % 7 % 4)
		a.Test = i%11 == 5
		a.Name = fmt.Sprintf("磁盘使用率过高 %d", i%kinds)
		a.Instance = fmt.Sprintf("i-%d", i%311)
		a.StartsAt = a.StartsAt.Add(time.Duration(i) * time.Second)
		alerts[i] = a
	}
	return alerts
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// fixture returns a file of testdata.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

// content returns the content of a fixture with a request.
func content(tb testing.TB, name, msgtype string) string {
	tb.Helper()
	var m map[string]json.RawMessage
	require.NoError(tb, json.Unmarshal(fixture(tb, name), &m))
	var body struct{ Content string }
	require.NoError(tb, json.Unmarshal(m[msgtype], &body))
	return body.Content
}
