package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/ocp"
)

func titles(t *testing.T, b batch) (all []string) {
	t.Helper()
	for _, text := range b.Items {
		var it item
		require.NoError(t, json.Unmarshal(text, &it))
		all = append(all, it.Dest+it.Title)
	}
	return all
}

func TestHub(t *testing.T) {
	t.Parallel()
	h := newHub()
	b, last, next := h.since(0)
	require.True(t, b.Reset)
	require.Empty(t, b.Items)
	id := h.add(item{Dest: "a", Title: "1"})
	<-next
	h.add(item{Dest: "b", Title: "2"})
	b, middle, next := h.since(last)
	require.Equal(t, []string{"a1", "b2"}, titles(t, b))
	h.change("a", id, func(it *item) { it.Title = "changed" })
	<-next
	b, last, next = h.since(middle)
	require.Equal(t, []string{"achanged"}, titles(t, b), "what has not changed is not told again")
	h.change("b", id, func(*item) { t.Error("another destination") })
	h.count("a", func(t *tally) { t.Accepted = 0 })
	select {
	case <-next:
		t.Error("nothing has changed")
	default:
	}
	h.count("a", func(t *tally) { t.Accepted++ })
	<-next
	b, _, _ = h.since(last)
	require.Equal(t, map[string]tally{"a": {Accepted: 1}}, b.Tallies)
	require.Empty(t, b.Items)
	b, _, _ = h.since(0)
	require.Equal(t, []string{"achanged", "b2"}, titles(t, b), "who comes late gets all")
}

func TestHubIsBounded(t *testing.T) {
	t.Parallel()
	h := newHub()
	first := h.add(item{Dest: "a"})
	h.add(item{Dest: "b", Title: "stays"})
	for n := range 3 * keep {
		h.add(item{Dest: "a", Title: fmt.Sprint(n)})
	}
	h.change("a", first, func(*item) { t.Error("it is gone") })
	b, _, _ := h.since(0)
	require.Len(t, b.Items, keep+1)
	require.Equal(t, "bstays", titles(t, b)[0])
	require.Equal(t, fmt.Sprint("a", 3*keep-1), titles(t, b)[keep])
	require.LessOrEqual(t, cap(h.lists["a"]), 2*keep)
}

// Somebody who does not read delays nobody.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Targets().Page+"events", http.NoBody)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() // and never read
	for range 20 * keep {   // many times what sockets hold
		s.hub.add(item{Dest: destTrap, Title: strings.Repeat("x", 20_000)})
	}
	require.Len(t, s.hub.items(destTrap), keep)
}

// Each press of a button is news, and what it posts is a callback.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	read := func(c callback) alert.Alert {
		parsed, err := aliyun.Parse(c.media, []byte(c.body))
		require.NoError(t, err)
		require.Empty(t, parsed.Problems)
		alerts := parsed.Alerts()
		require.Len(t, alerts, 1)
		return alerts[0]
	}
	for name, make := range map[string]func(time.Time) callback{"event": event, "critical": critical, "threshold": threshold, "recovery": recovery, "hostile": hostile} {
		a, b := read(make(now)), read(make(now.Add(time.Second)))
		require.NotEqual(t, a.ID, b.ID, name)
		if name != "threshold" && name != "recovery" { // these are known by their time
			require.NotEqual(t, a.ID, read(make(now)).ID, name)
		}
		require.True(t, a.StartsAt.Equal(now) || a.EndsAt.Equal(now), name)
		require.Equal(t, name == "critical", a.Severity == alert.Critical, name)
	}
	firing, resolved := read(threshold(now)), read(recovery(now.Add(time.Minute)))
	require.Equal(t, firing.Key, resolved.Key)
	require.Equal(t, alert.Resolved, resolved.Status)
	p, err := ocp.FromEnv(ocpEnvironment(now))
	require.NoError(t, err)
	require.Empty(t, p.Problems)
	require.Equal(t, alert.Critical, p.Alert().Severity)
	later, err := ocp.FromEnv(ocpEnvironment(now.Add(time.Second)))
	require.NoError(t, err)
	require.NotEqual(t, p.Alert().ID, later.Alert().ID)
}

