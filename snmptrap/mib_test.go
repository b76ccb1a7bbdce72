package snmptrap_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// extremes are alerts that reach every number and the least and greatest size
// of every text.
func extremes() (alerts []alert.Alert) {
	long := strings.Repeat("磁", 2000)
	for severity := alert.Info; severity <= alert.Critical; severity++ {
		for status := alert.Firing; status <= alert.News; status++ {
			a := usual()
			a.Severity, a.Status = severity, status
			alerts = append(alerts, a)
		}
	}
	return append(alerts,
		alert.Alert{Key: "k"}, // the shortest of everything
		alert.Alert{Source: "s", Key: strings.Repeat("k", 62), StartsAt: time.Unix(1, 0).UTC()},
		alert.Alert{Source: "s", Key: strings.Repeat("k", 63), StartsAt: time.Unix(1, 0).UTC()},
		alert.Alert{Key: long, Product: long, Level: long, Region: long, Instance: long, Name: long, Summary: long},
		alert.Alert{
			Key: "k", Product: ascii(300), Level: ascii(300), Region: ascii(300), Instance: ascii(300), Name: ascii(300),
			Summary: ascii(1100),
		},
		alert.Alert{Key: "k", Summary: ascii(1024), Name: ascii(255)},
	)
}

func ascii(n int) string { return strings.Repeat("x", n) }

// A seen is what an object was found to be on the wire.
type seen struct {
	least, most int
	numbers     map[int]bool
}

// Every trap of the Encoder is one that the module describes, and nothing that
// the module describes is missing from the wire.
func TestMIBDescribesWire(t *testing.T) {
	t.Parallel()
	m := parseMIB(t, snmptrap.MIB())
	objects := m.of("OBJECT-TYPE")
	require.Len(t, objects, snmptrap.ObjectCount)
	for _, layout := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			e, err := snmptrap.NewEncoder("public", m.oids["tocsinAlert"], &snmptrap.Options{Layout: layout, MaxSize: -1})
			require.NoError(t, err)
			all := make([]seen, len(objects))
			for i := range all {
				all[i] = seen{least: 1 << 30, numbers: map[int]bool{}}
			}
			for _, a := range extremes() {
				octets, err := e.AppendTrap(nil, a, 1, 1)
				require.NoError(t, err)
				vars := decode(t, octets).Variables
				notification := "tocsinAlertFiring"
				switch a.Status {
				case alert.Resolved:
					notification = "tocsinAlertResolved"
				case alert.News:
					notification = "tocsinAlertNews"
				}
				require.Equal(t, "."+m.oids[notification], vars[1].Value)
				require.Len(t, vars, 2+len(m.lists[notification]))
				for i, name := range m.lists[notification] {
					suffix := map[snmptrap.Layout]string{snmptrap.Full: ".0"}[layout]
					require.Equal(t, "."+m.oids[name]+suffix, vars[i+2].Name, "place of %s", name)
					all[i].note(t, name, m.resolve(t, name), vars[i+2])
				}
			}
			for i, name := range objects {
				all[i].check(t, name, m.resolve(t, name), len(snmptrap.SeedLabel(i))*int(layout))
			}
		})
	}
}

// note checks one value against the type that the module gives.
func (s *seen) note(t *testing.T, name string, syntax mibSyntax, v gosnmp.SnmpPDU) {
	t.Helper()
	switch syntax.base {
	case "INTEGER":
		require.Equal(t, gosnmp.Integer, v.Type, "%s", name)
		n, ok := v.Value.(int)
		require.True(t, ok)
		require.Contains(t, syntax.words, n, "%s", name)
		s.numbers[n] = true
	case "OCTET STRING":
		require.Equal(t, gosnmp.OctetString, v.Type, "%s", name)
		text, ok := v.Value.([]byte)
		require.True(t, ok)
		s.least, s.most = min(s.least, len(text)), max(s.most, len(text))
	}
}

