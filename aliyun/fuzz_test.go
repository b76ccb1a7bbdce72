package aliyun_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

// FuzzParse: whatever comes, there is an error or an alert that can be used.
func FuzzParse(f *testing.F) {
	for _, name := range fixtures(f) {
		query, body := fixture(f, name)
		f.Add(query, body)
	}
	f.Add("", []byte(`{"product":"p","name":"n"}`))
	f.Add("data=%7B%22product%22%3A%22p%22%2C%22name%22%3A%22n%22%7D", []byte("\uFEFF"))
	f.Add("", []byte(`{"alert":"{\"meta\":{\"sysEventMeta\":[]}}","batchId":0,"subscription":{"conditions":[{"value":1}]}}`))
	f.Add("", []byte(`[{"specversion":"1.0","type":"a:b:c","source":"acs.x","data":{"alertState":"OK"}},{"alerts":[{"labels":[]},{"startsAt":0}]},[]]`))
	f.Add("", []byte(`{"alert_id":1,"alert_name":[],"status":{},"labels":"{","annotations":[],"fire_results":"[1,{}]","signin_url":{}}`))
	f.Add("", []byte(`{"alertEntityId":":","resource":{"entity":[],"tags":1},"data":"{\"value\":{}}","timestamp":-1,"entityUrl":"http://["}`))
	f.Add("", []byte(`{"source":"acs","type":":CloudMonitor:[","data_base64":"e30=","specversion":1}`))
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		c, err := aliyun.Parse(query, body)
		if err != nil {
			require.Nil(t, c)
			require.LessOrEqual(t, len(err.Error()), 2000)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.LessOrEqual(t, len(c.Problems), 32)
		require.LessOrEqual(t, len(c.Unread), 32)
		alerts := c.Alerts()
		require.NotEmpty(t, alerts)
		for _, a := range alerts {
			require.Equal(t, aliyun.Source, a.Source)
			require.NotEmpty(t, a.ID)
			require.Contains(t, []alert.Status{alert.Firing, alert.Resolved, alert.NoData, alert.News}, a.Status)
			for _, text := range []string{a.ID, a.Key, a.Level, a.Name, a.Summary, a.Product, a.Region, a.Resource, a.Instance, a.URL} {
				require.True(t, utf8.ValidString(text), "%q", text)
			}
			for k, v := range a.Labels {
				require.True(t, utf8.ValidString(k+v), "%q: %q", k, v)
			}
			if at := a.Time(); !at.IsZero() {
				require.GreaterOrEqual(t, at.Year(), 1970)
				require.LessOrEqual(t, at.Year(), 9999)
			}
		}
		text, err := json.Marshal(alerts)
		require.NoError(t, err)
		var back []alert.Alert
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, alerts, back)

		again, err := aliyun.Parse(query, body)
		require.NoError(t, err)
		require.Equal(t, alerts, again.Alerts())

		var blank bytes.Buffer
		if json.Indent(&blank, bytes.TrimSpace(body), "", " \t\n") == nil {
			again, err = aliyun.Parse(query, blank.Bytes())
			require.NoError(t, err)
			require.Equal(t, identitiesOf(alerts), identitiesOf(again.Alerts()), "white space must not matter")
		}
	})
}

// FuzzHandler: whatever an authenticated caller sends is a probe, or becomes an
// alert or a notice.
func FuzzHandler(f *testing.F) {
	for _, name := range fixtures(f) {
		query, body := fixture(f, name)
		f.Add(query, body)
	}
	f.Add("", []byte(mns))
	f.Add("", []byte("[{\"a\":1"))
	f.Add("", []byte(" [ {\"\\ud800\":1} ]"))
	f.Add("data=%5B%7B%7D%5D", []byte(""))
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		sender := &recorder{}
		h, err := aliyun.NewHandler(sender, secret, &aliyun.Options{Accounts: accounts()})
		require.NoError(t, err)
		r := httptest.NewRequest("POST", "/"+prodSecret, bytes.NewReader(body))
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code)
		_, err = aliyun.Parse(query, body)
		require.True(t, errors.Is(err, aliyun.ErrEmpty) || len(sender.alerts) > 0)
		for _, a := range sender.alerts {
			require.True(t, utf8.ValidString(a.Name+a.Summary+a.Key+a.ID))
			require.NotEmpty(t, a.ID)
			require.Equal(t, "prod", a.Labels[aliyun.LabelAccount])
			if err != nil {
				require.Equal(t, alert.Warning, a.Severity)
				require.LessOrEqual(t, len(a.Summary), 2000)
			}
		}
	})
}

// identitiesOf returns what tells the alerts apart.
func identitiesOf(alerts []alert.Alert) []string {
	list := make([]string, 0, 2*len(alerts))
	for _, a := range alerts {
		list = append(list, a.ID, a.Key)
	}
	return list
}

// FuzzContent compares what Parse makes of a JSON object with what
// encoding/json makes of it: texts, escapes, surrogates, keys given twice. Bytes
// that are not UTF-8 become text, too, but another one for each.
func FuzzContent(f *testing.F) {
	entries, err := os.ReadDir(filepath.Join("testdata", "fixtures"))
	require.NoError(f, err)
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			_, body := fixture(f, e.Name())
			f.Add(body)
		}
	}
	for _, seed := range []string{
		`{"a":"\ud83d\ude00\ud83d\u0041\udc00\u0000\/\b"}`, `{"a\u0062":"c","ab":"d"}`, `{"a":"\\\"","b":"\\"}`,
		"{\"a\":\"\xff\xfe\xc3\",\"\xff\":1}", ` { "a" : [ { "b" : "}" } , "]" ] , "c" : -1.5e+3 , "d" : null } `, `{}`,
		`{"a":true,"b":false,"":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(content, &want) != nil || want == nil {
			return
		}
		body := append([]byte(`{"product":"p","name":"n","content":`), content...)
		c, err := aliyun.Parse("", append(body, '}'))
		require.NoError(t, err)
		got := map[string]bool{}
		for _, field := range c.Event.Content {
			require.True(t, utf8.ValidString(field.Key+field.Value), "%q", field)
			if !utf8.Valid(content) {
				continue
			}
			raw, ok := want[field.Key]
			require.True(t, ok, "%q", field.Key)
			got[field.Key] = true
			value := c.Event.Content.Get(field.Key)
			switch raw[0] {
			case '"':
				var text string
				require.NoError(t, json.Unmarshal(raw, &text))
				require.Equal(t, text, value)
			case 'n':
				require.Empty(t, value)
			case '{', '[':
				require.True(t, json.Valid([]byte(value)), "%q", value)
			default:
				require.Equal(t, string(raw), value)
			}
		}
		if utf8.Valid(content) {
			require.Len(t, got, len(want))
		}
	})
}
