package pigeon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// TestRequestFixtures sends both recorded shapes to the byte, blanks aside.
func TestRequestFixtures(t *testing.T) {
	t.Parallel()
	ids := pigeon.Request{
		CallFlowID: "049d0000-0000-4000-8000-0000000000c1", GuidanceID: "570e0000-0000-4000-8000-0000000000d1",
		Parameters: map[string]string{"server": "db-01", "incident": "disk full"},
	}
	for name, r := range map[string]pigeon.Request{"invoke_request_ids.json": ids, "invoke_request_inline.json": inline()} {
		body, err := pigeon.RequestJSON(r)
		require.NoError(t, err)
		require.JSONEq(t, string(fixture(t, name)), string(body))
		require.False(t, strings.HasSuffix(string(body), "\n"))
	}
	r := inline()
	r.CallFlow.Loops = 0
	r.CallFlow.Contacts[0].Phones = []string{"(090) 0000-0001", "+81 90-0000-0001"}
	r.Guidance.Text = "a < b & {{server}} {{incident}}"
	body, err := pigeon.RequestJSON(r)
	require.NoError(t, err)
	require.Contains(t, string(body), `"loopLimit":1,`)
	require.Contains(t, string(body), `[{"phoneNumber":"09000000001"},{"phoneNumber":"+819000000001"}]`)
	require.Contains(t, string(body), `"a < b & {{server}} {{incident}}"`)
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	mixed1, mixed2 := inline(), inline()
	mixed1.CallFlow, mixed1.CallFlowID = nil, pigeontest.CallFlowID
	mixed2.Guidance, mixed2.GuidanceID = nil, pigeontest.GuidanceID
	mixed2.Parameters = map[string]string{"text": "x", "unused": "is sent: the template is not known here"}
	for name, r := range map[string]pigeon.Request{"prepared": prepared(), "inline": inline(), "guidance inline": mixed1, "call flow inline": mixed2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			chain, err := client.Invoke(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, pigeon.StatusRequested, chain.Status)
			require.Empty(t, chain.Warnings)
			require.Equal(t, 1, server.Placed())
			placed := server.Chains()[0]
			require.Equal(t, placed.ResultID, chain.ResultID)
			require.Equal(t, r.Parameters, placed.Parameters)
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	r := inline()
	r.Parameters["x"], r.Parameters["a"] = "1", "2"
	chain, err := client.Invoke(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, []string{
		`the parameter "a" has no placeholder in the guidance`, `the parameter "x" has no placeholder in the guidance`,
	}, chain.Warnings)
	require.Equal(t, "db-01: disk full. 1 take, 2 next, 3 skip me.", server.Chains()[0].Text)
}

// TestInvokeAnswers is about HTTP 200: only one answer is a yes, and few are
// a no. All else leaves open whether phones ring.
func TestInvokeAnswers(t *testing.T) {
	t.Parallel()
	const (
		yes = iota
		no
		open
	)
	tests := []struct {
		name, body string
		want       int
		id         string
	}{
		{"requested", string(fixture(t, "invoke_response_requested.json")), yes, chainID},
		{"not accepted", string(fixture(t, "invoke_response_not_accepted_synthetic.json")), no, ""},
		{"rejected, null id", `{"status":"rejected","resultId":null}`, no, ""},
		{"any other word", `{"status":"some-future-word"}`, no, ""},
		{"number as id", `{"status":"requested","resultId":7}`, yes, "7"},
		{"no id", `{"status":"requested"}`, open, ""},
		{"empty id", `{"status":"requested","resultId":""}`, open, ""},
		{"id that leads elsewhere", `{"status":"requested","resultId":"../abort"}`, open, ""},
		{"refused, with an id", `{"status":"rejected","resultId":"r-1"}`, open, "r-1"},
		{"another word, with a bad id", `{"status":"rejected","resultId":"/"}`, open, ""},
		{"no status", `{"resultId":"r-1"}`, open, "r-1"},
		{"neither", `{}`, open, ""},
		{"null", `null`, open, ""},
		{"array", `[]`, open, ""},
		{"empty", ``, open, ""},
		{"page", `<html>login</html>`, open, ""},
		{"cut", `{"status":"requ`, open, ""},
		{"upper case", `{"status":"REQUESTED","resultId":"r-1"}`, open, "r-1"},
	}
	for _, tt := range tests {
		for _, status := range []int{200, 201, 299} {
			t.Run(fmt.Sprint(tt.name, status), func(t *testing.T) {
				t.Parallel()
				client, server := newClient(t, nil)
				server.FailAlways(pigeontest.Reply(status, tt.body))
				chain, err := client.Invoke(t.Context(), prepared())
				require.Equal(t, 1, server.Attempts())
				if tt.want == yes {
					require.NoError(t, err)
					require.Equal(t, tt.id, chain.ResultID)
					return
				}
				e := asError(t, err)
				require.Empty(t, chain.ResultID)
				require.Equal(t, "invoke", e.Op)
				require.Equal(t, status, e.HTTPStatus)
				require.Equal(t, tt.id, e.ResultID)
				require.False(t, alert.Retryable(err))
				require.Zero(t, alert.RetryAfter(err))
				if tt.want == open {
					require.ErrorIs(t, err, alert.ErrUncertain)
					require.ErrorContains(t, err, "pigeon: invoke: outcome unknown: ")
					require.ErrorContains(t, err, "look before repeating it")
					require.Empty(t, e.Status)
					return
				}
				require.NotErrorIs(t, err, alert.ErrUncertain)
				require.ErrorContains(t, err, "nothing was placed")
				require.NotEmpty(t, e.Status)
				require.ErrorContains(t, err, string(e.Status))
			})
		}
	}
}

// TestRequestFaults is about what is found before anything is sent.
func TestRequestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		spoil  func(*pigeon.Request)
		field  string
		reason string
	}{
		{"no call flow", func(r *pigeon.Request) { r.CallFlow = nil }, "params.callflowId", "give one of them"},
		{"two call flows", func(r *pigeon.Request) { r.CallFlowID = "c" }, "params.callflowId", "excludes callflow"},
		{"no guidance", func(r *pigeon.Request) { r.Guidance = nil }, "params.guidanceId", "give one of them"},
		{"two guidances", func(r *pigeon.Request) { r.GuidanceID = "g" }, "params.guidanceId", "excludes guidance"},
		{"blank id", func(r *pigeon.Request) { r.CallFlow, r.CallFlowID = nil, " x" }, "params.callflowId", "is not an id"},
		{"long id", func(r *pigeon.Request) { r.CallFlow, r.CallFlowID = nil, strings.Repeat("x", 257) }, "params.callflowId", "is not an id"},
		{"id with a break", func(r *pigeon.Request) { r.Guidance, r.GuidanceID = nil, "a\nb" }, "params.guidanceId", "is not an id"},
		{"11 loops", func(r *pigeon.Request) { r.CallFlow.Loops = 11 }, "params.callflow.loopLimit", "11, want 1 to 10"},
		{"negative loops", func(r *pigeon.Request) { r.CallFlow.Loops = -1 }, "params.callflow.loopLimit", "want 1"},
		{"nobody", func(r *pigeon.Request) { r.CallFlow.Contacts = nil }, "params.callflow.contacts", "want 1"},
		{"101 contacts", func(r *pigeon.Request) { r.CallFlow.Contacts = make([]pigeon.Contact, 101) }, "params.callflow.contacts", "101"},
		{"no phone", func(r *pigeon.Request) { r.CallFlow.Contacts[1].Phones = nil }, "params.callflow.contacts[1].phones", "want 1"},
		{"no number", func(r *pigeon.Request) { r.CallFlow.Contacts[1].Phones = []string{number1, "0900000000x"} }, "params.callflow.contacts[1].phones[1].phoneNumber", "is no number"},
		{"name with a break", func(r *pigeon.Request) { r.CallFlow.Contacts[0].Name = "a\n" }, "params.callflow.contacts[0].displayName", "control"},
		{"no text", func(r *pigeon.Request) { r.Guidance.Text = " \n" }, "params.guidance.messageTemplate", "is empty"},
		{"bad UTF-8", func(r *pigeon.Request) { r.Guidance.Text = "\xff" }, "params.guidance.messageTemplate", "UTF-8"},
		{"long text", func(r *pigeon.Request) { r.Guidance.Text = strings.Repeat("x", 16<<10+1) }, "params.guidance.messageTemplate", "limit 16384 bytes"},
		{"key 0", func(r *pigeon.Request) { r.Guidance.Reactions["0"] = pigeon.Reaction{} }, "params.guidance.reactions", `"0" is no key`},
		{"key 10", func(r *pigeon.Request) { r.Guidance.Reactions["10"] = pigeon.Reaction{} }, "params.guidance.reactions", "is no key"},
		{"no behavior", func(r *pigeon.Request) { r.Guidance.Reactions["9"] = pigeon.Reaction{} }, "params.guidance.reactions.9.behavior", "is empty"},
		{"bad reaction", func(r *pigeon.Request) { r.Guidance.Reactions["9"] = pigeon.Reaction{"leave", "\xff"} }, "params.guidance.reactions.9.messageTemplate", "UTF-8"},
		{"bad parameter", func(r *pigeon.Request) { r.Parameters["server"] = "\xff" }, "params.parameters.server", "UTF-8"},
		{"parameter with braces", func(r *pigeon.Request) { r.Parameters["{{a}}"] = "" }, "params.parameters", "is no name"},
		{"101 parameters", func(r *pigeon.Request) {
			for i := range 101 {
				r.Parameters[fmt.Sprint("p", i)] = ""
			}
		}, "params.parameters", "limit 100"},
		{"placeholder without a value", func(r *pigeon.Request) { delete(r.Parameters, "incident") }, "params.guidance.messageTemplate", "{{incident}} has no value"},
		{"in a reaction", func(r *pigeon.Request) { r.Guidance.Reactions["1"] = pigeon.Reaction{"terminate", "{{ who }}"} }, "params.guidance.reactions.1.messageTemplate", "{{who}} has no value"},
		{"open braces", func(r *pigeon.Request) { r.Guidance.Text = "{{server" }, "params.guidance.messageTemplate", "does not begin"},
		{"empty braces", func(r *pigeon.Request) { r.Guidance.Text = "{{ }}" }, "params.guidance.messageTemplate", "does not begin"},
		{"triple braces", func(r *pigeon.Request) { r.Guidance.Text = "{{{server}}}" }, "params.guidance.messageTemplate", "does not begin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			r := inline()
			tt.spoil(&r)
			_, err := client.Invoke(t.Context(), r)
			var fault *pigeon.FieldError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, tt.field, fault.Field)
			require.Contains(t, fault.Reason, tt.reason)
			require.ErrorContains(t, err, "pigeon: invoke: "+tt.field+": ")
			require.False(t, alert.Retryable(err))
			require.NotErrorIs(t, err, alert.ErrUncertain)
			require.Zero(t, server.Attempts())
			leaktest.Check(t, []string{number1, number2, "0900000000x"}, err)
		})
	}
}

// Words that are not known here go through: the token for a transfer is not
// documented.
func TestUnknownBehavior(t *testing.T) {
	t.Parallel()
	client, server := newClient(t, nil)
	r := inline()
	r.Guidance.Reactions["5"] = pigeon.Reaction{"transfer", ""}
	invoke(t, client, r)
	require.Contains(t, string(server.Chains()[0].Body), `"5":{"behavior":"transfer"}`)
}