// check compares what was seen in all traps with the module's limits. A label
// makes the shortest text longer.
func (s *seen) check(t *testing.T, name string, syntax mibSyntax, label int) {
	t.Helper()
	if syntax.base == "INTEGER" {
		want := maps.Clone(syntax.words)
		if name == "tocsinSeverity" { // as the description of the numbers says
			delete(want, 2)
			delete(want, 5)
		}
		require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(s.numbers)), "%s", name)
		return
	}
	require.Equal(t, syntax.most, s.most, "greatest size of %s", name)
	if name == "tocsinLevel" { // never empty: the word of the severity, or OK
		require.Zero(t, syntax.least)
		return
	}
	require.Equal(t, syntax.least+label, s.least, "least size of %s", name)
}

// The words of the enumerations are those of package alert.
func TestMIBWords(t *testing.T) {
	t.Parallel()
	m := parseMIB(t, snmptrap.MIB())
	states := m.resolve(t, "tocsinStatus").words
	severities := m.resolve(t, "tocsinSeverity").words
	require.Len(t, states, 3)
	require.Len(t, severities, 7)
	for severity := alert.Info; severity <= alert.Critical; severity++ {
		for status := alert.Firing; status <= alert.News; status++ {
			_, values := objects(t, newEncoder(t, nil), alert.Alert{Severity: severity, Status: status})
			number := func(place int) int {
				n, err := strconv.Atoi(values[place])
				require.NoError(t, err)
				return n
			}
			state, word := "firing", severity.String()
			switch {
			case status == alert.Resolved:
				state, word = "resolved", "cleared"
			case status == alert.News:
				state, word = "news", "info"
			case severity == alert.Notice:
				word = "info"
			}
			require.Equal(t, state, states[number(snmptrap.ObjectStatus)], "%v %v", severity, status)
			require.Equal(t, word, severities[number(snmptrap.ObjectSeverity)], "%v %v", severity, status)
		}
	}
	described := strings.Join(m.texts["TocsinPerceivedSeverity"], " ")
	for n, word := range severities {
		require.Contains(t, described, fmt.Sprintf(" %s(%d): ", word, n))
	}
	require.Equal(t, 2, strings.Count(described, "not sent at present"))
	require.Contains(t, described, "indeterminate(2): not sent at present")
	require.Contains(t, described, "minor(5): not sent at present")
}

// The tables that the encoder works with have the module's order, sizes and
// labels.
func TestMIBTables(t *testing.T) {
	t.Parallel()
	m := parseMIB(t, snmptrap.MIB())
	objects := m.of("OBJECT-TYPE")
	for place, want := range map[int]string{
		snmptrap.ObjectStatus: "tocsinStatus", snmptrap.ObjectSeverity: "tocsinSeverity", snmptrap.ObjectTime: "tocsinTime",
		snmptrap.ObjectFinger: "tocsinFingerprint", snmptrap.ObjectSummary: "tocsinSummary",
	} {
		require.Equal(t, want, objects[place])
	}
	for place, name := range objects {
		require.Equal(t, fmt.Sprintf("%s.%d", testBase, place+1), m.oids[name])
		size := map[int]int{
			snmptrap.ObjectTime:    11, // DateAndTime with its zone
			snmptrap.ObjectFinger:  snmptrap.MaxFingerprint,
			snmptrap.ObjectSummary: snmptrap.MaxSummary,
		}[place]
		label := snmptrap.SeedLabel(place)
		if place < snmptrap.ObjectTexts {
			size = snmptrap.MaxText
			require.Equal(t, "tocsin"+strings.ToUpper(label[:1])+label[1:], name+":", "label and name")
			require.Contains(t, m.texts[name][0], "'"+label+"'")
			require.Contains(t, strings.Join(m.texts["tocsinAlert"], " "), "'"+label+"'")
		} else {
			require.Empty(t, label)
		}
		require.Equal(t, size, m.resolve(t, name).most, "%s", name)
	}
	require.Equal(t, testBase+".0.1", m.oids["tocsinAlertFiring"])
	require.Equal(t, testBase+".0.2", m.oids["tocsinAlertResolved"])
	require.Equal(t, testBase+".0.3", m.oids["tocsinAlertNews"])
	require.Equal(t, []string{"tocsinAlertFiring", "tocsinAlertResolved", "tocsinAlertNews"}, m.of("NOTIFICATION-TYPE"))
}

