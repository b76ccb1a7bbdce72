package jobstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// Whatever stands in the store is an alert or an error, and an alert goes through
// the store as it is.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"source":"aliyun","id":"1","key":"k","status":"firing","severity":"critical","labels":{"a":"b"}}`))
	f.Add([]byte(`{"status":"nonsense","severity":"x"}`))
	f.Add([]byte(`{"startsAt":"2026-01-02T03:04:05.000000006Z"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		a, err := jobstore.Decode(doc)
		if err != nil {
			require.Equal(t, alert.Alert{}, a)
			return
		}
		again, err := jobstore.Encode(&a)
		require.NoError(t, err)
		b, err := jobstore.Decode(again.Doc)
		require.NoError(t, err)
		if a.ID == "" {
			b.ID = ""
		}
		once, err := jobstore.Encode(&b)
		require.NoError(t, err)
		if b.ID != "" {
			require.Equal(t, string(again.Doc), string(once.Doc))
		}
	})
}

// Every alert that a program can make goes in.
func FuzzEncode(f *testing.F) {
	f.Add("source", "id", "key", uint8(0), int8(0), int64(0), "label")
	f.Add("\xff", "\x00", "", uint8(99), int8(-99), int64(1)<<62, "\"")
	f.Fuzz(func(t *testing.T, source, id, key string, status uint8, severity int8, at int64, label string) {
		a := alert.Alert{
			Source: source, ID: id, Key: key, Status: alert.Status(status), Severity: alert.Severity(severity),
			StartsAt: time.Unix(at, 0), EndsAt: time.Unix(0, at).In(time.FixedZone("zone", int(severity)*60)), Labels: map[string]string{label: label},
		}
		entry, err := jobstore.Encode(&a)
		require.NoError(t, err)
		b, err := jobstore.Decode(entry.Doc)
		require.NoError(t, err)
		require.NotEmpty(t, b.ID)
		if entry.Alert != nil {
			require.Equal(t, b, *entry.Alert)
		}
		if utf8.ValidString(key) {
			require.Equal(t, key, b.Key)
		}
	})
}

// What is kept of an error is text that every engine takes.
func FuzzErrorText(f *testing.F) {
	f.Add("refused\x00\xff")
	f.Add(strings.Repeat("告", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		got := jobstore.ErrorText(errors.New(text))
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, len(got), jobstore.MaxErrorText)
		require.NotContains(t, got, "\x00")
	})
}
