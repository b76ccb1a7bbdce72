package autocall_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// Answers are those of the documentation and of the app's source, byte by byte
// but for blanks.
func TestHandlerAnswersLikeTheFixtures(t *testing.T) {
	t.Parallel()
	const mid = "60d500000000000000000001"
	hand := &broken{out: &autocall.HandOut{Mid: mid, Number: numberA}}
	nothing := &broken{Queue: newQueue(t, nil), out: &autocall.HandOut{}}
	ok := &broken{Queue: receiver{autocall.Receipt{Call: "c", Event: autocall.EventNobody}}}
	for _, tt := range []struct {
		file   string
		queue  autocall.Queue
		method string
		query  string
	}{
		{"get_alert_single.json", hand, http.MethodGet, ""},
		{"get_none.json", nothing, http.MethodGet, ""},
		{"post_response_ok.json", ok, http.MethodPost, "?mid=" + mid},
		{"post_response_unknown_mid.json", nothing, http.MethodPost, "?mid=" + mid},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			var want bytes.Buffer
			require.NoError(t, json.Compact(&want, []byte(fixture(t, tt.file))))
			path := pathOf(token1)
			for _, spelling := range []string{path, path + "/", path + "//", "/" + path, strings.ReplaceAll(path, "/", "//"), strings.ReplaceAll(path, "/a", "%2f%61")} {
				w := request(newHandler(t, tt.queue, nil), tt.method, spelling+tt.query)
				require.Equal(t, want.String(), w.Body.String())
				require.Equal(t, http.StatusOK, w.Code)
				require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
				require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			}
		})
	}
}

// A receiver takes every outcome for the same.
type receiver struct{ autocall.Receipt }

func (r receiver) Answer(context.Context, autocall.Outcome) (autocall.Receipt, error) {
	return r.Receipt, nil
}

func (receiver) Enqueue(context.Context, autocall.Call) (string, bool, error) { return "", false, nil }
func (receiver) Next(context.Context, autocall.Phone) (autocall.HandOut, error) {
	return autocall.HandOut{}, nil
}
func (receiver) Cancel(context.Context, string, string) (bool, error)       { return false, nil }
func (receiver) CancelKey(context.Context, string, string) (string, error)  { return "", nil }
func (receiver) Get(context.Context, string) (autocall.Status, error)       { return autocall.Status{}, nil }
func (receiver) List(context.Context, bool, int) ([]autocall.Status, error) { return nil, nil }
func (receiver) Phones(context.Context) ([]autocall.PhoneStatus, error)     { return nil, nil }

// Requests as the app builds them. The token stands in the path that a real
// one would have; the rest is as it was recorded.
func TestHandlerReadsTheRequestsOfTheApp(t *testing.T) {
	t.Parallel()
	const mid = "60d500000000000000000001"
	for _, tt := range []struct {
		file  string
		want  autocall.Outcome
		model string
	}{
		{file: "get_request_v1.http"},
		{file: "get_request_v2021_09.http", model: "MI 8"},
		{file: "post_answered.http", want: autocall.Outcome{Mid: mid, Number: numberA}},
		{file: "post_answered_plus.http", want: autocall.Outcome{Mid: mid, Number: "+8618700000001"}},
		{file: "post_nobody.http", want: autocall.Outcome{Mid: mid}},
		{file: "post_query_in_url_broken.http", want: autocall.Outcome{Mid: mid, Number: numberA}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.ReplaceAll(fixture(t, tt.file), "\r\n", "\n"), "\n")
			words := strings.Fields(lines[0])
			r := httptest.NewRequest(words[0], "/phone/"+token2+words[1], nil)
			for _, line := range lines[1:] {
				if key, value, found := strings.Cut(line, ": "); found {
					r.Header.Set(key, value)
				}
			}
			q := &recorder{}
			w := httptest.NewRecorder()
			newHandler(t, q, nil).ServeHTTP(w, r)
			read(t, w.Body.String())
			if words[0] == http.MethodGet {
				require.Equal(t, []autocall.Phone{{Name: "p2", Model: tt.model}}, q.polls)
				return
			}
			tt.want.Phone.Name = "p2"
			require.Equal(t, []autocall.Outcome{tt.want}, q.outcomes)
		})
	}
}

// A recorder is a queue that keeps what the handler asks.
type recorder struct {
	receiver
	polls    []autocall.Phone
	outcomes []autocall.Outcome
}

func (r *recorder) Next(_ context.Context, p autocall.Phone) (autocall.HandOut, error) {
	r.polls = append(r.polls, p)
	return autocall.HandOut{}, nil
}