func TestStorm(t *testing.T) {
	t.Parallel()
	ids, critical := map[string]bool{}, 0
	for n := range stormSize {
		g := gust(time.Unix(1_800_000_000, 0), n)
		c, err := aliyun.Parse(g.media, []byte(g.body))
		require.NoError(t, err)
		a := c.Alerts()[0]
		ids[a.Source+a.ID] = true
		if a.Severity == alert.Critical {
			critical++
		}
	}
	require.Len(t, ids, stormSize, "no two are one event")
	require.Equal(t, 1, critical, "one telephone call")
}

// The page says the same in each language.
func TestWords(t *testing.T) {
	t.Parallel()
	var said map[string]words
	require.NoError(t, json.Unmarshal(wordsText, &said))
	require.Len(t, said, len(languages()))
	for _, lang := range languages() {
		for key := range said["en"] {
			require.NotEmpty(t, said[lang][key], "%s in %s", key, lang)
		}
		require.Len(t, said[lang], len(said["en"]), lang)
	}
	for _, part := range strings.Split(string(pageScript), `say("`)[1:] {
		key, _, _ := strings.Cut(part, `"`)
		if !strings.HasSuffix(key, ".") {
			require.Contains(t, said["en"], key)
		}
	}
	for _, state := range []callState{ringing, talking, answered, pressed, missed, ended} {
		require.Contains(t, said["en"], string(state))
	}
}

func TestReplaceJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ object, want string }{
		{`{"userId":"1","id":"2","x":{"id":"3"}}`, `{"userId":"1","id":"new","x":{"id":"3"}}`},
		{`{"id" : "2"}`, `{"id" : "new"}`}, {`{"a":"b"}`, `{"a":"b"}`}, {`{"id":1}`, `{"id":1}`}, {`{"id":"x`, `{"id":"x`},
	} {
		require.Equal(t, tt.want, replaceJSON(tt.object, "id", "new"))
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		listen string
		want   []string
	}{
		{"127.0.0.1:8090", []string{"localhost", "127.0.0.1", "::1"}},
		{"", []string{"localhost", "127.0.0.1", "::1"}},
		{"192.0.2.7:8090", []string{"localhost", "127.0.0.1", "::1", "192.0.2.7"}},
		{"box.example:8090", []string{"localhost", "127.0.0.1", "::1", "box.example"}},
		{":8090", []string{"localhost", "127.0.0.1", "::1", "192.0.2.7", "192.0.2.8"}},
		{"0.0.0.0:8090", []string{"localhost", "127.0.0.1", "::1", "192.0.2.7", "192.0.2.8"}},
	} {
		known := hosts(tt.listen)
		for _, host := range []string{"localhost", "127.0.0.1", "::1", "192.0.2.7", "192.0.2.8", "box.example", "evil.example", "", "[", "localhost.", "127.0.0.1.evil.example"} {
			require.Equal(t, slices.Contains(tt.want, host), known(host), "%s for %s", host, tt.listen)
		}
	}
	require.True(t, hosts("")("[::1]"))
}

// A call that is over is forgotten, and takes no more decisions.
func TestBoard(t *testing.T) {
	t.Parallel()
	b := newBoard(newHub())
	var got []decision
	id := b.ring(destVoice, call{Number: "1"}, func(id int64, d decision) bool {
		got = append(got, d)
		b.show(destVoice, id, func(k *call) { k.State = talking })
		return true
	})
	require.True(t, b.decide(id, decision{act: "answer"}))
	require.False(t, b.decide(id+1, decision{act: "answer"}))
	require.Equal(t, talking, b.hub.items(destVoice)[0].Call.State)
	require.Len(t, b.open, 1)
	b.show(destVoice, id, func(k *call) { k.State = missed })
	require.Empty(t, b.open)
	require.False(t, b.decide(id, decision{act: "answer"}))
	require.Len(t, got, 1)
}

func TestClip(t *testing.T) {
	t.Parallel()
	require.Equal(t, "告警", clip("告警", 2))
	require.Equal(t, "告警…", clip("告警通知", 2))
	require.Equal(t, "10239 B", size(10<<10-1))
	require.Equal(t, "10 KB", size(10<<10))
}
