package dingtalk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
)

// exampleToken stands for the access_token of a robot.
const exampleToken = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// accepted is how the vendor answers a message.
const accepted = `{"errcode":0,"errmsg":"ok"}`

// standIn answers like the vendor and prints nothing.
func standIn(answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, answer)
	}))
}

func Example() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()

	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{
		BaseURL:  vendor.URL,
		Secret:   os.Getenv("DINGTALK_SECRET"), // "SEC…", empty for a robot that does not sign
		Keyword:  "告警",
		At:       dingtalk.At{Mobiles: []string{"13800000001"}},
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

func ExampleText() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), dingtalk.Text{
		Content: "磁盘使用率过高\ndb-1: 91%",
		At: dingtalk.At{
			Mobiles: []string{"13800000001", "+852-12345678"},
			UserIDs: []string{"zhangwei"},
			All:     false, // true for everybody
		},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleMarkdown() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), dingtalk.Markdown{
		Title: "磁盘使用率过高",
		Text: "#### 磁盘使用率过高\n\n" +
			"- 实例: db-1\n" +
			"- 使用率: **91%**\n\n" +
			"[查看](https://ops.example.com/a/1001)",
		At: dingtalk.At{UserIDs: []string{"zhangwei"}},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleLink() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), dingtalk.Link{
		Title:      "磁盘使用率过高",
		Text:       "db-1: 91%",
		MessageURL: "https://ops.example.com/a/1001",
		PicURL:     "https://ops.example.com/disk.png",
	})
	fmt.Println(err)
	// Output: <nil>
}

// A card has one button, or several.
func ExampleActionCard() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(robot.Post(ctx, dingtalk.ActionCard{
		Title:       "磁盘使用率过高",
		Text:        "#### 磁盘使用率过高\n\ndb-1: **91%**",
		SingleTitle: "查看",
		SingleURL:   "https://ops.example.com/a/1001",
	}))
	fmt.Println(robot.Post(ctx, dingtalk.ActionCard{
		Title: "磁盘使用率过高",
		Text:  "#### 磁盘使用率过高\n\ndb-1: **91%**",
		Buttons: []dingtalk.Button{
			{Title: "确认", URL: "https://ops.example.com/a/1001/ack"},
			{Title: "静默 1 小时", URL: "https://ops.example.com/a/1001/mute"},
		},
		Horizontal: true,
	}))
	// Output:
	// <nil>
	// <nil>
}

func ExampleFeedCard() {
	vendor := standIn(accepted) // leave BaseURL out to reach the real one
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Post(context.Background(), dingtalk.FeedCard{Links: []dingtalk.FeedLink{
		{Title: "db-1 91%", MessageURL: "https://ops.example.com/db-1", PicURL: "https://ops.example.com/db-1.png"},
		{Title: "db-2 88%", MessageURL: "https://ops.example.com/db-2", PicURL: "https://ops.example.com/db-2.png"},
	}})
	fmt.Println(err)
	// Output: <nil>
}

// A message that another process may have posted already, before it died, is
// posted under the identity that both know.

func ExampleError() {
	vendor := standIn(`{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`)
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Send(context.Background(), alert.Alert{Name: "disk full"})
	fmt.Println(errors.Is(err, dingtalk.CodeRateLimited), alert.Retryable(err), alert.RetryAfter(err))
	if e, ok := errors.AsType[*dingtalk.Error](err); ok {
		fmt.Println(e.Class())
	}
	fmt.Println(err)
	// Output:
	// true true 10m0s
	// wait
	// dingtalk: send: errcode 130101 (more messages than the robot may post in a minute, it is blocked for ten); send again later, in 10m0s; the vendor says "send too fast, exceed 20 times per minute"
}

// The security settings of a robot all refuse with one code.
func ExampleReason() {
	vendor := standIn(`{"errcode":310000,"errmsg":"sign not match, more: [https://…]"}`)
	defer vendor.Close()
	robot, err := dingtalk.New(exampleToken, &dingtalk.Options{BaseURL: vendor.URL, Secret: "SECwrong"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = robot.Send(context.Background(), alert.Alert{Name: "disk full"})
	switch {
	case errors.Is(err, dingtalk.ReasonSign), errors.Is(err, dingtalk.ReasonTimestamp):
		fmt.Println("check secret and clock")
	case errors.Is(err, dingtalk.ReasonKeyword):
		fmt.Println("set the keyword")
	}
	// Output: check secret and clock
}
