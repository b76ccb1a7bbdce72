package ocp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

func TestParsePage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, data           string
		entries, total, page int
		fails                bool
	}{
		{"as the examples", `{"contents":[{}],"page":{"totalElements":9,"totalPages":3}}`, 1, 9, 3, false},
		{"as the tables", `{"contents":[{}],"totalElements":9,"totalPage":3}`, 1, 9, 3, false},
		{"old name inside", `{"contents":[{}],"page":{"totalElements":"9","totalPage":"3"}}`, 1, 9, 3, false},
		{"both", `{"contents":[{}],"totalElements":1,"totalPage":1,"page":{"totalElements":9,"totalPages":3}}`, 1, 9, 3, false},
		{"no numbers", `{"contents":[{}]}`, 1, -1, -1, false},
		{"numbers of other types", `{"contents":[{}],"page":{"totalElements":null,"totalPages":[]}}`, 1, -1, -1, false},
		{"negative", `{"contents":[],"page":{"totalElements":-5,"totalPages":-5}}`, 0, -1, -1, false},
		{"zero", `{"contents":[],"page":{"totalElements":0,"totalPages":0}}`, 0, 0, 0, false},
		{"page of another type", `{"contents":[],"page":1}`, 0, -1, -1, false},
		{"bare list", `[{},{}]`, 2, 2, 1, false},
		{"null contents", `{"contents":null}`, 0, 0, 0, true},
		{"no contents", `{}`, 0, 0, 0, true},
		{"null", `null`, 0, 0, 0, true},
		{"nothing", ``, 0, 0, 0, true},
		{"contents of another type", `{"contents":{}}`, 0, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			entries, total, pages, err := ocp.ParsePage(json.RawMessage(tt.data))
			require.Equal(t, tt.fails, err != nil)
			if !tt.fails {
				require.Equal(t, []int{tt.entries, tt.total, tt.page}, []int{len(entries), total, pages})
			}
		})
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		for _, n := range []int{0, 1, 9, 10, 11, 35} {
			t.Run(fmt.Sprint(old, " ", n), func(t *testing.T) {
				t.Parallel()
				client, server := newClient(t, nil)
				server.OldPages = old
				for i := range n {
					server.Raise(ocptest.Event{Type: "t", Target: fmt.Sprintf("x=%d", i), Level: 1 + i%5})
				}
				server.Raise(ocptest.Event{Type: "t", Target: "other", Status: "Inactive"})
				events, err := collect(client.Events(t.Context(), ocp.Query{Status: "Active", Size: 10}))
				require.NoError(t, err)
				require.Len(t, events, n)
				require.Equal(t, max(1, (n+9)/10), server.Attempts())
				for i, e := range events {
					require.Equal(t, fmt.Sprintf("x=%d", n-1-i), e.Target, "in the order of OCP")
				}
			})
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	far := &spy{answer: func(int, *http.Request) (*http.Response, error) {
		return reply(200, `{"successful":true,"data":[]}`), nil
	}}
	client, err := ocp.NewClient("https://ocp.example.com", ocp.Basic(testUser, testPassword), &ocp.Options{HTTPClient: far.client()})
	require.NoError(t, err)
	zone := time.FixedZone("", 8*60*60)
	q := ocp.Query{
		AppType: "OceanBase", Scope: "Host", Level: 2, Status: "Active", Keyword: "a b", Size: 200,
		From: time.Date(2020, 11, 11, 11, 12, 13, 127e6, zone), To: time.Date(2020, 11, 12, 0, 0, 0, 0, time.UTC),
		More: map[string]string{"alarmType": "x", "page": "7"},
	}
	_, err = collect(client.Events(t.Context(), q))
	require.NoError(t, err)
	require.Equal(t, "GET https://ocp.example.com/api/v2/alarm/alarms?activeAtEnd=2020-11-12T00%3A00%3A00.000Z&activeAtStart=2020-11-11T11%3A12%3A13.127%2B08%3A00"+
		"&alarmType=x&appType=OceanBase&keyword=a%20b&level=2&page=1&scope=Host&size=200&status=Active", far.requests[0].Method+" "+far.requests[0].URL.String())
	for _, err := range client.Notifications(t.Context(), ocp.Query{From: q.From, More: map[string]string{"alarmId": "7"}}) {
		require.NoError(t, err)
	}
	require.Equal(t, "https://ocp.example.com/api/v2/alarm/notifications?alarmId=7&page=1&sentAtStart=2020-11-11T11%3A12%3A13.127%2B08%3A00&size=50", far.requests[1].URL.String())
	require.Empty(t, far.bodies[0])

	for _, bad := range []ocp.Query{{Level: 6}, {Level: -1}, {Size: 201}, {Size: -1}} {
		_, err := collect(client.Events(t.Context(), bad))
		require.ErrorContains(t, err, "ocp: list alarms: query: ")
		require.False(t, alert.Retryable(err))
	}
	require.Len(t, far.requests, 2)
}

