package snmptrap_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

const (
	generatedAlerts = 100_000
	generatedRace   = 20_000 // with -race
	generatedShort  = 5_000  // with -short
	generatedSeed   = 20261126
	generatedShards = 8
)

// A scene is an Encoder and what it was made of.
type scene struct {
	base      string
	community string
	seed      bool // the layout
	limit     int
	zone      *time.Location
	name      int // octets of an object's name
	encoder   *snmptrap.Encoder
}

// scenes returns Encoders of every kind.
func scenes(t *testing.T) (all []scene) {
	t.Helper()
	bases := []string{
		testBase, snmptrap.SeedBaseOID, "1.3", "0.0", "2.999", "2.4294967215.4294967295.0.1", "1.39.127.128.16383.16384.2097151.2097152",
		"1.3" + strings.Repeat(".1", 50), "1.3" + strings.Repeat(".4294967295", 40),
		"1.3" + strings.Repeat(".4294967295", 120),
	}
	for i, base := range bases {
		for _, seed := range []bool{false, true} {
			for _, limit := range []int{484, 1232, 1472, 65507} {
				s := scene{base: base, community: strings.Repeat("c", 1+5*i), seed: seed, limit: limit}
				if i%2 == 1 {
					s.zone = time.FixedZone("", []int{9 * 3600, -3*3600 - 1800, 14 * 3600, 13*3600 + 59*60}[i/2%4])
				}
				s.name = oidOctets(base) + 2
				opts := &snmptrap.Options{MaxSize: limit, Location: s.zone}
				if seed {
					opts.Layout = snmptrap.Seed
					s.name--
				}
				if i%2 == 0 { // the longest that is taken
					s.community = strings.Repeat("c", sort.Search(limit, func(n int) bool {
						_, err := snmptrap.NewEncoder(strings.Repeat("c", n+2), base, opts)
						return err != nil
					})+1)
				}
				var err error
				if s.encoder, err = snmptrap.NewEncoder(s.community, base, opts); err != nil {
					// The longest bases fit no small trap.
					require.ErrorIs(t, err, snmptrap.ErrTooLarge)
					require.Greater(t, len(base), 100)
					require.Less(t, limit, 65507)
					continue
				}
				all = append(all, s)
			}
		}
	}
	return all
}

// generatedText returns a hostile text of 0 to 4,000 octets and a few.
func generatedText(r *rand.Rand) string {
	// Most are short, as in life, and every length occurs.
	size := []int{0, 8, 80, 300, 1100, 4000}[r.IntN(6)]
	size = r.IntN(size + 1)
	kind := r.IntN(6)
	text := make([]byte, 0, size+64)
	for len(text) < size {
		switch pick := r.IntN(16); {
		case kind == 0 || kind == 1 && pick > 0: // ASCII, with exceptions or without
			text = append(text, byte(' '+r.IntN(95)))
		case kind == 2 && pick > 0: // Chinese
			text = utf8.AppendRune(text, rune(0x4e00+r.IntN(0x5200)))
		case kind == 3: // any octets
			text = append(text, byte(r.UintN(256)))
		case kind == 4: // any characters
			text = utf8.AppendRune(text, rune(r.IntN(utf8.MaxRune+1)))
		default:
			text = append(text, [...]string{
				"\x00", "\n", "\r\n.1.3.6.1.6.3.18.1.3.0 10.9.9.9", "\t", "\x1b[31m", "\x7f", "\u0085", "\u009b", "\u00a0",
				"\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\ufffd", "😀", "\U0010ffff", "\xff\xfe", "\xed\xa0\x80",
				"\xc0\x8a", "\xe7\xa3", "\xf0\x9f\x98", "é", "が", "product:", "…",
			}[r.IntN(26)]...)
		}
	}
	return string(text)
}

// generatedTime returns a time, mostly of our days, and none that cannot be
// written, since that becomes the present.
func generatedTime(r *rand.Rand) time.Time {
	const first, last = -62135510400, 2005949059200 // 2 January 1 and 31 December 65535
	seconds := []int64{0, first, last - 1, 951782400, 253402300799, 1795190921 + r.Int64N(1e8), first + r.Int64N(last-first)}[r.IntN(7)]
	zone := []int{0, 8 * 3600, -5 * 3600, 19800, 45900, 14*3600 - 60, -14*3600 + 60, 14 * 3600, -14 * 3600, -15 * 3600, 29143, -1, r.IntN(2*86400) - 86400}[r.IntN(13)]
	return time.Unix(seconds, r.Int64N(1e9)).In(time.FixedZone("", zone))
}

