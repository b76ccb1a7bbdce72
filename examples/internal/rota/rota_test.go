package rota_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/rota"
)

const week = `zone Asia/Shanghai
# who is rung first stands first
mon-fri 09:00-21:00 Li, Wang
mon-fri 21:00-09:00 Wang, Li     # until the next morning
sat,sun 09:00-09:00 Chen Xi
sat 12:00-14:00 Li
holiday 2026-10-01..2026-10-07 Chen Xi, Li
2026-12-24 18:00 .. 2026-12-25 09:00 Zhao
2026-12-24 20:00 .. 2026-12-24 21:00 Li
`

const berlin = `zone Europe/Berlin
mon-sun 22:00-02:30 night
mon-sun 02:30-22:00 day
`

const calendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
X-WR-TIMEZONE:Asia/Shanghai
BEGIN:VEVENT
UID:day
DTSTART:20261102T090000
DTEND:20261102T210000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
EXDATE;TZID=Asia/Shanghai:20261126T090000,20261127T090000
SUMMARY:Li\, Wang
END:VEVENT
BEGIN:VEVENT
UID:night
DTSTART;TZID=Asia/Shanghai:20261102T210000
DTEND;TZID=Asia/Shanghai:20261103T090000
RRULE:FREQ=DAILY
SUMMARY:Wang
END:VEVENT
BEGIN:VEVENT
UID:night
RECURRENCE-ID;TZID=Asia/Shanghai:20261110T210000
DTSTART;TZID=Asia/Shanghai:20261110T220000
DTEND;TZID=Asia/Shanghai:20261111T090000
SUMMARY:Chen
END:VEVENT
BEGIN:VEVENT
UID:holiday
DTSTART;VALUE=DATE:20261126
DTEND;VALUE=DATE:20261128
PRIORITY:1
SUMMARY:Zhao
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTART:20261105T120000
DTEND:20261105T130000
PRIORITY:1
STATUS:CANCELLED
SUMMARY:Nobody
END:VEVENT
BEGIN:VEVENT
UID:help
DTSTART:20261105T140000
DTEND:20261105T150000
SUMMARY:Helper
END:VEVENT
END:VCALENDAR
`

const summer = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VEVENT
UID:night
DTSTART;TZID=Europe/Berlin:20260301T210000
DTEND;TZID=Europe/Berlin:20260302T090000
RRULE:FREQ=DAILY
SUMMARY:night
END:VEVENT
BEGIN:VEVENT
UID:day
DTSTART;TZID=Europe/Berlin:20260301T090000
DTEND;TZID=Europe/Berlin:20260301T210000
RRULE:FREQ=DAILY
SUMMARY:day
END:VEVENT
END:VCALENDAR
`

