package dingtalk_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // the usual flag of tests

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

// bandwidth is the alert of a captured CloudMonitor callback.
func bandwidth() alert.Alert {
	return alert.Alert{
		Source:   "aliyun",
		Key:      "k",
		Level:    "WARN",
		Name:     "InternetBandwidthThresholdExceeded",
		Summary:  "MaxBandwidth: 100M\nBandwidthSpecifications: 10M\nExceedCount: 8",
		Product:  "cfw",
		Region:   "cn-hangzhou",
		Instance: "instance_name",
		StartsAt: time.Date(2026, 11, 20, 16, 8, 41, 0, time.FixedZone("", 8*60*60)),
		URL:      "https://cloudmonitor.console.aliyun.com/",
	}
}

// bandwidths is n alerts of several kinds about many instances.
func bandwidths(n, kinds int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		a := bandwidth()
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
