package jobstore_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// What an entry hands over is what is read from the store, whatever field says
// something odd.
func TestEncodeHandsOverWhatDecodeReturns(t *testing.T) {
	t.Parallel()
	check := func(a alert.Alert) *alert.Alert {
		e, err := jobstore.Encode(&a)
		require.NoError(t, err)
		if e.Alert != nil {
			want, err := jobstore.Decode(e.Doc)
			require.NoError(t, err)
			require.Equal(t, want, *e.Alert)
		}
		return e.Alert
	}
	require.NotNil(t, check(alert.Alert{}))
	require.NotNil(t, check(alert.Alert{Labels: map[string]string{}}))
	for _, at := range []time.Time{
		time.Now(), time.Time{}.In(time.FixedZone("", 3600)), time.Now().In(time.FixedZone("CST", 8*3600)),
		time.Now().In(time.FixedZone("odd", 3601)), time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		require.NotNil(t, check(alert.Alert{StartsAt: at, EndsAt: at}))
	}
	for field := range reflect.TypeFor[alert.Alert]().Fields() {
		for _, text := range []string{"磁盘 <b>&\u2028", "\xff"} {
			var a alert.Alert
			switch v := reflect.ValueOf(&a).Elem().FieldByIndex(field.Index); v.Kind() {
			case reflect.String:
				v.SetString(text)
			case reflect.Map:
				v.Set(reflect.ValueOf(map[string]string{text: "", "": text}))
			}
			check(a)
		}
	}
}

// The labels of an entry are no longer those of the caller.
func TestEncodeKeepsNoLabels(t *testing.T) {
	t.Parallel()
	a := alert.Alert{ID: "1", Labels: map[string]string{"disk": "sda"}}
	e, err := jobstore.Encode(&a)
	require.NoError(t, err)
	a.Labels["disk"] = "sdb"
	require.Equal(t, "sda", e.Alert.Labels["disk"])
}
