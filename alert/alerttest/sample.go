package alerttest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// sample returns n ordinary alerts, numbered from first: several states,
// severities, rules and instances, with some equal problems among them. Name
// is made of letters and digits.
func sample(first, n int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		serial := first + i
		alerts[i] = alert.Alert{
			Source:   "alerttest",
			ID:       fmt.Sprintf("event-%d", serial),
			Key:      fmt.Sprintf("problem-%d", serial),
			Status:   []alert.Status{alert.Firing, alert.Firing, alert.Resolved, alert.NoData, alert.News, alert.Firing}[serial%6],
			Test:     serial%6 == 5,
			Severity: alert.Info + alert.Severity(serial/12%5),
			Name:     fmt.Sprintf("Rule%05d", serial/12),
			Summary:  "使用率 95.2% > 90%",
			Product:  "ecs",
			Region:   "cn-hangzhou",
			Instance: fmt.Sprintf("i-%05d", serial%7),
			Labels:   map[string]string{"userId": "1000000000000001", "expression": "$Average>90"},
			StartsAt: time.Date(2026, 3, 1, 8, 0, serial, 0, time.UTC),
			URL:      "https://example.com/alerts?id=1&lang=zh",
		}
		if alerts[i].Status == alert.Resolved {
			alerts[i].EndsAt = alerts[i].StartsAt.Add(time.Minute)
		}
	}
	return alerts
}

// A trial is an alert that a careless Sender trips over.
type trial struct {
	name  string
	alert alert.Alert
}

// hostile returns alerts that are unpleasant yet valid: a Sender accepts them.
// Those of one salt are not copies of those of another.
func hostile(salt string) []trial {
	everywhere := func(text string) alert.Alert {
		return alert.Alert{
			Source: text, ID: text + salt, Key: text + salt, Level: text, Name: text, Summary: text, Product: text,
			Region: text, Resource: text, Instance: text, URL: text, Labels: map[string]string{text: text},
		}
	}
	labels := make(map[string]string)
	for i := range 5000 {
		labels[fmt.Sprintf("label-%d", i)] = strings.Repeat("值", 20)
	}
	return []trial{
		{"zero value", alert.Alert{}},
		{"labels only", alert.Alert{Labels: map[string]string{"": ""}}},
		{"invalid UTF-8", everywhere("a\xff\xfe\xc3(\xed\xa0\x80b")},
		{"a test", tested(everywhere("[Test] 测试"))},
		{"only invalid UTF-8", everywhere("\xff\xff\xff")},
		{"NUL and control characters", everywhere("a\x00b\x01\x1b[31m\x7f\u0085\u2028\u202e\r\n\tc")},
		{"blanks", everywhere(" \n\t\u3000 ")},
		{"markup", everywhere("**a** <font color=\"warning\">b</font> [c](http://example.com) `d` <@all> @all # e > f | g")},
		{"quotes and braces", everywhere(`"'\\{}[]%s%d%!v$(id);&&` + "`")},
		{"4-byte runes and joiners", everywhere(strings.Repeat("👩‍👩‍👧‍👦", 400))},
		{"1 MB summary", alert.Alert{Name: "long", Summary: strings.Repeat("磁盘", 1<<20/6)}},
		{"1 MB name", alert.Alert{Name: strings.Repeat("x", 1<<20)}},
		{"long everywhere", everywhere(strings.Repeat("长", 3000))},
		{"5,000 labels", alert.Alert{Name: "labels", Labels: labels}},
		{"ends before it starts", alert.Alert{Status: alert.Resolved, StartsAt: time.Unix(1, 0), EndsAt: time.Unix(0, 0)}},
	}
}

// tested returns a as a test.
func tested(a alert.Alert) alert.Alert {
	a.Test = true
	return a
}

// invalid returns alerts that no source makes: a Sender may refuse them, but
// must not panic.
func invalid() []trial {
	return []trial{
		{"status out of range", alert.Alert{Status: math.MaxUint8}},
		{"severity above the range", alert.Alert{Severity: math.MaxInt8}},
		{"severity below the range", alert.Alert{Severity: math.MinInt8}},
		{"year 200,000", alert.Alert{StartsAt: time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"year -5,000", alert.Alert{StartsAt: time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"extreme times", alert.Alert{StartsAt: time.Unix(math.MinInt64, 0), EndsAt: time.Unix(math.MaxInt64, 0)}},
	}
}

// cloneAll copies alerts so that nothing is shared.
func cloneAll(alerts []alert.Alert) []alert.Alert {
	clones := make([]alert.Alert, len(alerts))
	for i, a := range alerts {
		clones[i] = a.Clone()
	}
	return clones
}

// scribble overwrites alerts and their labels, as a caller may who uses its
// memory again.
func scribble(alerts []alert.Alert) {
	for i := range alerts {
		for key := range alerts[i].Labels {
			alerts[i].Labels[key] = scribbled
		}
		alerts[i] = alert.Alert{Name: scribbled, Summary: scribbled, Instance: scribbled, Labels: alerts[i].Labels}
	}
}

// scribbled is the text that scribble leaves.
const scribbled = "Scribbled0ver"
