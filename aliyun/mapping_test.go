package aliyun_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

func TestOriginalFields(t *testing.T) {
	t.Parallel()
	a := only(t, "event-2020-cfw-dryrun.json")
	require.Equal(t, "cfw", a.Product)
	require.Equal(t, "WARN", a.Level)
	require.Equal(t, "cn-hangzhou", a.Region)
	require.Equal(t, "instanceName", a.Instance)
	require.Equal(t, "InternetBandwidthThresholdExceeded", a.Name)
	require.True(t, a.Test)
}

func TestThresholdStates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, state, trigger, previous string
		status                         alert.Status
		severity                       alert.Severity
		level                          string
		problems                       int
	}{
		{"new", "ALERT", "CRITICAL", "null", alert.Firing, alert.Critical, "CRITICAL", 0},
		{"changed", "ALERT", "WARN", "CRITICAL", alert.Firing, alert.Warning, "WARN", 0},
		{"recovered", "OK", "OK", "CRITICAL", alert.Resolved, alert.Critical, "CRITICAL", 0},
		{"recovered from info", "ok", "ok", "INFO", alert.Resolved, alert.Info, "INFO", 0},
		{"recovered, nothing known", "OK", "OK", "null", alert.Resolved, alert.Warning, "", 0},
		{"still fine", "OK", "OK", "OK", alert.Resolved, alert.Warning, "", 0},
		{"old word", "ALARM", "", "", alert.Firing, alert.Warning, "", 0},
		{"other spelling", " Alert ", "WARNING", "", alert.Firing, alert.Warning, "WARNING", 0},
		{"no data", "INSUFFICIENT_DATA", "OK", "CRITICAL", alert.NoData, alert.Critical, "CRITICAL", 0},
		{"unknown state", "PENDING", "INFO", "", alert.Firing, alert.Info, "INFO", 1},
		{"unknown level", "ALERT", "INFs", "INFO", alert.Firing, alert.Info, "INFs", 1},
		{"unknown levels", "ALERT", "a", "b", alert.Firing, alert.Warning, "a", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := edit(t, "threshold-2023-apigateway-alert.form", map[string]string{
				"alertState": test.state, "triggerLevel": test.trigger, "preTriggerLevel": test.previous,
			})
			c, err := aliyun.Parse("", []byte(body))
			require.NoError(t, err)
			a := c.Alerts()[0]
			require.Equal(t, test.status, a.Status)
			require.Equal(t, test.severity, a.Severity)
			require.Equal(t, test.level, a.Level)
			require.Len(t, c.Problems, test.problems)
		})
	}
}

func TestThresholdTimestamps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Time
		ok   bool
	}{
		{"1508136760", time.Date(2017, 10, 16, 6, 52, 40, 0, time.UTC), true},
		{" 1508136760 ", time.Date(2017, 10, 16, 6, 52, 40, 0, time.UTC), true},
		{"1685646149981", time.Date(2023, 6, 1, 19, 2, 29, 981e6, time.UTC), true},
		{"99999999999", time.Unix(99999999999, 0).UTC(), true},
		{"100000000000", time.Date(1973, 3, 3, 9, 46, 40, 0, time.UTC), true},
		{"0", time.Time{}, true},
		{"null", time.Time{}, true},
		{"157145442000s", time.Time{}, false},
		{"-1", time.Time{}, false},
		{"9223372036854775807", time.Time{}, false},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			c, err := aliyun.Parse("timestamp="+strings.ReplaceAll(test.text, " ", "+")+"&alertState=ALERT", nil)
			require.NoError(t, err)
			require.Equal(t, test.want, c.Threshold.At)
			require.Equal(t, test.ok, len(c.Problems) == 0, c.Problems)
		})
	}
}

