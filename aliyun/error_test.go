package aliyun_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

func TestParseErrors(t *testing.T) {
	t.Parallel()
	fromFile := func(name string) string {
		_, body := fixture(t, name)
		return string(body)
	}
	tests := []struct {
		name, query, body string
		kind              error
		says              string
	}{
		{"nothing", "", "", aliyun.ErrEmpty, "empty callback"},
		{"blanks", "", " \r\n", aliyun.ErrEmpty, "empty callback"},
		{"empty object", "", "{}", aliyun.ErrEmpty, "empty callback"},
		{"query of somebody else", "t=123456", "", aliyun.ErrEmpty, "(keys t)"},
		{"logged form", "", fromFile("threshold-neg-log-u0026.form"), aliyun.ErrUnknown, "(keys lastTime)"},
		{"unknown object", "", `{"foo":"SECRET","bar":1}`, aliyun.ErrUnknown, "(keys foo, bar)"},
		{"unknown object by GET", "data=%7B%22foo%22%3A1%7D", "", aliyun.ErrUnknown, "(keys foo)"},
		{"broken JSON", "", `{"alertState":"SECRET"`, aliyun.ErrSyntax, "invalid JSON at byte "},
		{"broken JSON by GET", "data=%7BSECRET", "", aliyun.ErrSyntax, " of 7"},
		{"JSON text by GET", "data=%22SECRET%22", "", aliyun.ErrSyntax, "not an object"},
		{"array", "", `[{"alertState":"SECRET"}]`, aliyun.ErrSyntax, "not an object"},
		{"prose", "", "SECRET is out", aliyun.ErrSyntax, "neither JSON nor a form"},
		{"state is null", "", `{"alertState":null,"x":"SECRET"}`, aliyun.ErrUnknown, "alertState"},
		{"state is blank", "", "alertState=+&x=SECRET", aliyun.ErrUnknown, "alertState"},
		{"event without name", "", `{"product":"SECRET","name":""}`, aliyun.ErrUnknown, "product, name"},
		{"hostile keys", "", `{"a\nb\u001b[31m":1}`, aliyun.ErrUnknown, "(keys a?b?[31m)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := aliyun.Parse(test.query, []byte(test.body))
			require.Nil(t, c)
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "SECRET")
			require.False(t, alert.Retryable(err))
			e, ok := errors.AsType[*aliyun.Error](err)
			require.True(t, ok)
			require.Equal(t, test.kind, e.Kind)
		})
	}
}

func TestErrorIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteByte('{')
	for i := range 10_000 {
		fmt.Fprintf(&b, `"x%s%d":0,`, strings.Repeat("键", 1000), i)
	}
	b.WriteString(`"last":0}`)
	_, err := aliyun.Parse("", []byte(b.String()))
	e, ok := errors.AsType[*aliyun.Error](err)
	require.True(t, ok)
	require.Len(t, e.Keys, 24)
	require.Equal(t, 9977, e.Omitted)
	require.LessOrEqual(t, len(err.Error()), 24*50+200)
	require.Contains(t, err.Error(), "键…, x键")
	require.Contains(t, err.Error(), "and 9977 more")
	require.NotContains(t, err.Error(), "\uFFFD")
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	c, err := aliyun.Parse("", []byte("alertState=ALERT"+strings.Repeat("&k=%", 1000)))
	require.NoError(t, err)
	require.Len(t, c.Problems, 32)
	require.Len(t, c.Threshold.Extra, 1000)
}