func (r *recorder) Answer(_ context.Context, o autocall.Outcome) (autocall.Receipt, error) {
	r.outcomes = append(r.outcomes, o)
	return autocall.Receipt{}, nil
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	const mid = "?mid=m"
	for _, tt := range []struct {
		name, method, target string
		status, code         int
	}{
		{"root", http.MethodGet, "/", 404, 2},
		{"no token", http.MethodGet, "/alert/phone", 404, 2},
		{"wrong token", http.MethodGet, pathOf("token-of-nobody-at-all"), 404, 2},
		{"longer token", http.MethodGet, pathOf(token1 + "x"), 404, 2},
		{"token in the query", http.MethodGet, "/alert/phone?token=" + token1, 404, 2},
		{"token alone", http.MethodGet, "/phone/" + token1, 404, 2},
		{"something behind", http.MethodGet, pathOf(token1) + "/x", 404, 2},
		{"wrong token and method", http.MethodPut, pathOf("token-of-nobody-at-all"), 404, 2},
		{"PUT", http.MethodPut, pathOf(token1), 405, 2},
		{"HEAD hands out nothing", http.MethodHead, pathOf(token1), 405, 2},
		{"OPTIONS", http.MethodOptions, pathOf(token1), 405, 2},
		{"odd method", "BREW", pathOf(token1), 405, 2},
		{"no mid", http.MethodPost, pathOf(token1), 400, 2},
		{"no mid, as # cuts it off", http.MethodPost, pathOf(token1) + "?resp=**21*1", 400, 2},
		{"empty mid", http.MethodPost, pathOf(token1) + "?mid=&resp=" + numberA, 400, 2},
		{"long mid", http.MethodPost, pathOf(token1) + "?mid=" + strings.Repeat("m", 129), 400, 2},
		{"longest mid", http.MethodPost, pathOf(token1) + "?mid=" + strings.Repeat("m", 128), 200, 1},
		{"long resp", http.MethodPost, pathOf(token1) + mid + "&resp=" + strings.Repeat("1", 33), 400, 2},
		{"longest resp", http.MethodPost, pathOf(token1) + mid + "&resp=" + strings.Repeat("1", 32), 200, 1},
		{"long query", http.MethodPost, pathOf(token1) + mid + "&x=" + strings.Repeat("1", 1024), 400, 2},
		{"broken escape", http.MethodPost, pathOf(token1) + mid + "&resp=%zz", 400, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, nil)
			id := enqueue(t, q, autocall.Call{People: people(numberA)})
			w := request(newHandler(t, q, nil), tt.method, tt.target)
			require.Equal(t, tt.status, w.Code)
			require.Equal(t, tt.code, *read(t, w.Body.String()).Code)
			require.Equal(t, tt.status == 405, w.Header().Get("Allow") == "GET, POST")
			require.Empty(t, w.Header().Get("Location"))
			require.Equal(t, autocall.Queued, get(t, q, id).State, "nothing was handed out")
		})
	}
}

// Who guesses cannot tell a mid that exists from one that does not.
func TestHandlerIsNoOracle(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	h := newHandler(t, q, nil)
	enqueue(t, q, autocall.Call{People: people(numberA)})
	mid := next(t, q, "p1").Mid
	unknown := request(h, http.MethodPost, pathOf(token2)+"?mid=x&resp="+numberB)
	known := request(h, http.MethodPost, pathOf(token2)+"?mid="+mid+"&resp="+numberB)
	require.Equal(t, unknown.Body.String(), known.Body.String())
	require.Equal(t, unknown.Code, known.Code)
	require.Equal(t, 0, *read(t, request(h, http.MethodPost, pathOf(token1)+"?mid="+mid+"&resp="+numberA).Body.String()).Code)
}

func TestHandlerLimitsEachPhone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, newQueue(t, nil), nil)
		poll := func(token string) int { return request(h, http.MethodGet, pathOf(token)).Code }
		for range 5 {
			require.Equal(t, 200, poll(token1))
		}
		w := request(h, http.MethodGet, pathOf(token1))
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, 1, *read(t, w.Body.String()).Code)
		require.Equal(t, 200, poll(token2), "which has a budget of its own")
		for range 5 {
			require.Equal(t, 200, request(h, http.MethodPost, pathOf(token1)+"?mid=m").Code, "outcomes count apart")
		}
		require.Equal(t, 429, request(h, http.MethodPost, pathOf(token1)+"?mid=m").Code)
		for range 50 {
			pass(10 * time.Second)
			require.Equal(t, 200, poll(token1))
		}
	})
}

