package sandbox

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// watchTraps shows what the console receives.
func (s *Sandbox) watchTraps(ctx context.Context) {
	for {
		trap, err := s.parts.trap.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.hub.count(destTrap, func(t *tally) { t.Refused++ })
			s.hub.add(item{Dest: destTrap, Kind: "refusal", Tone: "bad", Meta: []string{clip(err.Error(), 400)}})
		case !trap.HasCommunity(community):
			s.hub.count(destTrap, func(t *tally) { t.Refused++ })
			s.hub.add(item{Dest: destTrap, Kind: "refusal", Tone: "bad", Meta: []string{"community ≠ " + community}})
		default:
			s.hub.count(destTrap, func(t *tally) { t.Accepted++ })
			s.hub.add(drawTrap(trap))
		}
	}
}

// drawTrap names what the MIB module has names for.
func drawTrap(t snmptraptest.Trap) item {
	kind := "trap"
	if t.Inform {
		kind = "inform"
	}
	it := item{Dest: destTrap, Kind: "trap", At: t.Time, Title: notificationName(t.OID),
		Meta: []string{kind, size(t.Size), t.Source.Addr().Unmap().String()}}
	it.Rows = append(it.Rows,
		row{"sysUpTime.0", "TimeTicks", (time.Duration(t.UpTime) * 10 * time.Millisecond).String()},
		row{"snmpTrapOID.0", "OBJECT IDENTIFIER", it.Title})
	for _, v := range t.Varbinds {
		name := objectName(v.OID)
		it.Rows = append(it.Rows, row{name, v.Type, objectValue(name, v.Value)})
	}
	if a, ok := t.Alert(baseOID); ok {
		it.Tone = tone(a)
		it.Meta = append([]string{it.Title}, it.Meta...)
		it.Title = strings.TrimSpace(a.Product + " " + a.Name)
	}
	return it
}

// tone is the colour of an alert.
func tone(a alert.Alert) string {
	switch {
	case a.Status == alert.Resolved:
		return "good"
	case a.Status == alert.News:
		return "news"
	case a.Severity >= alert.Major:
		return "bad"
	}
	return "warn"
}

// notificationName is the name of a notification, or its number.
func notificationName(oid string) string {
	switch oid {
	case baseOID + ".0.1":
		return "tocsinAlertFiring"
	case baseOID + ".0.2":
		return "tocsinAlertResolved"
	case baseOID + ".0.3":
		return "tocsinAlertNews"
	}
	return oid
}

// objectName is the name that the MIB module gives to an object. The instance
// .0, where there is one, stays visible.
func objectName(oid string) string {
	names := [...]string{
		"tocsinProduct", "tocsinLevel", "tocsinRegionId", "tocsinInstanceName", "tocsinName",
		"tocsinStatus", "tocsinSeverity", "tocsinTime", "tocsinFingerprint", "tocsinSummary",
	}
	rest, ours := strings.CutPrefix(oid, baseOID+".")
	place, instance, dotted := strings.Cut(rest, ".")
	n, err := strconv.Atoi(place)
	switch {
	case !ours || err != nil || n < 1 || n > len(names):
		return oid
	case dotted:
		return names[n-1] + "." + instance
	}
	return names[n-1]
}

// objectValue shows a value as a console does that has the module.
func objectValue(name string, value any) string {
	switch v := value.(type) {
	case int:
		return numberName(strings.TrimSuffix(name, ".0"), v)
	case []byte:
		if strings.HasPrefix(name, "tocsinTime") && len(v) == 11 {
			return fmt.Sprintf("%d-%02d-%02d %02d:%02d:%02d.%d %c%02d:%02d", int(v[0])<<8|int(v[1]), v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10])
		}
		return strings.ToValidUTF8(string(v), "�")
	}
	return fmt.Sprint(value)
}

// numberName adds the word that the module has for a number.
func numberName(object string, n int) string {
	var words []string
	switch object {
	case "tocsinStatus":
		words = []string{"firing", "resolved", "news"}
	case "tocsinSeverity":
		words = []string{"cleared", "indeterminate", "critical", "major", "minor", "warning", "info"}
	}
	if n < 1 || n > len(words) {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s(%d)", words[n-1], n)
}
