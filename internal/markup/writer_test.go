package markup_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// stars is a dialect in which * is markup, # is where a line begins, _ beside
// a word is not, and & begins entities.
type stars struct{}

func (stars) Plain() markup.Set {
	return markup.Set{Low: markup.AllLow &^ (1<<'*' | 1<<'#' | 1<<'&'), High: markup.AllHigh &^ (1 << ('_' - 64))}
}

func (stars) Markup(at markup.Place) bool {
	switch at.Char {
	case '#':
		return at.First
	case '_':
		return !markup.EndsWord(at.Before) || !markup.BeginsWord(at.Rest)
	case '&':
		return markup.BeginsEntity(at.Rest)
	}
	return true
}

func TestWriter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		text    string
		limit   int // 0: plenty
		breaker string
		runes   bool
		want    string
	}{
		{name: "plain", text: "disk at 91% of /dev/sda1", want: "disk at 91% of /dev/sda1"},
		{name: "empty"},
		{name: "invisible", text: " \t\n\u200b\u202e\ufeff\x00\x7f", want: ""},
		{name: "blanks", text: "  a \t\u3000 b\x00c\x7fd ", want: "a b c d"},
		{name: "breaks", text: "\na\r\nb\n\n\nc\vd\u2028e\u0085", want: "a b c d e"},
		{name: "breaks kept", text: "\na\r\nb \n \nc\vd\u2028e\u0085", breaker: "\n> ", want: "a\n> b\n> c\n> d\n> e"},
		{name: "invisible within", text: "a\u200bb\u202ec\u00add\U000e0041e", want: "abcde"},
		{name: "not UTF-8", text: "a\xffb\xed\xa0\x80", want: "a\ufffdb\ufffd\ufffd\ufffd"},
		{name: "markup", text: "*a* #b", want: "＊a＊ #b"},
		{name: "begin of a line", text: "#a#\n#b", breaker: "\n", want: "＃a#\n＃b"},
		{name: "word", text: "a_b _c d_", want: "a_b ＿c d＿"},
		{name: "entity", text: "a&b &lt; &#6 &; &x", want: "a&b ＆lt; ＆#6 &; &x"},
		{name: "entity around what is dropped", text: "&l\u00adt;", want: "＆lt;"},
		{name: "fits", text: "12345678", limit: 8, want: "12345678"},
		{name: "cut", text: "123456789", limit: 8, want: "12345…"},
		{name: "cut between runes", text: "告警通知", limit: 10, want: "告警…"},
		{name: "cut grown markup", text: "***", limit: 8, want: "＊…"},
		{name: "trailing blanks need no cut", text: "12345678  \n", limit: 8, want: "12345678"},
		{name: "cut behind a blank", text: "1234 6789", limit: 8, want: "1234 …"},
		{name: "no room for a mark", text: "123", limit: 2, want: ""},
		{name: "no room for a mark, none needed", text: "12", limit: 2, want: "12"},
		{name: "negative limit", text: "12", limit: -1, want: ""},
		{name: "runes fit", text: "告警通知*", limit: 5, runes: true, want: "告警通知＊"},
		{name: "runes cut", text: "告警a通知!", limit: 5, runes: true, want: "告警a通…"},
		{name: "runes cut in ASCII", text: "告警 abcdef", limit: 6, runes: true, want: "告警 ab…"},
		{name: "runes of breaks", text: "a\nb\nc", limit: 6, breaker: "\n> ", runes: true, want: "a\n> b…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const begin = "**X:"
			w := markup.Writer{Mark: "…", Dialect: stars{}, Runes: tt.runes}
			w.Put("**", "X:")
			limit := tt.limit
			if limit == 0 {
				limit = 100
			}
			if tt.breaker == "" {
				require.Equal(t, tt.want != "", w.Line(tt.text, limit))
			} else {
				require.Equal(t, tt.want != "", w.Lines(tt.text, limit, tt.breaker))
			}
			require.Equal(t, begin+tt.want, string(w.Buf))
			require.LessOrEqual(t, w.Size(), len(begin)+max(limit, 0))
		})
	}
}

// TestNoDialect leaves characters as they are for readers of an error.
func TestNoDialect(t *testing.T) {
	t.Parallel()
	w := markup.Writer{Mark: "…"}
	require.True(t, w.Line("*#&lt;[x](y)\n\\_`|~@\x00z", 100))
	require.Equal(t, "*#&lt;[x](y) \\_`|~@ z", string(w.Buf))
}

// TestPlain compares the set of all characters with what it says it is.
func TestPlain(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		w := markup.Writer{Dialect: nothing{}}
		s := string([]byte{byte(c)})
		w.Line(s, 10)
		if c > ' ' && c < 0x7F {
			require.Equal(t, s, string(w.Buf))
		} else {
			require.NotEqual(t, s, string(w.Buf), "%#x", c)
		}
	}
}

// nothing is a dialect that must not be asked.
type nothing struct{}

func (nothing) Plain() markup.Set           { return markup.Set{Low: markup.AllLow, High: markup.AllHigh} }
func (nothing) Markup(at markup.Place) bool { panic(fmt.Sprintf("asked for %q", at.Char)) }

// FuzzWriter writes any text with any limit: what comes out is valid, clean,
// within the limit, in one line, and whole or visibly cut.
func FuzzWriter(f *testing.F) {
	f.Add("disk 91%\nof *100G*", int16(20), false)
	f.Add("告警_\u200b_\xff\xfe&lt;#", int16(9), true)
	f.Fuzz(func(t *testing.T, s string, limit int16, runes bool) {
		write := func(limit int) (string, bool) {
			w := markup.Writer{Mark: "…", Dialect: stars{}, Runes: runes}
			some := w.Line(s, limit)
			require.LessOrEqual(t, w.Size(), max(limit, 0))
			return string(w.Buf), some
		}
		whole, _ := write(1 << 30)
		got, some := write(int(limit))
		require.Equal(t, some, got != "")
		require.True(t, utf8.ValidString(got))
		require.False(t, strings.ContainsFunc(got, func(r rune) bool {
			return r == '*' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029
		}), "%q", got)
		require.Equal(t, strings.TrimSpace(got), got)
		if got != whole && got != "" {
			kept, cut := strings.CutSuffix(got, "…")
			require.True(t, cut)
			require.True(t, strings.HasPrefix(whole, kept))
		}
	})
}

func ExampleWriter() {
	w := markup.Writer{Mark: "…", Dialect: stars{}}
	w.Put("**")
	w.Line("5 * 5\nis more than twenty", 20)
	w.Put("**")
	fmt.Printf("%s\n", w.Buf)
	// Output: **5 ＊ 5 is more t…**
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b **c**", markup.OneLine(" a\n b\x00 **c** ", 20))
	require.Equal(t, "abc…", markup.OneLine("abcdefg", 6))
}