// generatedAlert returns an alert with anything in it.
func generatedAlert(r *rand.Rand) alert.Alert {
	a := alert.Alert{
		Product: generatedText(r), Level: generatedText(r), Region: generatedText(r), Instance: generatedText(r),
		Name: generatedText(r), Summary: generatedText(r),
		Status: alert.Status(r.IntN(5)), Severity: alert.Severity(r.IntN(8) - 1), StartsAt: generatedTime(r),
	}
	switch r.IntN(8) {
	case 0:
		a.Status = alert.Status(r.UintN(256))
	case 1:
		a.Severity = alert.Severity(r.IntN(256) - 128)
	case 2:
		a.Region, a.Level = "", ""
	}
	a.Test = r.IntN(8) == 0
	if r.IntN(2) == 0 {
		a.EndsAt = generatedTime(r)
	}
	if r.IntN(3) > 0 {
		a.Key = strings.Repeat("acs:rule-7f21/", r.IntN(5)) + "k"
	}
	if r.IntN(4) == 0 {
		a.Key = generatedText(r)
	}
	if r.IntN(2) == 0 {
		a.Source = []string{"aliyun", "a/b", "sixteen-octets..", "fifteen-octets.", " ", "\x00"}[r.IntN(6)]
	}
	if r.IntN(3) == 0 {
		a.ID, a.Resource = generatedText(r), "acs:ecs"
	}
	return a
}

// A hundred thousand alerts with anything in them: each becomes a legal trap
// within the bound that says, by a decoder of others, exactly what it should.
func TestGeneratedAlerts(t *testing.T) {
	t.Parallel()
	n := generatedAlerts
	switch {
	case testing.Short():
		n = generatedShort
	case underRace:
		n = generatedRace
	}
	all := scenes(t)
	require.GreaterOrEqual(t, len(all), 60)
	for shard := range generatedShards {
		t.Run(strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			tryGenerated(t, all, rand.New(rand.NewPCG(generatedSeed, uint64(shard))), n/generatedShards)
		})
	}
}

// tryGenerated tries n alerts.
func tryGenerated(t *testing.T, all []scene, r *rand.Rand, n int) {
	decoder := &gosnmp.GoSNMP{Version: gosnmp.Version2c}
	var buf []byte
	for i := range n {
		s, a := &all[r.IntN(len(all))], generatedAlert(r)
		id, up := int32(math.MaxInt32-r.IntN(1<<20)), math.MaxUint32-r.Uint32N(1<<20)
		var err error
		buf, err = s.encoder.AppendTrap(buf[:0], a, id, up)
		if err == nil {
			err = compare(decoder, s, &a, buf, id, up)
		}
		require.NoError(t, err, "alert %d, base %s, limit %d, seed layout %t: %.60q", i, s.base, s.limit, s.seed, a)
	}
}

// compare decodes a trap and compares it field by field.
func compare(decoder *gosnmp.GoSNMP, s *scene, a *alert.Alert, octets []byte, id int32, up uint32) error {
	if len(octets) > s.limit {
		return fmt.Errorf("%d octets, limit %d", len(octets), s.limit)
	}
	p, err := decoder.SnmpDecodePacket(octets)
	if err != nil {
		return err
	}
	want := expect(s, a)
	if p.Community != s.community || p.PDUType != gosnmp.SNMPv2Trap || p.RequestID != uint32(id) || len(p.Variables) != 12 {
		return fmt.Errorf("%v %d with %d objects", p.PDUType, p.RequestID, len(p.Variables))
	}
	if p.Variables[0].Value != up || p.Variables[1].Value != "."+want.notification {
		return fmt.Errorf("head: %v %v, want %v %s", p.Variables[0].Value, p.Variables[1].Value, up, want.notification)
	}
	for i, v := range p.Variables[2:] {
		got := v.Value
		if text, ok := got.([]byte); ok {
			got = string(text)
		}
		if v.Name != "."+want.names[i] || got != want.values[i] {
			return fmt.Errorf("object %d: %s = %q, want %s = %q", i+1, v.Name, got, want.names[i], want.values[i])
		}
	}
	if len(s.community) >= 1<<7 { // which gosnmp cannot encode
		return nil
	}
	if again, err := p.MarshalMsg(); err != nil || !bytes.Equal(again, octets) {
		return fmt.Errorf("gosnmp encodes what it has read to other octets: %w", err)
	}
	return nil
}
