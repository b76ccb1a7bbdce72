package autocall

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever phones say and do, an item keeps its promises, and what a store
// would keep of it reads the same.
func FuzzItem(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, "18700000001", uint8(2), uint8(3))
	f.Add([]byte{0, 2, 0, 2, 0, 2, 0, 2}, "", uint8(1), uint8(1))
	f.Add([]byte{0, 7, 0, 7, 0, 7, 0, 7, 3}, "+8618700000001", uint8(10), uint8(2))
	f.Fuzz(func(t *testing.T, steps []byte, number string, rounds, people uint8) {
		r := &rules{lease: time.Minute, deadline: 3 * time.Minute}
		c := Call{Rounds: 1 + int(rounds%MaxRounds), Interval: time.Minute, Expiry: time.Hour}
		for i := range 1 + int(people%5) {
			c.People = append(c.People, Person{Number: fmt.Sprintf("1870000000%d", i)})
		}
		c, err := c.checked()
		require.NoError(t, err)
		w := &world{t: t, r: r, it: newItem("id", c, 1), now: 1, number: number, answered: -1}
		for i, s := range steps[:min(len(steps), 200)] {
			w.step(i, s)
			w.check()
		}
	})
}

// A world is an item and the time.
type world struct {
	t        *testing.T
	r        *rules
	it       *item
	now      int64
	number   string
	mids     []string
	answered int // length of the trail when it was answered
}

func (w *world) step(i int, s byte) {
	it, phone := w.it, fmt.Sprintf("p%d", s>>6)
	w.now += int64(s&0x30) * 500
	switch s & 7 {
	case 0, 1:
		if it.State != Queued || it.Due > w.now {
			return
		}
		w.mids = append(w.mids, fmt.Sprint("mid", i))
		it.handOut(w.now, w.r, phone, fmt.Sprint("mid", i))
	case 2, 3, 4:
		if len(w.mids) == 0 {
			return
		}
		mid := w.mids[int(s>>3)%len(w.mids)]
		number := []string{"", w.number, it.Call.People[int(s>>4)%len(it.Call.People)].Number}[s&7-2]
		if it.Hand != nil && s&8 != 0 {
			phone = it.Hand.Phone
		}
		it.post(w.now, phone, mid, number)
	case 5:
		it.overdue(w.now)
	case 6:
		if it.Hand != nil && it.State.Open() {
			it.again(w.now, w.r)
		}
	case 7:
		if s == 0xff {
			it.cancel(w.now, "over")
		}
		if it.Hand != nil && it.State == Ringing {
			w.now = it.Hand.Lease
			it.overdue(w.now)
		}
	}
}

func (w *world) check() {
	t, it := w.t, w.it
	require.Equal(t, it.State == Ringing, it.Hand != nil && it.State.Open())
	require.Equal(t, it.State == Answered, it.By != nil)
	require.Equal(t, it.State.Open(), it.Finished == 0)
	require.LessOrEqual(t, it.Round, it.Call.Rounds)
	require.Less(t, it.Lost, maxLost)
	require.LessOrEqual(t, len(it.Audit), maxAudit)
	if it.State.Open() {
		require.Less(t, it.Place, len(it.Call.People))
	}
	if it.State == Answered && w.answered < 0 {
		w.answered = len(it.Audit)
	}
	if w.answered >= 0 {
		require.Equal(t, Answered, it.State, "nothing takes an answer back")
		for _, e := range it.Audit[w.answered:] {
			require.Contains(t, []Event{EventIgnored, EventSuspicious}, e.Event)
		}
	}
	require.False(t, slices.ContainsFunc(it.Audit, func(e Entry) bool { return strings.Contains(e.Number+e.Cause, "187000000") }))
	text, err := json.Marshal(it)
	require.NoError(t, err)
	again := new(item)
	require.NoError(t, json.Unmarshal(text, again))
	text2, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(text), string(text2))
}

// The trail does not grow by requests that change nothing.
func TestAuditIsBounded(t *testing.T) {
	t.Parallel()
	c, err := Call{People: []Person{{Number: "18700000001"}}}.checked()
	require.NoError(t, err)
	it := newItem("id", c, 1)
	it.handOut(1, &rules{lease: time.Minute, deadline: time.Minute}, "p", "m")
	for range 2 * maxAudit {
		it.post(2, "p", "m", "18800000002")
	}
	require.Len(t, it.Audit, maxAudit)
	it.post(3, "p", "m", "18700000001")
	require.Len(t, it.Audit, maxAudit+1, "what changes something is kept")
	require.Equal(t, Answered, it.State)
}