func TestOnDuty(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, at, want string }{
		{"by day", week, "2026-11-30T09:00:00+08:00", "Li|Wang"},
		{"a minute before the night", week, "2026-11-30T20:59:59+08:00", "Li|Wang"},
		{"by night", week, "2026-11-30T21:00:00+08:00", "Wang|Li"},
		{"after midnight", week, "2026-12-01T00:00:00+08:00", "Wang|Li"},
		{"the same moment in another zone", week, "2026-11-30T16:00:00Z", "Wang|Li"},
		{"the night of Friday is that of Saturday morning", week, "2026-11-28T08:59:00+08:00", "Wang|Li"},
		{"weekend, a shift of a day", week, "2026-11-28T11:00:00+08:00", "Chen Xi"},
		{"two shifts at a time", week, "2026-11-28T13:00:00+08:00", "Chen Xi|Li"},
		{"Monday morning is of Sunday", week, "2026-11-30T08:59:00+08:00", "Chen Xi"},
		{"holiday", week, "2026-10-01T00:00:00+08:00", "Chen Xi|Li"},
		{"the evening before it", week, "2026-09-30T23:59:00+08:00", "Wang|Li"},
		{"the end of the holidays", week, "2026-10-08T00:00:00+08:00", "Wang|Li"},
		{"override", week, "2026-12-24T18:00:00+08:00", "Zhao"},
		{"override of an override", week, "2026-12-24T20:30:00+08:00", "Li"},
		{"and after it", week, "2026-12-24T21:00:00+08:00", "Zhao"},
		{"the end of an override", week, "2026-12-25T09:00:00+08:00", "Li|Wang"},

		// 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
		{"before the hour that is left out", berlin, "2026-03-29T01:59:00+01:00", "night"},
		{"after it", berlin, "2026-03-29T03:00:00+02:00", "day"},
		{"the first 02:29", berlin, "2026-10-25T02:29:00+02:00", "night"},
		{"the first 02:30", berlin, "2026-10-25T02:30:00+02:00", "day"},
		{"the second 02:00 is night again", berlin, "2026-10-25T02:00:00+01:00", "night"},
		{"the second 02:30", berlin, "2026-10-25T02:30:00+01:00", "day"},

		{"calendar", calendar, "2026-11-30T12:00:00+08:00", "Li|Wang"},
		{"calendar by night", calendar, "2026-11-30T23:00:00+08:00", "Wang"},
		{"before its first event", calendar, "2026-11-02T08:00:00+08:00", ""},
		{"a shift that was moved, its gap", calendar, "2026-11-10T21:30:00+08:00", ""},
		{"a shift that was moved", calendar, "2026-11-10T22:30:00+08:00", "Chen"},
		{"and the next one was not", calendar, "2026-11-11T21:30:00+08:00", "Wang"},
		{"excluded, and a holiday with priority", calendar, "2026-11-26T12:00:00+08:00", "Zhao"},
		{"a holiday goes before the night", calendar, "2026-11-26T22:00:00+08:00", "Zhao"},
		{"the night after it", calendar, "2026-11-28T00:00:00+08:00", "Wang"},
		{"cancelled", calendar, "2026-11-05T12:30:00+08:00", "Li|Wang"},
		{"two events at a time", calendar, "2026-11-05T14:30:00+08:00", "Li|Wang|Helper"},

		{"a short night", summer, "2026-03-29T08:59:00+02:00", "night"},
		{"and the day after it", summer, "2026-03-29T09:00:00+02:00", "day"},
		{"a long night", summer, "2026-10-25T08:59:00+01:00", "night"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := rota.Parse([]byte(strings.ReplaceAll(tt.file, "\n", "\r\n")))
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.want, strings.Join(r.At(at), "|"))
		})
	}
}

func TestChangesAndGaps(t *testing.T) {
	t.Parallel()
	const month = 31 * 24 * time.Hour
	parse := func(file string) *rota.Rota {
		r, err := rota.Parse([]byte(file))
		require.NoError(t, err)
		return r
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	for _, tt := range []struct{ name, file, from, change, gap string }{
		{"week", week, "2026-11-30T12:00:00+08:00", "2026-11-30T21:00:00+08:00", ""},
		{"minutes", berlin, "2026-11-30T23:00:00+01:00", "2026-12-01T02:30:00+01:00", ""},
		{"the hour that is left out", berlin, "2026-03-28T23:00:00+01:00", "2026-03-29T03:00:00+02:00", ""},
		{"a week without nights", "zone UTC\nmon-sun 08:00-20:15 Li\n", "2026-11-30T12:00:00Z", "2026-11-30T20:15:00Z", "2026-11-30T20:15:00Z"},
		{"one person", "zone UTC\nmon-sun 00:00-24:00 Li\n", "2026-11-30T12:00:00Z", "", ""},
		{"calendar", calendar, "2026-11-09T22:00:00+08:00", "2026-11-10T09:00:00+08:00", "2026-11-10T21:00:00+08:00"},
		{"now", calendar, "2026-11-10T21:10:00+08:00", "2026-11-10T22:00:00+08:00", "2026-11-10T21:10:00+08:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := parse(tt.file)
			for what, want := range map[string]string{"change": tt.change, "gap": tt.gap} {
				find := r.Change
				if what == "gap" {
					find = r.Gap
				}
				got, found := find(at(tt.from), month)
				require.Equal(t, want != "", found, what)
				if found {
					require.True(t, got.Equal(at(want)), "%s at %v", what, got)
				}
			}
		})
	}
	require.Equal(t, []string{"Chen Xi", "Li", "Wang", "Zhao"}, parse(week).Names())
	require.Equal(t, []string{"Chen", "Helper", "Li", "Wang", "Zhao"}, parse(calendar).Names())
}

