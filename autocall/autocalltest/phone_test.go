package autocalltest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall/autocalltest"
)

// A server answers polls by a function of the number of the poll, and keeps
// what it was asked.
type server struct {
	answer func(n int) string
	status int

	mu    sync.Mutex
	polls int
	asked []string // method, query and model of each request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RawQuery+" "+r.Header.Get("model")))
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
	if r.Method == http.MethodGet {
		s.polls++
		_, _ = w.Write([]byte(s.answer(s.polls)))
	}
}

func (s *server) posts() (queries []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.asked {
		if query, ok := strings.CutPrefix(line, "POST "); ok {
			queries = append(queries, query)
		}
	}
	return queries
}

// always gives the same hand-out.
func always(mid string, numbers ...string) func(int) string {
	return func(int) string {
		list, _ := json.Marshal(numbers)
		return `{"phone":` + string(list) + `,"code":0,"mid":"` + mid + `"}`
	}
}

// run lets a phone run for a while in a bubble.
func run(t *testing.T, s *server, d time.Duration, opts autocalltest.Options) (p *autocalltest.Phone, err error) {
	t.Helper()
	p = autocalltest.New(s, "/alert/phone", &opts)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return p, p.Run(ctx)
}

// dialled returns the numbers dialled.
func dialled(p *autocalltest.Phone) string {
	var numbers []string
	for _, c := range p.Calls() {
		if c.Mid != "" {
			numbers = append(numbers, c.Number)
		}
	}
	return strings.Join(numbers, " ")
}

// each runs a test for all versions.
func each(t *testing.T, f func(t *testing.T, v autocalltest.Version)) {
	t.Helper()
	for _, v := range []autocalltest.Version{autocalltest.A, autocalltest.C, autocalltest.D} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, v) })
		})
	}
}

// The faults of the app that its source shows, at a server that gives the same
// hand-out for ever.
func TestAppWithARepeatingServer(t *testing.T) {
	t.Parallel()
	talk := autocalltest.Reply{Ring: 10 * time.Second, Talk: 10 * time.Second}
	for _, tt := range []struct {
		name    string
		numbers []string
		dial    func(string, int) autocalltest.Reply
		dialled string // prefix
		posts   string // prefix
	}{
		{"repeated numbers never end", []string{"a", "b", "a", "b"}, nil, "a b a b a b a b", ""},
		{"the third is never reached", []string{"a", "b", "a", "c"}, nil, "a b a b a b a b", ""},
		{"nobody, and the same mid rings again", []string{"a", "b"}, nil, "a b a b", "mid=m mid=m"},
		{"answered, and the same mid is told again", []string{"a"}, func(string, int) autocalltest.Reply { return talk }, "a", "resp=a&mid=m resp=a&mid=m"},
		{"the second answers", []string{"a", "b"}, func(n string, _ int) autocalltest.Reply {
			if n == "b" {
				return talk
			}
			return autocalltest.Reply{Ring: 5 * time.Second}
		}, "a b", "resp=b&mid=m resp=b&mid=m"},
		{"an empty list stalls", nil, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, v autocalltest.Version) {
				s := &server{answer: always("m", tt.numbers...)}
				opts := autocalltest.Options{Version: v, Dial: tt.dial, PollInterval: time.Minute}
				if tt.dial == nil {
					opts.Dial = func(string, int) autocalltest.Reply { return autocalltest.Reply{Ring: 5 * time.Second} }
				}
				p, err := run(t, s, 15*time.Minute, opts)
				require.NoError(t, err)
				require.True(t, strings.HasPrefix(dialled(p), tt.dialled), dialled(p))
				posts := strings.Join(s.posts(), " ")
				require.True(t, strings.HasPrefix(posts, tt.posts), posts)
				require.Equal(t, tt.posts == "", posts == "")
			})
		})
	}
}

// When it polls, what it says of itself, and what it does with a code that is
// not 0.
func TestAppPolls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version autocalltest.Version
		want    string
	}{{autocalltest.A, "GET"}, {autocalltest.C, "GET  MI 8"}, {autocalltest.D, "GET  MI 8"}} {
		t.Run(tt.version.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{answer: func(int) string { return `{"code":1,"msg":"x"}` }, status: 500}
				p, err := run(t, s, 51*time.Second, autocalltest.Options{Version: tt.version})
				require.NoError(t, err)
				require.Equal(t, 3, p.Polls(), "after 30, 40 and 50 s")
				require.Equal(t, []string{tt.want, tt.want, tt.want}, s.asked)
				require.Empty(t, p.Calls())
			})
		})
	}
}

// Answers that kill or stall the app. They are recorded from its source.
func TestAppTraps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		dies bool
	}{
		{"trap_adjacent_equal.json", false},
		{"trap_empty_body.txt", true},
		{"trap_empty_phone.json", false},
		{"trap_integer_numbers.json", false},
		{"trap_missing_code.json", true},
		{"trap_missing_mid.json", true},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				text, err := os.ReadFile("../testdata/" + tt.file)
				require.NoError(t, err)
				s := &server{answer: func(int) string { return string(text) }}
				p, err := run(t, s, time.Hour, autocalltest.Options{
					Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Ring: time.Second, Talk: time.Second} },
				})
				if tt.dies {
					require.ErrorIs(t, err, autocalltest.ErrDied)
					require.Equal(t, 1, p.Polls())
					return
				}
				require.NoError(t, err)
				if tt.file == "trap_integer_numbers.json" {
					require.NotEmpty(t, dialled(p))
					require.NotContains(t, strings.Join(s.posts(), " "), "resp=", "it never finds the number in its log")
				}
			})
		})
	}
}

