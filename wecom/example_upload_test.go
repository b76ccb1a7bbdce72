package wecom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// uploaded is what the vendor says to an upload, and for brevity to a message.
const uploaded = `{"errcode":0,"errmsg":"ok","type":"file","media_id":"3M2x","created_at":"1767225600"}`

func ExampleRobot_PostFile() {
	vendor := standIn(uploaded)
	defer vendor.Close()
	robot, err := wecom.New("11111111-2222-4333-8444-555555555555", &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	// An *os.File will do as well. What is posted again within three days is
	// not uploaded again.
	err = robot.PostFile(context.Background(), wecom.Attachment{
		Name:    "gc.log",
		Content: strings.NewReader("[12.3s] GC(7) Pause Full 4096M->4001M"),
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleRobot_Upload() {
	vendor := standIn(uploaded)
	defer vendor.Close()
	robot, err := wecom.New("11111111-2222-4333-8444-555555555555", &wecom.Options{BaseURL: vendor.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	media, err := robot.Upload(ctx, wecom.Attachment{
		Kind:    wecom.KindVoice,
		Name:    "alarm.amr",
		Content: strings.NewReader("#!AMR\n..."),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(media.Kind, media.ID)
	fmt.Println(robot.Post(ctx, media.Message()))

	_, err = robot.Upload(ctx, wecom.Attachment{Name: "empty.log", Content: strings.NewReader("")})
	if fault, ok := errors.AsType[*wecom.FieldError](err); ok {
		fmt.Println(fault.Field, fault.Reason)
	}
	// Output:
	// voice 3M2x
	// <nil>
	// media 0 bytes, at least 6 bytes
}

func ExampleOptions_failFast() {
	vendor := standIn(`{"errcode":0,"errmsg":"ok"}`)
	defer vendor.Close()
	robot, err := wecom.New("11111111-2222-4333-8444-555555555555", &wecom.Options{
		BaseURL: vendor.URL, FailFast: true, Rate: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(robot.Send(ctx, alert.Alert{Name: "disk full"}))
	err = robot.Send(ctx, alert.Alert{Name: "disk full"})
	fmt.Println(alert.Retryable(err), alert.RetryAfter(err).Round(time.Minute))
	// Output:
	// <nil>
	// true 1m0s
}