// Whatever panics, a poll is answered; an outcome is not.
func TestHandlerPanics(t *testing.T) {
	t.Parallel()
	q := &broken{Queue: newQueue(t, nil), boom: true}
	var log bytes.Buffer
	h := newHandler(t, q, &autocall.HandlerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	q.fail.Store(1)
	w := request(h, http.MethodGet, pathOf(token1))
	require.Equal(t, 503, w.Code)
	require.JSONEq(t, `{"code":1,"msg":"queue not available"}`, w.Body.String())
	q.fail.Store(1)
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { request(h, http.MethodPost, pathOf(token1)+"?mid=m&resp="+numberA) })
	require.Equal(t, 2, strings.Count(log.String(), "panic: string"))
	leaktest.Check(t, []string{token1, numberA}, log.String(), w.Body.String())
}

// What strangers do fills no log.
func TestHandlerLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q := newQueue(t, nil)
		h := newHandler(t, q, &autocall.HandlerOptions{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		for range 1000 {
			request(h, http.MethodGet, pathOf("token-of-nobody-at-all"))
		}
		require.Equal(t, 6, strings.Count(log.String(), "wrong token or path"))
		require.NotContains(t, log.String(), "token-of-nobody")
		require.Contains(t, log.String(), `"caller":"192.0.2.1"`)
		request(h, http.MethodPost, pathOf(token2)+"?mid=unknown&resp="+numberA)
		require.Contains(t, log.String(), "outcome of an unknown mid")
		request(h, http.MethodPost, pathOf(token2)+"?resp="+numberA)
		require.Contains(t, log.String(), "mid missing")
		leaktest.Check(t, []string{token1, token2, numberA}, log.String(), h)
	})
}

func TestNewHandler(t *testing.T) {
	t.Parallel()
	q := newQueue(t, nil)
	for _, tt := range []struct {
		name   string
		queue  autocall.Queue
		tokens map[string]string
		want   string
	}{
		{"no queue", nil, tokens(), "autocall: new handler: no queue"},
		{"no phone", q, nil, "autocall: new handler: no phone"},
		{"no name", q, map[string]string{"": token1}, `autocall: new handler: phone 1: the name must be one line of 1 to 128 bytes`},
		{"name of two lines", q, map[string]string{"a\nb": token1}, `autocall: new handler: phone 1: the name must be one line of 1 to 128 bytes`},
		{"short token", q, map[string]string{"a": "secret-secret-1"}, `autocall: new handler: phone 1: the token must be at least 16 letters, digits and -._~`},
		{"token for no path", q, map[string]string{"a": "secret/secret/secret"}, `autocall: new handler: phone 1: the token must be at least 16 letters, digits and -._~`},
		{"token of dots", q, map[string]string{"a": strings.Repeat(".", 20)}, `autocall: new handler: phone 1: the token must be at least 16 letters, digits and -._~`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := autocall.NewHandler(tt.queue, handsets(tt.tokens), nil)
			require.EqualError(t, err, tt.want)
		})
	}
	for _, twins := range [][]autocall.Handset{{{"a", token1}, {"b", token1}}, {{"a", token1}, {"a", token2}}, {{token1, "a"}}, {{token1, token2}, {token1, token3}}} {
		_, err := autocall.NewHandler(q, twins, nil)
		require.Error(t, err)
		leaktest.Check(t, []string{token1, token2}, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb, []autocall.Handset{{"rack", token1}}), token1)
	}
}

// A queue that is slow costs neither the poll nor the outcome, and the phone
// that hangs up takes no outcome with it.
func TestHandlerContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &slow{}
		h := newHandler(t, q, nil)
		began := time.Now()
		w := request(h, http.MethodGet, pathOf(token1))
		require.Equal(t, 503, w.Code)
		require.Less(t, time.Since(began), 10*time.Second, "when the app hangs up")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, pathOf(token1)+"?mid=m", nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		require.NoError(t, q.err)
		require.Equal(t, 8*time.Second, q.left)
	})
}

// slow answers polls when their context ends, and looks at that of outcomes.
type slow struct {
	receiver
	err  error
	left time.Duration
}

func (*slow) Next(ctx context.Context, _ autocall.Phone) (autocall.HandOut, error) {
	<-ctx.Done()
	return autocall.HandOut{}, errors.New("slow")
}

func (s *slow) Answer(ctx context.Context, _ autocall.Outcome) (autocall.Receipt, error) {
	s.err = ctx.Err()
	deadline, _ := ctx.Deadline()
	s.left = time.Until(deadline)
	return autocall.Receipt{}, nil
}