// A body that is no JSON, and a server that hangs up, only delay it.
func TestAppWaitsAfterFailures(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(int) string{
		"no JSON":  func(int) string { return "<html>" },
		"a list":   func(int) string { return "[]" },
		"hangs up": func(int) string { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, err := run(t, &server{answer: answer}, 61*time.Second, autocalltest.Options{})
				require.NoError(t, err)
				require.Equal(t, 3, p.Polls(), "after 30, 45 and 60 s")
			})
		})
	}
}

// The fates of an outcome.
func TestAppPosts(t *testing.T) {
	t.Parallel()
	talk := autocalltest.Reply{Ring: time.Second, Talk: time.Second}
	none := autocalltest.Reply{Ring: time.Second}
	for _, tt := range []struct {
		name    string
		fate    autocalltest.Fate
		reply   autocalltest.Reply
		arrived int // of the first two
		dialled int // in all
	}{
		{"answered, lost", autocalltest.Lost, talk, 0, 1},
		{"answered, its answer lost", autocalltest.AnswerLost, talk, 2, 1},
		{"answered, swallowed", autocalltest.Swallowed, talk, 0, 1},
		{"nobody, lost", autocalltest.Lost, none, 0, 1},
		{"nobody, its answer lost", autocalltest.AnswerLost, none, 2, 1},
		{"nobody, swallowed: it rings again", autocalltest.Swallowed, none, 0, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.answer = func(n int) string {
					if len(s.asked) > 0 && strings.Contains(strings.Join(s.asked, " "), "mid=m") && tt.fate != autocalltest.AnswerLost {
						return `{"code":1}`
					}
					return always("m", "a")(n)
				}
				p, err := run(t, s, 3*time.Minute, autocalltest.Options{
					Dial: func(string, int) autocalltest.Reply { return tt.reply },
					Post: func(nth int) autocalltest.Fate {
						if nth <= 2 {
							return tt.fate
						}
						return autocalltest.Delivered
					},
				})
				require.NoError(t, err)
				posts := p.Posts()
				require.GreaterOrEqual(t, len(posts), 3)
				require.Equal(t, tt.fate == autocalltest.Lost || tt.fate == autocalltest.AnswerLost, posts[0].Err != nil)
				require.Equal(t, autocalltest.Delivered, posts[2].Fate)
				require.NoError(t, posts[2].Err)
				require.Len(t, s.posts(), len(posts)-2+tt.arrived)
				if tt.fate != autocalltest.AnswerLost {
					require.Len(t, strings.Fields(dialled(p)), tt.dialled)
				}
			})
		})
	}
}

// A killed app knows nothing, and its calls go on.
func TestAppCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: always("m", "a", "b")}
		p := autocalltest.New(s, "/alert/phone", nil)
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { require.NoError(t, p.Run(ctx)) })
		<-time.After(35 * time.Second)
		p.Crash(time.Minute)
		<-time.After(80 * time.Second)
		require.Equal(t, 1, p.Polls(), "down for a minute, and 30 s to start")
		<-time.After(20 * time.Second)
		require.Equal(t, "a a", dialled(p), "it begins anew")
		cancel()
		done.Wait()
	})
}

// Somebody who rings the phone is the last record of its log: D takes that for
// "nobody", the others wait for ever and hear no server.
func TestAppIncomingCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v autocalltest.Version) {
		s := &server{answer: always("m", "a")}
		p := autocalltest.New(s, "/alert/phone", &autocalltest.Options{Version: v, StartDelay: -1, PollInterval: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { require.NoError(t, p.Run(ctx)) })
		<-time.After(40 * time.Second)
		p.Incoming("c", autocalltest.Reply{Ring: 5 * time.Second})
		<-time.After(time.Hour)
		cancel()
		done.Wait()
		if v == autocalltest.D {
			require.NotEmpty(t, s.posts())
			return
		}
		require.Empty(t, s.posts())
		require.Equal(t, 2, p.Polls())
	})
}

// A call that never reaches the log blocks every version.
func TestAppUnloggedCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, v autocalltest.Version) {
		s := &server{answer: always("m", "a")}
		p, err := run(t, s, 24*time.Hour, autocalltest.Options{
			Version: v, Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Unlogged: true} },
		})
		require.NoError(t, err)
		require.Equal(t, 2, p.Polls())
	})
}

// In real time, over a socket, with the slash and the model that servers see.
func TestConnect(t *testing.T) {
	t.Parallel()
	s := &server{answer: always("m", "+8618700000001")}
	posted := make(chan string, 100)
	h := http.NewServeMux()
	h.HandleFunc("/alert/phone", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posted <- r.URL.RawQuery
		}
		s.ServeHTTP(w, r)
	})
	web := httptest.NewServer(h)
	defer web.Close()
	p := autocalltest.Connect(web.URL+"/alert/phone", &autocalltest.Options{
		StartDelay: -1, PollInterval: time.Millisecond, Version: autocalltest.A,
		Dial: func(string, int) autocalltest.Reply { return autocalltest.Reply{Talk: time.Nanosecond} },
	})
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { require.NoError(t, p.Run(ctx)) })
	require.Equal(t, "resp=+8618700000001&mid=m", <-posted, "unescaped")
	cancel()
	done.Wait()
	require.Equal(t, "Version(?)", autocalltest.Version(9).String())
}