func numbered(total, pages int, ids ...int) string {
	var entries []string
	for _, id := range ids {
		entries = append(entries, fmt.Sprintf(`{"id":%d,"alarmType":"t","target":"x=%d","status":"Active"}`, id, id))
	}
	return fmt.Sprintf(`{"successful":true,"data":{"contents":[%s],"page":{"totalElements":%d,"totalPages":%d}}}`, strings.Join(entries, ","), total, pages)
}

func TestLiars(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		page     func(number int) string
		events   int
		requests int
		want     string // "": no error
	}{
		{"no totals, empty page at the end", func(n int) string {
			if n == 3 {
				return `{"successful":true,"data":{"contents":[]}}`
			}
			return fmt.Sprintf(`{"successful":true,"data":{"contents":[{"id":%d}]}}`, n)
		}, 2, 3, ""},
		{"no totals, the same page for ever", func(int) string { return `{"successful":true,"data":{"contents":[{"id":1},{"id":2}]}}` }, 2, 2, "page 2: the list is not complete: it repeats"},
		{"the same page for ever", func(int) string { return numbered(100, 50, 1, 2) }, 2, 2, "repeats entries"},
		{"says one page, counts more", func(int) string { return numbered(10, 1, 1, 2) }, 2, 1, "2 entries of 10 that OCP counts"},
		{"says many pages, the second is empty", func(n int) string {
			if n == 1 {
				return numbered(2, 50, 1, 2)
			}
			return numbered(2, 50)
		}, 2, 2, ""},
		{"counts more than there are", func(n int) string {
			if n == 1 {
				return numbered(5, 3, 1, 2)
			}
			return numbered(5, 3)
		}, 2, 2, "2 entries of 5"},
		{"totals without pages", func(n int) string {
			return fmt.Sprintf(`{"successful":true,"data":{"contents":[{"id":%d}],"page":{"totalElements":3}}}`, n)
		}, 3, 3, ""},
		{"an entry on two pages", func(n int) string {
			return [...]string{numbered(3, 2, 1, 2), numbered(3, 2, 2, 3)}[n-1]
		}, 3, 2, ""},
		{"new ones for ever", func(n int) string { return numbered(1<<30, 1<<30, n) }, 2000, 2000, "more than 2000 pages"},
		{"an entry that is none", func(int) string { return `{"successful":true,"data":{"contents":[{"id":1},7]}}` }, 0, 1, "page 1: an entry of the list is no object"},
		{"no list", func(int) string { return `{"successful":true,"data":null}` }, 0, 1, "page 1: the answer holds no list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			far := &spy{answer: func(_ int, r *http.Request) (*http.Response, error) {
				number, err := strconv.Atoi(r.URL.Query().Get("page"))
				return reply(200, tt.page(number)), err
			}}
			client, err := ocp.NewClient("https://ocp.example.com", ocp.Basic(testUser, testPassword), &ocp.Options{HTTPClient: far.client()})
			require.NoError(t, err)
			events, err := collect(client.Events(t.Context(), ocp.Query{}))
			require.Len(t, events, tt.events)
			require.Len(t, far.requests, tt.requests)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "ocp: list alarms: ")
			require.ErrorContains(t, err, tt.want)
			require.True(t, alert.Retryable(err), "the next time may be better")
		})
	}
}

func TestPageFails(t *testing.T) {
	t.Parallel()
	for fine := range 3 {
		client, server := newClient(t, &ocp.Options{MaxAttempts: -1})
		for i := range 30 {
			server.Raise(ocptest.Event{Type: "t", Target: fmt.Sprint(i)})
		}
		n, failures := 0, 0
		for _, err := range client.Events(t.Context(), ocp.Query{Size: 10}) {
			if err != nil {
				failures++
				require.Equal(t, 502, asError(t, err).HTTPStatus)
				continue // a loop that goes on sees no more
			}
			if n++; n == 10*fine {
				server.FailAlways(ocptest.HTML(502))
			}
			if n == 1 && fine == 0 {
				break
			}
		}
		if fine > 0 {
			require.Equal(t, []int{10 * fine, 1, fine + 1}, []int{n, failures, server.Attempts()})
		}
	}
	client, server := newClient(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := collect(client.Events(ctx, ocp.Query{}))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, server.Attempts())
}

func TestReadTwice(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	server.Raise(ocptest.Event{Type: "t", Target: "x"})
	list := client.Events(t.Context(), ocp.Query{})
	for range 2 {
		events, err := collect(list)
		require.NoError(t, err)
		require.Len(t, events, 1)
	}
}
