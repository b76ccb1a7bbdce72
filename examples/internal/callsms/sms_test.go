package callsms_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/callsms"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

const numberA = "18700000001"

// fixture returns the cases of a parser.
func fixture(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/sms_cases.json")
	require.NoError(t, err)
	return string(data)
}

// appDials is what the app dials when it receives an SMS: whatever stands
// between the first two bars of a text that holds the keyword, and no # in it
// survives the URI.
func appDials(text, keyword string) string {
	parts := strings.Split(text, "|")
	if !strings.Contains(text, keyword) || len(parts) < 3 {
		return ""
	}
	dialled, _, _ := strings.Cut(parts[1], "#")
	return dialled
}

func TestParseSMSCases(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Text, Keyword, Dial, Why string
		OK                       bool
	}
	require.NoError(t, json.Unmarshal([]byte(fixture(t)), &cases))
	require.NotEmpty(t, cases)
	for _, tt := range cases {
		t.Run(tt.Text+" "+tt.Keyword, func(t *testing.T) {
			t.Parallel()
			s, err := callsms.ParseSMS(tt.Text, tt.Keyword)
			if !tt.OK {
				require.Error(t, err, tt.Why)
				require.True(t, s.Dial.IsZero())
				leaktest.Check(t, []string{numberA}, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.Dial, s.Dial.Reveal())
			require.Equal(t, tt.Dial, appDials(tt.Text, tt.Keyword))
			require.Equal(t, tt.Text, s.String())
		})
	}
}

func TestParseSMSRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, keyword, want string }{
		{"empty", "", "autocall", "want |number|keyword|text"},
		{"bars missing", "|18700000001", "autocall", "want |number|keyword|text"},
		{"words before the bar", "please |18700000001|autocall|x", "autocall", "want |number|keyword|text"},
		{"keyword of another version", "|18700000001|autocall|x", "alertcall", "the keyword does not stand behind the number"},
		{"keyword in the text only", "|18700000001|x|autocall", "autocall", "the keyword does not stand behind the number"},
		{"blanks in the number", "|187 0000 0001|autocall|x", "autocall", "want 1 to 40 characters of 0-9, *, # and +"},
		{"a long number", "|" + strings.Repeat("1", 41) + "|autocall|x", "autocall", "want 1 to 40 characters of 0-9, *, # and +"},
		{"letters in the number", "|1870000000l|autocall|x", "autocall", "want 1 to 40 characters of 0-9, *, # and +"},
		{"hangs up", "|18700000001|autocall|DownCall", "autocall", "the word downcall makes the app hang up"},
		{"no keyword", "|18700000001||x", "", "the keyword must be 1 to 32 letters and digits"},
		{"bytes", "|18700000001|autocall|\xff", "autocall", "not UTF-8"},
		{"two SMS", "|18700000001|autocall|" + strings.Repeat("x", 136), "autocall", "161 units, and one SMS has 160"},
		{"two SMS of Chinese", "|18700000001|autocall|" + strings.Repeat("值", 49), "autocall", "71 units, and one SMS has 70"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := callsms.ParseSMS(tt.text, tt.keyword)
			require.ErrorContains(t, err, tt.want)
			leaktest.Check(t, []string{numberA}, err)
		})
	}
}

// One SMS and no more: the head |18700000001|autocall| has 19 characters and
// three bars, 25 septets in all or 22 units.
func TestSMSFitsOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"fits in septets", strings.Repeat("x", 135), strings.Repeat("x", 135)},
		{"one septet too many", strings.Repeat("x", 136), strings.Repeat("x", 132) + "..."},
		{"bars count for two", strings.Repeat("|", 67) + "x", strings.Repeat("|", 67) + "x"},
		{"a bar too many", strings.Repeat("|", 68), strings.Repeat("|", 66) + "..."},
		{"braces and the euro", strings.Repeat("{€", 34), strings.Repeat("{€", 33) + "..."},
		{"accents of the alphabet", strings.Repeat("é", 135), strings.Repeat("é", 135)},
		{"accents that are not in it", strings.Repeat("ê", 49), strings.Repeat("ê", 47) + "…"},
		{"fits in units", strings.Repeat("值", 48), strings.Repeat("值", 48)},
		{"one unit too many", strings.Repeat("值", 49), strings.Repeat("值", 47) + "…"},
		{"pairs", strings.Repeat("🔥", 24), strings.Repeat("🔥", 24)},
		{"no half of a pair", strings.Repeat("🔥", 25), strings.Repeat("🔥", 23) + "…"},
		{"one that is not in the alphabet", "值" + strings.Repeat("x", 48), "值" + strings.Repeat("x", 46) + "…"},
		{"breaks and controls", " a\r\nb\x00c\u202e ", "a b c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := callsms.SMS{Dial: dial(t, numberA), Keyword: callsms.KeywordAutoCall, Text: tt.text}
			require.Equal(t, "|"+numberA+"|autocall|"+tt.want, s.String())
		})
	}
}

