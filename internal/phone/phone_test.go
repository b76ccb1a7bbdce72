package phone_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/phone"
)

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, number   string
		bare, mask     string
		national, e164 bool
	}{
		{"Chinese mobile", "13800000001", "13800000001", "138******01", true, false},
		{"with blanks and hyphens", " 138-0000 0001", "13800000001", "138******01", true, false},
		{"Japanese mobile", "090-0000-0001", "09000000001", "090******01", true, false},
		{"in parentheses", "(03) 0000.0001", "0300000001", "030*****01", true, false},
		{"full-width", "（03）\u30000000‐0001", "0300000001", "030*****01", true, false},
		{"international", "+86 138 0000 0001", "+8613800000001", "+86*********01", false, true},
		{"longest", "123456789012345", "123456789012345", "123**********45", true, false},
		{"too long", "1234567890123456", "1234567890123456", "(no number)", false, false},
		{"extension", "8012", "8012", "****", false, false},
		{"five digits", "95555", "95555", "***55", false, false},
		{"emergency", "110", "110", "***", false, false},
		{"emergency behind an area code", "0571110", "0571110", "*****10", false, false},
		{"hotline behind an area code", "057112345", "057112345", "057****45", false, false},
		{"emergency behind a country", "+86110", "+86110", "****10", false, false},
		{"emergency behind country and area", "+86571110", "+86571110", "+86****10", false, false},
		{"emergency in America", "+1212911", "+1212911", "+12***11", false, false},
		{"emergency behind 00 and a country", "0086 110", "0086110", "*****10", false, false},
		{"emergency and more", "110110", "110110", "****10", false, false},
		{"landline without area", "88880001", "88880001", "888***01", true, false},
		{"international with 00", "0086 138 0000 0001", "+8613800000001", "+86*********01", false, true},
		{"Singapore", "+65 6000 0001", "+6560000001", "+65******01", false, true},
		{"too short", "11", "11", "**", false, false},
		{"plus and zero", "+0312345678", "+0312345678", "+03******78", false, false},
		{"plus and few", "+123456", "+123456", "*****56", false, false},
		{"plus alone", "+", "+", "(no number)", false, false},
		{"two pluses", "++8613800000001", "++8613800000001", "(no number)", false, false},
		{"empty", "", "", "(no number)", false, false},
		{"a secret in the wrong place", "token-abcdef", "tokenabcdef", "(no number)", false, false},
		{"full-width digits", "１３８００００００００１", "１３８００００００００１", "(no number)", false, false},
		{"dial code", "*21*13800000001#", "*21*13800000001#", "(no number)", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := phone.Bare(tt.number)
			require.Equal(t, tt.bare, bare)
			require.Equal(t, tt.mask, phone.Mask(tt.number))
			require.Equal(t, tt.national, phone.IsNational(bare))
			require.True(t, phone.Looks(tt.number) || !tt.national && !tt.e164)
			require.Equal(t, tt.e164, phone.IsE164(bare))
		})
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		numbers    []string
		want       string
	}{
		{"as given", "invalid number 13800000001", []string{"13800000001"}, "invalid number 138******01"},
		{"given with hyphens, said bare", "13800000001 is busy", []string{"138-0000-0001"}, "138******01 is busy"},
		{"given bare, said with the plus left out", "to 8613800000001", []string{"+8613800000001"}, "to 861********01"},
		{"several", "13800000001, 13900000002", []string{"13800000001", "13900000002"}, "138******01, 139******02"},
		{"short ones stay", "code 110", []string{"110"}, "code 110"},
		{"no number", "token is token", []string{"token"}, "token is token"},
		{"none", "13800000001", nil, "13800000001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, phone.Redact(tt.text, tt.numbers...))
		})
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"13800000001", "+86 138-0000-0001", "", "1", "中文", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, number string) {
		masked := phone.Mask(number)
		bare := phone.Bare(number)
		if len(bare) < 5 || masked == "(no number)" {
			return
		}
		require.NotContains(t, masked, bare)
		require.NotContains(t, phone.Redact("call "+number+" or "+bare, number), bare)
	})
}