func TestDimensions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       aliyun.Fields
		problems   int
	}{
		{"two", "{userId=1, instanceId=i-1}", aliyun.Fields{{"userId", "1"}, {"instanceId", "i-1"}}, 0},
		{"comma in a value", "{a=x, y, b=z}", aliyun.Fields{{"a", "x, y"}, {"b", "z"}}, 0},
		{"equal sign in a value", "{url=http://h/?a=b&c=d, n=1}", aliyun.Fields{{"url", "http://h/?a=b&c=d"}, {"n", "1"}}, 0},
		{"stray parenthesis", "{userId=12****), instanceId=i-12****}", aliyun.Fields{{"userId", "12****)"}, {"instanceId", "i-12****"}}, 0},
		{"no braces", "a=1, b=2", aliyun.Fields{{"a", "1"}, {"b", "2"}}, 0},
		{"empty", "{}", nil, 0},
		{"null", "null", nil, 0},
		{"empty value", "{a=, b=2}", aliyun.Fields{{"a", ""}, {"b", "2"}}, 0},
		{"brace in a value", "{a={1}, b=2}", aliyun.Fields{{"a", "{1}"}, {"b", "2"}}, 0},
		{"JSON", `[{"a":"1","n":2},{"b":null}]`, aliyun.Fields{{"a", "1"}, {"n", "2"}, {"b", ""}}, 0},
		{"JSON object", `{"a":{"b":1}}`, aliyun.Fields{{"a", `{"b":1}`}}, 0},
		{"JSON of numbers", `[1,2]`, nil, 1},
		{"no map", "everything", aliyun.Fields{{"everything", ""}}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := edit(t, "threshold-2019-rds.form", map[string]string{"dimensions": test.text})
			c, err := aliyun.Parse("", []byte(body))
			require.NoError(t, err)
			require.Equal(t, test.want, c.Threshold.Dimensions)
			require.Len(t, c.Problems, test.problems)
			if test.text != "null" {
				require.Equal(t, test.text, c.Threshold.DimensionsText)
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query, body string
		check             func(t *testing.T, c *aliyun.Callback, a alert.Alert)
	}{
		{"byte order mark", "", "\uFEFF \n{\"product\":\"p\",\"name\":\"n\"}\n", func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "p", a.Product)
		}},
		{"numbers as values", "", `{"alertState":"ALERT","curValue":95.5,"timestamp":1685646149981,"alertName":true}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "95.5", c.Threshold.CurValue)
			require.Equal(t, "true", a.Name)
			require.False(t, a.StartsAt.IsZero())
		}},
		{"content as text", "", `{"product":"p","name":"n","content":"{\"a\":\"\\u00fc\"}"}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "ü", c.Event.Content.Get("a"))
			require.Equal(t, "a: ü", a.Summary)
		}},
		{"content as prose", "", `{"product":"p","name":"n","content":"disk is full"}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Empty(t, c.Problems)
			require.Equal(t, "content: disk is full", a.Summary)
		}},
		{"content broken", "", `{"product":"p","name":"n","content":"{broken"}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, []string{"content: invalid JSON"}, c.Problems)
			require.Equal(t, "content: {broken", a.Summary)
		}},
		{"object where text belongs", "", `{"product":"p","name":"n","status":{"x":1}}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, []string{"status: text expected"}, c.Problems)
			require.Equal(t, `{"x":1}`, c.Event.Extra.Get("status"))
		}},
		{"key given twice", "", `{"product":"p","name":"n","name":"m","name":null,"content":{"a":1,"a":2}}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "m", a.Name)
			require.Equal(t, "2", c.Event.Content.Get("a"))
			require.Equal(t, "a: 2", a.Summary)
		}},
		{"letter case of keys", "", `{"PRODUCT":"p","Name":"n","EVENTTIME":"20201216T160841.792+0800"}`, func(t *testing.T, c *aliyun.Callback, _ alert.Alert) {
			require.Equal(t, 2020, c.Event.At.Year())
		}},
		{"time out of range", "", `{"product":"p","name":"n","eventTime":"99991231T235959.999-0800"}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.True(t, a.StartsAt.IsZero())
			require.Equal(t, []string{"eventTime: not a time"}, c.Problems)
		}},
		{"event in the query", "product=p&name=n&level=CRITICAL", "", func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, alert.Critical, a.Severity)
		}},
		{"form in the query", "", "", nil},
		{"JSON in a form", "", "body=%7B%22product%22%3A%22p%22%2C%22name%22%3A%22n%22%7D", func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "n", a.Name)
		}},
		{"semicolon", "", "alertState=ALERT&alertName=a;b", func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "a;b", a.Name)
		}},
		{"other encoding", "", "alertState=ALERT&alertName=%B4%C5%C5%CC", func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "\uFFFDb4\uFFFDc5\uFFFDc5\uFFFDcc", a.Name)
		}},
		{"subscription without meta", "", `{"alert":{"alertStatus":"TRIGGERED","eventName":"E","product":"ECS","severity":"WARNING","arn":"acs:ecs:cn-x:1:instance/i-9","meta":{"other":{"a":1}}},"batchId":"b"}`, func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "E", a.Name)
			require.Equal(t, "i-9", a.Instance)
			require.Equal(t, "cn-x", a.Region)
			require.Equal(t, "WARNING", a.Level)
			require.Equal(t, `{"a":1}`, a.Labels["meta.other"])
			require.NotEmpty(t, a.Key)
			require.Nil(t, c.Subscription.Alert.Meta)
		}},
		{"subscription with raw content", "", `{"alert":{"eventRawContent":"{\"a\":\"b\"}"},"strategyName":"s"}`, func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
			require.Equal(t, "a: b\nstrategyName: s", a.Summary)
			require.Equal(t, "s", a.Name)
		}},
		{"subscription with a broken alert", "", "alert=%7Bbroken&subscription=%7B%7D&severity=CRITICAL&strategyName=s", func(t *testing.T, c *aliyun.Callback, a alert.Alert) {
			require.Equal(t, []string{"alert: not a JSON object"}, c.Problems)
			require.Equal(t, alert.Critical, a.Severity)
			require.Equal(t, "s", a.Name)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			query := test.query
			if test.check == nil {
				_, form := fixture(t, "subscription-2024.form")
				query = string(form)
				test.check = func(t *testing.T, _ *aliyun.Callback, a alert.Alert) {
					require.Equal(t, only(t, "subscription-2024.form"), a)
				}
			}
			c, err := aliyun.Parse(query, []byte(test.body))
			require.NoError(t, err)
			test.check(t, c, c.Alerts()[0])
		})
	}
}

// TestPersonalData: the owner of the account is in the raw text only.
func TestPersonalData(t *testing.T) {
	t.Parallel()
	body := strings.NewReplacer("nickNameValue", "geheim").Replace(
		`{"alert":{"alertStatus":"TRIGGERED","eventName":"E","userInfo":{"userName":"geheim"}},` +
			`"userinfo":"geheim","deep":[{"UserInfo":"geheim"}],"UserInfo":{"nickName":"nickNameValue"},"batchId":"b"}`)
	c, err := aliyun.Parse("", []byte(body))
	require.NoError(t, err)
	require.Contains(t, c.Raw, "geheim")
	text, err := json.Marshal([]any{c.Alerts(), c.Subscription, c.Problems})
	require.NoError(t, err)
	require.NotContains(t, string(text), "geheim")

	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "callback", c)
	require.Contains(t, log.String(), "callback.shape=subscription")
	require.NotContains(t, log.String(), "geheim")

	for _, name := range fixtures(t) {
		golden, err := os.ReadFile(filepath.Join("testdata", "golden", name+".golden"))
		require.NoError(t, err)
		for _, personal := range []string{"userName", "nickName", "aliyunId", "Nguy", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Someone", "13800000000"} {
			require.NotContains(t, string(golden), personal, name)
		}
	}
}

// TestUserIDStaysOut: the account number is no matter for people.
func TestUserIDStaysOut(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		query, body := fixture(t, name)
		c, err := aliyun.Parse(query, body)
		if err != nil {
			continue
		}
		a := c.Alerts()[0]
		for _, shown := range []string{a.Name, a.Summary, a.Instance, a.Region, a.Product, a.Key, a.ID} {
			require.NotContains(t, shown, "1234567890123456", name)
			require.NotContains(t, shown, "userId", name)
		}
	}
}
