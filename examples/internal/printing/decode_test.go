package printing

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap"
)

// baseOID is the number that IANA keeps for documentation.
const baseOID = "1.3.6.1.4.1.32473"

// What the demonstration prints are the names and words of the MIB module, so
// that it shows what a console will show.
func TestNamesAreTheMIBs(t *testing.T) {
	t.Parallel()
	text := snmptrap.MIB()
	objects := regexp.MustCompile(`(?s)\n(\w+) OBJECT-TYPE\s+SYNTAX\s+(\w+).*?::= \{ tocsinAlert (\d+) \}`).FindAllStringSubmatch(text, -1)
	require.Len(t, objects, 10)
	for i, o := range objects {
		name, kind := o[1], o[2]
		require.Equal(t, strconv.Itoa(i+1), o[3])
		require.Equal(t, name, objectName("."+baseOID+"."+o[3], "."+baseOID))
		require.Equal(t, name+".0", objectName("."+baseOID+"."+o[3]+".0", "."+baseOID))

		enumeration := regexp.MustCompile(`(?s)\n` + kind + ` ::= TEXTUAL-CONVENTION.*?SYNTAX\s+INTEGER \{(.*?)\}`).FindStringSubmatch(text)
		if !regexp.MustCompile(`(Status|Severity)$`).MatchString(name) {
			require.Empty(t, numberName(name, 1))
			continue
		}
		require.NotNil(t, enumeration, "%s", name)
		words := regexp.MustCompile(`(\w+)\((\d+)\)`).FindAllStringSubmatch(enumeration[1], -1)
		for n, word := range words {
			require.Equal(t, strconv.Itoa(n+1), word[2])
			require.Equal(t, word[1], numberName(name, n+1))
			require.Equal(t, word[1], numberName(name+".0", n+1))
		}
		require.Empty(t, numberName(name, len(words)+1), "%s: a word that the module does not have", name)
	}
	require.Equal(t, "."+baseOID+".11", "."+objectName("."+baseOID+".11", "."+baseOID), "the module has no eleventh")

	notifications := regexp.MustCompile(`(?s)\n(\w+) NOTIFICATION-TYPE.*?::= \{ tocsinNotifications (\d+) \}`).FindAllStringSubmatch(text, -1)
	require.Len(t, notifications, 3)
	for _, n := range notifications {
		base, name := splitNotification("." + baseOID + ".0." + n[2])
		require.Equal(t, "."+baseOID, base)
		require.Equal(t, n[1], name)
	}
}
