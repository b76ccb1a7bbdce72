package aliyun_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/aliyun"
)

// bareEvent has the fields of the captured event and nothing else: no
// unknown fields, no raw text, no time.
type bareEvent struct {
	TraceID      string `json:"traceId"`
	ResourceID   string `json:"resourceId"`
	Ver          string `json:"ver"`
	Product      string `json:"product"`
	InstanceName string `json:"instanceName"`
	Level        string `json:"level"`
	UserID       string `json:"userId"`
	Content      struct {
		LogStore                string `json:"logStore"`
		Engine                  string `json:"engine"`
		ExceedCount             string `json:"ExceedCount"`
		MaxBandwidth            string `json:"MaxBandwidth"`
		BandwidthSpecifications string `json:"BandwidthSpecifications"`
	} `json:"content"`
	RegionID    string `json:"regionId"`
	EventTime   string `json:"eventTime"`
	Name        string `json:"name"`
	ID          string `json:"id"`
	TimeMetrics struct {
		IngestionIn  int64 `json:"ingestion_in_time"`
		IngestionOut int64 `json:"ingestion_out_time"`
		NotifyIn     int64 `json:"notify_in_time"`
		EngineIn     int64 `json:"engine_in_time"`
		Event        int64 `json:"event_time"`
		EngineOut    int64 `json:"engine_out_time"`
	} `json:"timeMetrics"`
	Status string `json:"status"`
}

// measure runs f over the bytes of the captured event.
func measure(b *testing.B, name string, f func(body []byte) error) {
	_, body := fixture(b, "event-2020-cfw-dryrun.json")
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := f(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkParse compares Parse, which keeps everything, with what a decoder
// of the standard library does for the same body in the same run.
func BenchmarkParse(b *testing.B) {
	measure(b, "tocsin", func(body []byte) error {
		_, err := aliyun.Parse("", body)
		return err
	})
	measure(b, "tocsin-alerts", func(body []byte) error {
		c, err := aliyun.Parse("", body)
		if err == nil {
			_ = c.Alerts()
		}
		return err
	})
	measure(b, "encoding-json-map", func(body []byte) error {
		var m map[string]any
		return json.Unmarshal(body, &m)
	})
	measure(b, "encoding-json-struct", func(body []byte) error {
		var e bareEvent
		return json.Unmarshal(body, &e)
	})
}

// BenchmarkParseForm shows the other frequent shape.
func BenchmarkParseForm(b *testing.B) {
	_, body := fixture(b, "threshold-2023-apigateway-alert.form")
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		_, err := aliyun.Parse("", body)
		require.NoError(b, err)
	}
}
