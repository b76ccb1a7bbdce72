package autocalltest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// A person decides while it rings.
func TestSettle(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name  string
		reply autocalltest.Reply
		posts []string // by the half-minute after the decision
		more  bool     // it can be settled again at once
	}{
		{"picks up", autocalltest.Reply{Talk: 5 * second}, []string{"resp=a&mid=m"}, false},
		{"declines", autocalltest.Reply{}, []string{"mid=m"}, false},
		{"rings on, then picks up", autocalltest.Reply{Ring: 5 * second, Talk: 5 * second}, []string{"resp=a&mid=m"}, true},
		{"rings on", autocalltest.Reply{Ring: time.Hour}, nil, true},
		{"is not logged", autocalltest.Reply{Unlogged: true}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{answer: func(n int) string {
					if n > 2 {
						return `{"code":1,"msg":"no alert"}`
					}
					return always("m", "a")(n)
				}}
				p := autocalltest.New(s, "/alert/phone", &autocalltest.Options{StartDelay: -1, Dial: func(string, int) autocalltest.Reply {
					return autocalltest.Reply{Ring: time.Hour}
				}})
				require.False(t, p.Settle(autocalltest.Reply{Talk: second}), "nothing rings")
				p.Incoming("b", autocalltest.Reply{Ring: time.Hour})
				require.False(t, p.Settle(autocalltest.Reply{Talk: second}), "not the app's")
				start := time.Now()
				go func() { _ = p.Run(t.Context()) }()
				<-time.After(20 * second)
				require.Empty(t, s.posts())
				require.True(t, p.Settle(tt.reply))
				require.Equal(t, tt.more, p.Settle(tt.reply), "until it is picked up")
				c := p.Calls()[1]
				require.Equal(t, start, c.Start)
				require.Equal(t, start.Add(20*second+tt.reply.Ring+tt.reply.Talk), c.End)
				require.Equal(t, tt.reply.Talk, c.Talk)
				<-time.After(30 * second)
				require.Equal(t, tt.posts, s.posts())
			})
		})
	}
}