func TestRefused(t *testing.T) {
	t.Parallel()
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n" + strings.ReplaceAll(lines, "\n", "\r\n") + "END:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	for _, tt := range []struct{ name, file, want string }{
		{"empty", "", "no zone"},
		{"no zone", "mon-fri 09:00-21:00 Li\n", "line 1: the zone has to stand before"},
		{"unknown zone", "zone Asia/Nowhere\n", `line 1: the zone "Asia/Nowhere" is not known`},
		{"zone of the machine", "zone Local\n", "line 1"},
		{"no shift", "zone UTC\n", "no shift"},
		{"day", "zone UTC\nmon-fry 09:00-21:00 Li\n", `line 2: "mon-fry": want days`},
		{"half a day", "zone UTC\nonm 09:00-21:00 Li\n", "line 2"},
		{"time", "zone UTC\nmon 9-21 Li\n", `line 2: "9-21": want times`},
		{"hour", "zone UTC\nmon 09:00-25:00 Li\n", "want times"},
		{"24:00", "zone UTC\nmon 24:00-08:00 Li\n", "begins at 00:00 of the next day"},
		{"nobody", "zone UTC\nmon 09:00-21:00 ,\n", "0 names"},
		{"no names", "zone UTC\nmon 09:00-21:00\n", "line 2: want DAYS"},
		{"holiday", "zone UTC\nholiday 1.10.2026 Li\n", "line 2: want holiday 2026-10-01"},
		{"holiday backwards", "zone UTC\nholiday 2026-10-07..2026-10-01 Li\n", "end before they begin"},
		{"override", "zone UTC\n2026-10-07 25:00 .. 2026-10-08 09:00 Li\n", "line 2: want 2026-12-24"},
		{"override backwards", "zone UTC\n2026-10-08 09:00 .. 2026-10-07 09:00 Li\n", "ends before it begins"},
		{"too long", strings.Repeat("#", rota.MaxFile+1), "more than 1048576 bytes"},
		{"no calendar", "BEGIN:VCALENDAR\r\nnonsense", "cannot be read"},
		{"no event", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "0 events"},
		{"nobody in an event", event("DTSTART:20261102T090000Z\nDTEND:20261102T210000Z\n"), "event 1: SUMMARY"},
		{"no begin", event("SUMMARY:Li\nDTEND:20261102T210000Z\n"), "event 1: DTSTART"},
		{"backwards", event("SUMMARY:Li\nDTSTART:20261103T090000Z\nDTEND:20261102T210000Z\n"), "ends before it begins"},
		{"zone of an event", event("SUMMARY:Li\nDTSTART;TZID=China Standard Time:20261103T090000\nDTEND:20261203T210000Z\n"), "event 1: DTSTART"},
		{"rule", event("SUMMARY:Li\nDTSTART:20261103T090000Z\nDTEND:20261103T210000Z\nRRULE:FREQ=SOMETIMES\n"), "event 1: RRULE"},
		{"too often", event("SUMMARY:Li\nDTSTART:20261103T090000Z\nDTEND:20261103T210000Z\nRRULE:FREQ=SECONDLY\n"), "event 1: RRULE: want DAILY"},
		{"repeats for months", event("SUMMARY:Li\nDTSTART:20261103T090000Z\nDTEND:20270103T210000Z\nRRULE:FREQ=YEARLY\n"), "more than 31 days"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rota.Parse([]byte(tt.file))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Whatever a file holds, it is a rota or an error, and a rota can be asked.
func FuzzParse(f *testing.F) {
	for _, file := range []string{week, berlin, calendar, summer} {
		f.Add([]byte(file))
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 10_000 {
			return
		}
		r, err := rota.Parse(file)
		if err != nil {
			require.Nil(t, r)
			return
		}
		require.NotEmpty(t, r.Names())
		r.At(at)
		r.Gap(at, 48*time.Hour)
	})
}
