package ocp_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// TestListFixtures reads the lists of the vendor's documents.
func TestListFixtures(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"api-alarms-list-3x.json":      {"alarm/1000160 firing critical", "alarm/1000159 resolved critical"},
		"api-alarms-list-4.2.json":     {"alarm/3000024 firing critical"},
		"api-alarms-actived-2025.json": {"alarm/2000031 firing critical", "alarm/2000032 firing critical"},
	} {
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, name))))
		var got []string
		for a, err := range client.Alarms(t.Context(), nil) {
			require.NoError(t, err, name)
			require.Equal(t, ocp.Source, a.Source)
			require.NotEmpty(t, a.Name)
			require.NotEmpty(t, a.ID)
			require.False(t, a.StartsAt.IsZero())
			require.Equal(t, a.Status == alert.Resolved, !a.EndsAt.IsZero())
			got = append(got, fmt.Sprint(a.Key, " ", a.Status, " ", a.Severity))
		}
		require.Equal(t, want, got, name)
	}
	client, server := newClient(t, nil)
	server.Fail(ocptest.Answer(200, string(fixture(t, "api-alarm-get-4.2.json"))))
	a, err := client.Alarm(t.Context(), "3000024")
	require.NoError(t, err)
	require.Equal(t, "Critical", a.Level)
	require.NotEmpty(t, a.Labels)
}

// TestListPages reads what the stand-in keeps, page by page, as the same alarms
// that its channel tells of.
func TestListPages(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	told := map[string]alert.Alert{}
	server.Channel = func(environ []string) {
		a := payloadOf(t, environ...).Alert()
		told[a.Key] = a
	}
	for i := range 120 {
		require.NoError(t, client.Push(t.Context(), ocp.Alarm{Type: "t", Target: fmt.Sprint("n=", i)}))
	}
	server.Advance(10 * time.Minute)
	before := server.Attempts()
	n := 0
	for a, err := range client.Alarms(t.Context(), url.Values{"status": {"Inactive"}, "page": {"2"}}) {
		require.NoError(t, err)
		require.Equal(t, alert.Resolved, a.Status)
		require.Equal(t, strings.TrimSuffix(told[a.Key].ID, "Z"), strings.TrimSuffix(a.ID, "Z"))
		n++
	}
	require.Equal(t, 120, n)
	require.Equal(t, before+3, server.Attempts())
	for _, err := range client.Alarms(t.Context(), nil) {
		require.NoError(t, err)
		break
	}
	require.Equal(t, before+4, server.Attempts(), "whoever breaks off reads no further page")
}

// TestListAnswers is about what may stand in an answer to a list.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	page := func(data string) string { return `{"successful":true,"data":` + data + `}` }
	tests := []struct {
		name, body string
		alarms     int
		want       string // a part of the error
	}{
		{"empty", page(`{"contents":[],"page":{"totalPages":0}}`), 0, ""},
		{"bare list", page(`[{"id":1},{"id":"a-b_1"}]`), 2, ""},
		{"pages as text", page(`{"contents":[{"id":1},{"id":1}],"page":{"totalPages":"1"}}`), 1, ""},
		{"members of odd types", page(`{"contents":[{"id":1,"level":"9","labels":{"a":[1, 2],"b":null,"c":7},"activeAt":3,"name":{}}],"page":{"totalPages":1}}`), 1, ""},
		{"without end", page(`{"contents":[{"id":1}]}`), 1, "ocp: list alarms: page 2: the list does not end"},
		{"no list", page(`{}`), 0, "ocp: list alarms: page 1: the answer holds no list"},
		{"null", page(`null`), 0, "holds no list"},
		{"no object", page(`{"contents":[7]}`), 0, "no object with an id"},
		{"no id", page(`{"contents":[{"id":"a/b"}]}`), 0, "no object with an id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			server.FailAlways(ocptest.Answer(200, test.body))
			n := 0
			for a, err := range client.Alarms(t.Context(), nil) {
				if err != nil {
					require.NotEmpty(t, test.want, err)
					require.ErrorContains(t, err, test.want)
					require.Equal(t, http.StatusOK, asError(t, err).HTTPStatus)
					continue
				}
				n++
				if test.name == "members of odd types" {
					require.Equal(t, map[string]string{"a": "[1, 2]", "b": "", "c": "7"}, a.Labels)
				}
			}
			require.Equal(t, test.alarms, n)
		})
	}
	client, server := newClient(t, nil)
	server.FailAlways(ocptest.Refuse(403, "ALM10001", "no"))
	for _, err := range client.Alarms(t.Context(), nil) {
		require.ErrorContains(t, err, "ocp: list alarms: HTTP 403")
	}
}

func TestAlarmByID(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	_, err := client.Alarm(t.Context(), "7")
	require.Equal(t, http.StatusNotFound, asError(t, err).HTTPStatus)
	before := server.Attempts()
	for _, bad := range []string{"", "a/b", "..", "a b", "1?x", strings.Repeat("1", 65)} {
		_, err := client.Alarm(t.Context(), bad)
		require.ErrorContains(t, err, "ocp: get alarm: id: want 1 to 64")
	}
	require.Equal(t, before, server.Attempts())
	for data, want := range map[string]string{
		`{"id":7}`: "", `null`: "no object", `{"id":8}`: "is about another alarm",
	} {
		server.Fail(ocptest.Answer(200, `{"successful":true,"data":`+data+`}`))
		a, err := client.Alarm(t.Context(), "7")
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, "alarm/7", a.Key)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}
