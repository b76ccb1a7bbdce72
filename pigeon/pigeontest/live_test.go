package pigeontest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// shape is what the tests compare of a chain.
func shape(p pigeontest.Progress) (rings []string) {
	for _, r := range p.Rings {
		word := r.Contact + " " + r.Status + r.Key
		if r.Ended.IsZero() {
			word += " …"
		}
		rings = append(rings, word)
	}
	return rings
}

// inHand is the place of the last call that has begun.
func inHand(s *pigeontest.Server) int { return len(s.Progress(0)[0].Rings) - 1 }

func TestPick(t *testing.T) {
	t.Parallel()
	const ringing = "on-call 1 calling …"
	tests := []struct {
		name   string
		picks  []pigeontest.Pickup
		want   []string
		status string
		active bool
		key    string
	}{
		{name: "nobody yet", want: []string{ringing}, status: "calling", active: true},
		{name: "a key that ends it", picks: []pigeontest.Pickup{pigeontest.Pressed("1")}, want: []string{"on-call 1 succeeded1"}, status: "succeeded", key: "1"},
		{name: "a key for the next person", picks: []pigeontest.Pickup{pigeontest.Pressed("2")},
			want: []string{"on-call 1 succeeded2", "on-call 2 calling …"}, status: "calling", active: true, key: "2"},
		{name: "listening", picks: []pigeontest.Pickup{pigeontest.Ignored()}, want: []string{ringing}, status: "calling", active: true},
		{name: "a key without a meaning", picks: []pigeontest.Pickup{pigeontest.Pressed("9")}, want: []string{ringing}, status: "calling", active: true},
		{name: "listening, then a key", picks: []pigeontest.Pickup{pigeontest.Ignored(), pigeontest.Pressed("9"), pigeontest.Pressed("1")},
			want: []string{"on-call 1 succeeded1"}, status: "succeeded", key: "1"},
		{name: "missed", picks: []pigeontest.Pickup{pigeontest.Missed()}, want: []string{"on-call 1 missed", "on-call 2 calling …"}, status: "calling", active: true},
		{name: "broken, then missed", picks: []pigeontest.Pickup{pigeontest.Broken(), pigeontest.Missed()},
			want: []string{"on-call 1 failed", "on-call 2 missed"}, status: "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t)
				_, object := c.call("POST", api+"/chain/invoke", ids)
				id, _ := object["resultId"].(string)
				<-time.After(10 * time.Second)
				for _, p := range tt.picks {
					require.True(t, c.server.Pick(id, inHand(c.server), p))
				}
				all := c.server.Progress(0)
				require.Len(t, all, 1)
				require.Equal(t, id, all[0].ResultID)
				require.Equal(t, tt.want, shape(all[0]))
				require.Equal(t, tt.status, all[0].Status)
				require.Equal(t, tt.active, all[0].Active)
				require.Equal(t, tt.key, all[0].Key)
				_, result := c.call("GET", api+"/results/"+id, "")
				require.Equal(t, tt.active, result["isActive"], "the API says the same")
				require.Equal(t, tt.status, result["status"])
				require.Equal(t, tt.active, c.server.Pick(id, inHand(c.server), pigeontest.Pressed("1")), "only while a phone is in hand")
				require.Empty(t, c.server.Progress(1))
				require.Len(t, c.server.Progress(-1), 1)
			})
		})
	}
}

// What was picked stays so, and what follows is worked out from then on.
func TestPickTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t)
		c.server.Answer = func(d pigeontest.Dial) pigeontest.Pickup {
			if d.Contact == "on-call 2" {
				return pigeontest.Pressed("1")
			}
			return pigeontest.Missed()
		}
		_, object := c.call("POST", api+"/chain/invoke", ids)
		id, _ := object["resultId"].(string)
		start := time.Now()
		<-time.After(29 * time.Second)
		require.True(t, c.server.Pick(id, 0, pigeontest.Ignored()))
		<-time.After(100 * time.Second)
		require.True(t, c.server.Pick(id, 0, pigeontest.Ignored()), "it listens for 3.5 minutes")
		<-time.After(110 * time.Second)
		p := c.server.Progress(0)[0]
		require.Equal(t, []string{"on-call 1 ignored", "on-call 2 calling …"}, shape(p), "and no longer for the second time")
		require.Equal(t, start.Add(239*time.Second), p.Rings[0].Ended)
		require.Equal(t, start.Add(239*time.Second), p.Rings[1].Begun)
		for _, ring := range []int{-1, 0, 2} {
			require.False(t, c.server.Pick(id, ring, pigeontest.Pressed("1")), "not the one in hand")
		}
		require.False(t, c.server.Pick("another", 1, pigeontest.Pressed("1")))
		<-time.After(40 * time.Second)
		require.Equal(t, []string{"on-call 1 ignored", "on-call 2 succeeded1"}, shape(c.server.Progress(0)[0]), "Answer said so")
		require.False(t, c.server.Pick(id, 1, pigeontest.Missed()), "it is over")
	})
}

func TestPickAborted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t)
		c.server.Line = time.Minute
		_, object := c.call("POST", api+"/chain/invoke", ids)
		id, _ := object["resultId"].(string)
		require.False(t, c.server.Pick(id, 0, pigeontest.Pressed("1")), "it waits for a line")
		require.Equal(t, "waiting", c.server.Progress(0)[0].Status)
		<-time.After(61 * time.Second)
		c.call("POST", api+"/chain/abort", `{"resultId":"`+id+`"}`)
		require.Equal(t, []string{"on-call 1 aborting …"}, shape(c.server.Progress(0)[0]))
		require.False(t, c.server.Pick(id, 0, pigeontest.Pressed("1")), "it is being stopped")
	})
}