func TestSMSIsChecked(t *testing.T) {
	t.Parallel()
	good := callsms.SMS{Dial: dial(t, numberA), Keyword: callsms.KeywordAlertCall, Text: "duty"}
	require.NoError(t, good.Validate())
	for _, tt := range []struct {
		name   string
		change func(*callsms.SMS)
		want   string
	}{
		{"nothing to dial", func(s *callsms.SMS) { s.Dial = callsms.DialString{} }, "nothing to dial"},
		{"a hash", func(s *callsms.SMS) { s.Dial = dial(t, "**21*"+numberA+"#") }, "dial this code by hand"},
		{"no keyword", func(s *callsms.SMS) { s.Keyword = "" }, "the keyword must be"},
		{"a bar in the keyword", func(s *callsms.SMS) { s.Keyword = "auto|call" }, "the keyword must be"},
		{"a long keyword", func(s *callsms.SMS) { s.Keyword = strings.Repeat("k", 33) }, "the keyword must be"},
		{"a keyword that hangs up", func(s *callsms.SMS) { s.Keyword = "downcall" }, "hang up"},
		{"a text that hangs up", func(s *callsms.SMS) { s.Text = "then down\u200bcall" }, "hang up"},
		{"a long text", func(s *callsms.SMS) { s.Text = strings.Repeat("x", 4097) }, "text of 4097 bytes, at most 4096"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := good
			tt.change(&s)
			err := s.Validate()
			require.ErrorContains(t, err, "sms: ")
			require.ErrorContains(t, err, tt.want)
			require.Empty(t, s.String())
		})
	}
}

func TestSMSPrintsMasked(t *testing.T) {
	t.Parallel()
	s := callsms.SMS{Dial: dial(t, "*72"+numberA), Keyword: "autocall", Text: "calls go to " + numberA}
	require.Equal(t, "|*721********01|autocall|calls go to 187******01", fmt.Sprint(s))
	encoded, err := json.Marshal(s)
	require.NoError(t, err)
	require.JSONEq(t, `"|*721********01|autocall|calls go to 187******01"`, string(encoded))
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("forwarded", "sms", s)
	leaktest.Check(t, []string{numberA}, fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), log.String(), s.Dial, struct{ d callsms.DialString }{s.Dial})
	require.Contains(t, s.String(), numberA, "this is what is sent")
}

// dial returns what is dialled.
func dial(t testing.TB, s string) callsms.DialString {
	t.Helper()
	d, err := callsms.ParseDialString(s)
	require.NoError(t, err)
	return d
}

// What is accepted the app dials, in one SMS, and it is written as it was read.
func FuzzParseSMS(f *testing.F) {
	for _, seed := range []string{
		"|18700000001|autocall|duty today", "|*7218700000001|autocall|值班", "|1|autocall", "||autocall|x",
		"|**21*18700000001#|autocall|x", "|187|autocall|a|b|c", "|+8618700000001|autocall|\n", "|1|autocall|🔥",
		"|1|autocall|" + strings.Repeat("€", 80), "|1|autocall|\xff", "autocall",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := callsms.ParseSMS(text, "autocall")
		if err != nil {
			require.True(t, s.Dial.IsZero())
			return
		}
		require.Equal(t, appDials(text, "autocall"), s.Dial.Reveal())
		require.NoError(t, s.Validate())
		again, err := callsms.ParseSMS(s.String(), "autocall")
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
		require.Equal(t, s.Text, again.Text)
	})
}

// Whatever the text is, String makes one SMS of it that the app obeys.
func FuzzSMS(f *testing.F) {
	for _, seed := range []string{"duty today", "值班", strings.Repeat("|", 200), strings.Repeat("🔥", 99), "\x00\xff", "down\u200bcall"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := callsms.SMS{Dial: dial(t, numberA), Keyword: "autocall", Text: text}
		sent := s.String()
		if s.Validate() != nil {
			require.Empty(t, sent)
			return
		}
		back, err := callsms.ParseSMS(sent, "autocall")
		require.NoError(t, err)
		require.Equal(t, numberA, back.Dial.Reveal())
		require.LessOrEqual(t, len(utf16.Encode([]rune(sent))), 160)
		require.NotContains(t, fmt.Sprint(s), numberA)
	})
}
