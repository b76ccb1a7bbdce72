package pigeon_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
)

// addFixtures seeds a target with the recorded files of a pattern, and with
// what is unpleasant.
func addFixtures(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + pattern)
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		f.Add(fixture(f, filepath.Base(file)))
	}
	for _, s := range []string{
		"", "null", "[]", "{}", `{"items":[null,1,{}]}`, `{"isActive":"true","keyInput":1.0,"status":7,"calls":{}}`,
		`{"resultId":1e400,"status":"\u0000\n","calls":[{"loop":"x"},3]}`, "\xff", strings.Repeat("[", 1000),
	} {
		f.Add([]byte(s))
	}
}

// clean demands one printable line of at most limit bytes.
func clean(t *testing.T, s string, limit int) {
	t.Helper()
	require.LessOrEqual(t, len(s), limit)
	require.True(t, utf8.ValidString(s))
	require.False(t, strings.ContainsFunc(s, unicode.IsControl), "%q", s)
}

func FuzzParseResult(f *testing.F) {
	addFixtures(f, "result_*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := pigeon.ParseResult(chainID, body)
		if err != nil {
			require.Equal(t, pigeon.StateUnknown, r.State)
			clean(t, err.Error(), 200)
			return
		}
		require.Equal(t, chainID, r.ID)
		require.Equal(t, string(body), string(r.Raw()))
		clean(t, string(r.Status), 64)
		clean(t, r.Key, 64)
		for _, c := range r.Calls {
			clean(t, c.Contact, 256)
			clean(t, string(c.Status), 64)
			require.GreaterOrEqual(t, c.Loop, 0)
		}
		o := r.Outcome(nil)
		if o.Verdict == pigeon.Acknowledged {
			require.Equal(t, pigeon.StateOver, r.State)
			require.Len(t, o.Key, 1)
		}
		require.NotEqual(t, pigeon.Acknowledged, r.Outcome(pigeon.Keys{}).Verdict)
	})
}

func FuzzParseCalls(f *testing.F) {
	addFixtures(f, "calls_*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := pigeon.ParseCalls(body)
		if err != nil {
			require.Empty(t, items)
			return
		}
		for _, l := range items {
			clean(t, l.ResultID, 256)
			require.NotContains(t, l.ResultID, "/")
			clean(t, string(l.Status), 64)
		}
	})
}

// Of an answer to an invocation there are three readings, and no fourth.
func FuzzJudgeInvocation(f *testing.F) {
	addFixtures(f, "invoke_response_*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		chain, err := pigeon.JudgeInvocation(body)
		if err == nil {
			clean(t, chain.ResultID, 256)
			require.NotEmpty(t, chain.ResultID)
			require.Equal(t, pigeon.StatusRequested, chain.Status)
			return
		}
		require.Empty(t, chain.ResultID)
		require.False(t, alert.Retryable(err))
		clean(t, err.Error(), 2000)
	})
}

func FuzzVendorText(f *testing.F) {
	addFixtures(f, "error_*")
	f.Fuzz(func(t *testing.T, body []byte) {
		text := pigeon.VendorText(body)
		require.True(t, utf8.ValidString(text))
		require.False(t, strings.ContainsFunc(text, unicode.IsControl))
		require.NotContains(t, strings.ToLower(text[:min(len(text), 5)]), "<html")
	})
}

func FuzzPlaceholders(f *testing.F) {
	for _, s := range []string{"{{a}}", "{{ a }} {{b}}", "{{", "}}", "{{{a}}}", "{{}}", "a{b}c", "\xff{{\x00}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := pigeon.Placeholders("x", text)
		if err != nil {
			require.Contains(t, text, "{{")
			return
		}
		for _, name := range names {
			require.NotEmpty(t, name)
			require.NotContains(t, name, "{")
		}
		require.Equal(t, strings.Count(text, "{{") == 0, len(names) == 0)
	})
}

// FuzzRequest shows that what is sent is what was given, or nothing.
func FuzzRequest(f *testing.F) {
	f.Add("{{a}}", "value", "1", number1, "on-call", 2)
	f.Add("\xff", "{{a}}", "0", "+81 90", "\n", -1)
	f.Fuzz(func(t *testing.T, text, value, key, number, name string, loops int) {
		r := pigeon.Request{
			CallFlow:   &pigeon.CallFlow{Loops: loops, Contacts: []pigeon.Contact{{Name: name, Phones: []string{number}}}},
			Guidance:   &pigeon.Guidance{Text: text, Reactions: map[string]pigeon.Reaction{key: {pigeon.Terminate, ""}}},
			Parameters: map[string]string{"a": value},
		}
		if _, err := pigeon.CheckRequest(r); err != nil {
			require.False(t, alert.Retryable(err))
			return
		}
		client, server := newClient(t, nil)
		_, err := client.Invoke(t.Context(), r)
		require.NoError(t, err, "the stand-in takes what the check lets through")
		require.Equal(t, map[string]string{"a": value}, server.Chains()[0].Parameters)
	})
}

// FuzzSend speaks hostile alerts: no placeholder may come of them.
func FuzzSend(f *testing.F) {
	f.Add("磁盘", "{{text}}", "https://x/{{y}}", uint8(0), 3)
	f.Add("\xff\x00", "}}{{", "<b>", uint8(1), 1)
	f.Fuzz(func(t *testing.T, name, instance, summary string, locale uint8, n int) {
		sender, server := newSender(t, plan(), &pigeon.SenderOptions{Locale: alert.Locale(locale % 3)})
		alerts := make([]alert.Alert, min(max(n, 1), 20))
		for i := range alerts {
			alerts[i] = alert.Alert{Name: name, Instance: instance, Summary: summary, Level: name, Product: instance, Region: summary, Source: name}
		}
		require.NoError(t, sender.Send(t.Context(), alerts...))
		for parameter, value := range server.Chains()[0].Parameters {
			require.NotContains(t, value, "{", parameter)
			require.NotEmpty(t, value, parameter)
			require.LessOrEqual(t, utf8.RuneCountInString(value), 150)
		}
	})
}
