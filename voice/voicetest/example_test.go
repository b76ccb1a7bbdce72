package voicetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// The body of a test in a program that calls through BlueKing: an answer that
// got lost is not asked for again, since phones may be ringing.
func Example() {
	esb := voicetest.NewESB(&testing.T{}) // in a test: its t
	client, err := voice.NewClient(esb.URL(), voice.Credentials{
		AppCode: esb.AppCode, AppSecret: esb.AppSecret, Username: "admin",
	}, &voice.ClientOptions{HTTPClient: esb.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := voice.Request{Text: "disk full", Callees: []voice.Callee{{User: "alice"}}}
	esb.Fail(voicetest.ResetAfter())
	_, err = client.Call(context.Background(), request)
	fmt.Println(err != nil, esb.Attempts(), "attempt,", len(esb.Calls()), "call")
	// Output: true 1 attempt, 1 call
}

// Phones behind a gateway of the house: each number does as it is told.
func ExamplePhones() {
	var phones voicetest.Phones
	phones.Script("13800000001", voicetest.Busy(), voicetest.Answered())
	dialer, err := voice.NewDialer(phones.Dial, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := voice.Request{Text: "disk full", Callees: []voice.Callee{{Number: voice.NewNumber("13800000001")}}}
	for range 2 {
		report, err := dialer.Call(context.Background(), request)
		fmt.Println(report.Results[0].State, err)
	}
	fmt.Println(phones.Numbers())
	// Output:
	// rejected_temporary <nil>
	// answered <nil>
	// [13800000001 13800000001]
}
