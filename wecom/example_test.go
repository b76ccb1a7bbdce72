package wecom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// standIn answers like the vendor and prints nothing.
func standIn(answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, answer)
	}))
}

func Example() {
	vendor := standIn(`{"errcode":0,"errmsg":"ok"}`) // yours is at https://qyapi.weixin.qq.com
	defer vendor.Close()

	robot, err := wecom.New("11111111-2222-4333-8444-555555555555", &wecom.Options{
		BaseURL:  vendor.URL,
		Mentions: []string{"zhangwei"},
		Location: time.FixedZone("", 8*60*60),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Send(context.Background(), alert.Alert{
		Severity: alert.Critical,
		Name:     "磁盘使用率过高",
		Product:  "ecs",
		Instance: "db-1",
		Summary:  "91% of 100 GB",
		StartsAt: time.Now(),
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleRobot_Post() {
	vendor := standIn(`{"errcode":0,"errmsg":"ok"}`)
	defer vendor.Close()
	robot, err := wecom.New(vendor.URL+"/cgi-bin/webhook/send?key=11111111-2222-4333-8444-555555555555", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(robot.Post(ctx, wecom.Markdown{Content: `backup <font color="info">done</font>`}))
	fmt.Println(robot.Post(ctx, wecom.Text{Content: "backup done", Mentions: []string{"@all"}}))
	// Output:
	// <nil>
	// <nil>
}

func ExampleError() {
	vendor := standIn(`{"errcode":45009,"errmsg":"api freq out of limit, hint: [1767], from ip: 192.0.2.10"}`)
	defer vendor.Close()
	robot, err := wecom.New("11111111-2222-4333-8444-555555555555", &wecom.Options{BaseURL: vendor.URL, FailFast: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Send(context.Background(), alert.Alert{Name: "disk full"})
	fmt.Println(errors.Is(err, wecom.CodeRateLimited), alert.Retryable(err), alert.RetryAfter(err))
	if e, ok := errors.AsType[*wecom.Error](err); ok {
		fmt.Println(e.Class(), e.Hint)
	}
	fmt.Println(err)
	// Output:
	// true true 1m0s
	// wait 1767
	// wecom: send: errcode 45009 (more messages than the robot may post in a minute); send again later, in 1m0s; the vendor says "api freq out of limit", hint 1767
}
