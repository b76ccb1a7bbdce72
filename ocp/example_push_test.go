package ocp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
)

// standIn answers like an OCP that knows the rule disk_full.
func standIn() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			_, _ = fmt.Fprint(w, `{"successful":true,"data":{"contents":[{"id":7,"alarmType":"disk_full","name":"磁盘满","status":"Active","level":2}],
				"page":{"totalElements":1,"totalPages":1}}}`)
		case r.ContentLength > 0 && strings.Contains(r.Header.Get("Authorization"), "OCP-ACCESS-KEY"):
			_, _ = fmt.Fprint(w, `{"successful":true,"status":200,"data":null}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"successful":false,"status":400,"error":{"code":20001,"message":"告警规则不存在"}}`)
		}
	}))
}

func ExampleClient_Push() {
	far := standIn()
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.AccessKey("an-access-key", "its-secret-key"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.Push(context.Background(), ocp.Alarm{
		Type:   "disk_full", // a rule of this name must exist
		Target: "host=db-1",
		Labels: map[string]string{"usage": "91%"}, // for the templates of the rule
	})
	fmt.Println(err)
	// Output: <nil>
}

// What went wrong is a code of OCP, and a question about trying again.
func ExampleError() {
	far := standIn()
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.Basic("ops", "its-password"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.Push(context.Background(), ocp.Alarm{Type: "no_such_rule", Target: "host=db-1"})
	if e, ok := errors.AsType[*ocp.Error](err); ok {
		fmt.Println("code:", e.Code, e.Message)
	}
	fmt.Println("try again:", alert.Retryable(err))
	// Output:
	// code: 20001 告警规则不存在
	// try again: false
}

// A Sender is for alerts. A resolved one needs no push: the alarm ends by
// itself.
func ExampleSender() {
	far := standIn()
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.AccessKey("an-access-key", "its-secret-key"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	sender, err := ocp.NewSender(client, "tocsin", &ocp.SenderOptions{
		Alarm: func(a alert.Alert, proposed ocp.Alarm) ocp.Alarm { // rules differ in level
			if a.Severity == alert.Critical {
				proposed.Type = "tocsin_critical"
			}
			return proposed
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := alert.Alert{Source: "checks", Key: "disk/db-1", Severity: alert.Critical, Name: "disk almost full"}
	fmt.Println(sender.Alarm(a).Type, sender.Alarm(a).Target)
	fmt.Println(sender.Send(context.Background(), a))
	// Output:
	// tocsin_critical source=checks:key=disk/db-1
	// <nil>
}

// A Repeater keeps an alarm alive until its problem is resolved.
func ExampleRepeater() {
	far := standIn()
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.AccessKey("an-access-key", "its-secret-key"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	sender, err := ocp.NewSender(client, "tocsin", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	repeater, err := ocp.NewRepeater(sender, func(a alert.Alert, err error) {
		fmt.Println("not repeated:", a.Key, err)
	}, &ocp.RepeatOptions{Interval: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- repeater.Run(ctx) }()

	a := alert.Alert{Source: "checks", Key: "disk/db-1", Name: "disk almost full"}
	fmt.Println(repeater.Send(ctx, a), repeater.Active())
	a.Status = alert.Resolved
	fmt.Println(repeater.Send(ctx, a), repeater.Active())

	cancel()
	fmt.Println(<-done)
	// Output:
	// <nil> 1
	// <nil> 0
	// context canceled
}

func ExampleClient_Alarms() {
	far := standIn()
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.Basic("ops", "its-password"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for a, err := range client.Alarms(context.Background(), url.Values{"status": {"Active"}, "level": {"2"}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(a.Key, a.Name, a.Level, a.Status)
	}
	// Output: alarm/7 磁盘满 Critical firing
}