// A receiver shows text as text only if the type has a hint for UTF-8 that
// covers its whole length.
func TestMIBHints(t *testing.T) {
	t.Parallel()
	m := parseMIB(t, snmptrap.MIB())
	for _, name := range m.of("OBJECT-TYPE") {
		s := m.resolve(t, name)
		if s.base != "OCTET STRING" || name == "tocsinTime" {
			continue
		}
		var octets int
		_, err := fmt.Sscanf(s.hint, "%dt", &octets)
		require.NoError(t, err, "%s", name)
		require.GreaterOrEqual(t, octets, s.most, "%s", name)
	}
}

// What a strict receiver asks of the module beside that: smilint says the
// same, where it is installed.
func TestMIBHouse(t *testing.T) {
	t.Parallel()
	text := snmptrap.MIB()
	m := parseMIB(t, text)
	require.Equal(t, testBase, m.oids["tocsinAlert"])
	require.Equal(t, 1, strings.Count(text, "{ enterprises 32473 }"), "the number stands in one place, where it can be replaced")
	for name, module := range m.imports {
		require.Contains(t, []string{"SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF"}, module)
		require.GreaterOrEqual(t, len(regexp.MustCompile(`\b`+name+`\b`).FindAllString(text, -1)), 2, "%s is not used", name)
	}
	objects, notifications := m.of("OBJECT-TYPE"), m.of("NOTIFICATION-TYPE")
	for _, name := range notifications {
		require.Equal(t, objects, m.lists[name])
	}
	require.Equal(t, objects, m.lists["tocsinObjectGroup"])
	require.Equal(t, notifications, m.lists["tocsinNotificationGroup"])
	require.Equal(t, slices.Concat(m.of("OBJECT-GROUP"), m.of("NOTIFICATION-GROUP")), m.lists["tocsinCompliance"])
	updated := regexp.MustCompile(`LAST-UPDATED "(\d{12}Z)"`).FindStringSubmatch(text)
	revised := regexp.MustCompile(`REVISION +"(\d{12}Z)"`).FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, revised)
	require.Equal(t, updated[1], revised[0][1], "the newest revision comes first")
	for i, line := range strings.Split(text, "\n") {
		require.LessOrEqual(t, len(line), 72, "line %d", i+1)
		require.NotRegexp(t, `[^ -~]`, line, "line %d: ASCII without tabs, which every parser reads", i+1)
	}
}

// The package's documentation has the same table.
func TestMIBEqualsDoc(t *testing.T) {
	t.Parallel()
	m := parseMIB(t, snmptrap.MIB())
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^//\s+B\.(\d+)\s+(text|INTEGER|octets)\s+(.*)$`).FindAllStringSubmatch(string(doc), -1)
	objects := m.of("OBJECT-TYPE")
	require.Len(t, rows, len(objects))
	for i, row := range rows {
		require.Equal(t, m.oids[objects[i]], testBase+"."+row[1])
		s := m.resolve(t, objects[i])
		kind := map[string]string{"TocsinText": "text", "TocsinLongText": "text", "DateAndTime": "octets"}[m.syntax[objects[i]].base]
		require.Equal(t, cmp.Or(kind, s.base), row[2], "B.%d", i+1)
		for _, word := range regexp.MustCompile(`(\w+)\((\d)\)`).FindAllStringSubmatch(row[3], -1) {
			n, _ := strconv.Atoi(word[2])
			require.Equal(t, s.words[n], word[1], "B.%d", i+1)
		}
	}
}

// The module for consoles of an enterprise whose number is 99999.
func ExampleMIB() {
	module := strings.Replace(snmptrap.MIB(), "{ enterprises 32473 }", "{ enterprises 99999 }", 1)
	fmt.Println(strings.Contains(module, "tocsinAlertFiring NOTIFICATION-TYPE"), strings.Contains(module, "{ enterprises 99999 }"))
	// Output: true true
}
