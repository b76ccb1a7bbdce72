package voice_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// sendPhone stands for the function that an in-house gateway comes with.
func sendPhone(_ context.Context, _ []string, text string) (ok bool, message string) {
	_, _ = fmt.Fprintln(os.Stdout, "reads:", text)
	return true, "OK"
}

// A storm of alerts is one call.
func ExampleSender() {
	dialer, err := voice.NewDialer(voice.SendPhone(sendPhone), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	phone, err := voice.NewSender(dialer, []voice.Callee{
		{User: "alice", Number: voice.NewNumber("13800000001")},
	}, &voice.SenderOptions{Locale: alert.English})
	if err != nil {
		fmt.Println(err)
		return
	}
	storm := make([]alert.Alert, 80)
	for i := range storm {
		storm[i] = alert.Alert{Name: "replica lags", Instance: fmt.Sprintf("db-%02d", i)}
	}
	storm[42] = alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-42"}
	fmt.Println(phone.Send(context.Background(), storm...))

	// What comes within two minutes is held back, and counted by the next call.
	err = phone.Send(context.Background(), alert.Alert{Name: "replica lags", Instance: "db-99"})
	fmt.Println(err)
	// Output:
	// reads: Alert, 80 alerts, Critical, db-42, disk full, 1 like this, 79 more
	// <nil>
	// alert: held back by a call a short while ago, nobody was rung; send again in 2m0s
}

// Everybody's outcome by name.
func ExampleDialer() {
	phones := &voicetest.Phones{}
	phones.Script("13800000001", voicetest.Unanswered())
	phones.Script("13800000002", voicetest.Pressed("1"))
	dialer, err := voice.NewDialer(phones.Dial, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := dialer.Call(context.Background(), voice.Request{
		Text: "disk full", Serial: true,
		Callees: []voice.Callee{
			{User: "alice", Number: voice.NewNumber("13800000001")},
			{User: "bob", Number: voice.NewNumber("138-0000-0002")},
			{User: "carol", Number: voice.NewNumber("13800000003")},
		},
	})
	for _, r := range report.Results {
		fmt.Printf("%v %v %q\n", r.Callee, r.State, r.Key)
	}
	fmt.Println(err, report.Err())
	// Output:
	// alice 138******01 no_answer ""
	// bob 138******02 acknowledged "1"
	// carol 138******03 not_needed ""
	// <nil> 1 of 3 callees not reached: alice 138******01: no_answer
}

// BlueKing calls by user name.
func ExampleClient() {
	test := func(esb *voicetest.ESB) {
		client, err := voice.NewClient("https://paas.example.com", voice.Credentials{
			AppCode: esb.AppCode, AppSecret: esb.AppSecret, Username: "admin",
		}, &voice.ClientOptions{HTTPClient: esb.Client()})
		if err != nil {
			fmt.Println(err)
			return
		}
		request := voice.Request{Text: "disk full", Callees: []voice.Callee{{User: "alice"}, {User: "bob"}}}
		report, err := client.Call(context.Background(), request)
		fmt.Println(len(report.Results), report.Err(), err)

		esb.Fail(voicetest.ThirdPartyTimeout())
		_, err = client.Call(context.Background(), request)
		fmt.Println(errors.Is(err, voice.CodeThirdParty), errors.Is(err, alert.ErrUncertain), alert.Retryable(err))
	}
	test(voicetest.NewESB(&exampleTB{}))
	// Output:
	// 2 <nil> <nil>
	// true true false
}

// What dest_url may point to.
func ExampleHandler() {
	dialer, err := voice.NewDialer(voice.SendPhone(sendPhone), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := voice.NewHandler(dialer, "a-long-random-token", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer handler.Shutdown(context.Background()) //nolint:errcheck // it waits without end, and so never fails
	mux := http.NewServeMux()
	mux.Handle("/voice/{token}", handler)

	request := voicetest.DestRequest("/voice/a-long-random-token", []byte(`{"auto_read_message": "disk full",
		"user_list_information": [{"username": "alice", "mobile_phone": "13800000001"}]}`))
	request.Header.Set("X-Bkapi-Request-Id", "0f3c2b1a")
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Body)
	// Output:
	// reads: disk full
	// 200 {"result":true,"code":0,"message":"OK","data":{"msg_id":"0f3c2b1a","details":[{"username":"alice","state":"accepted","reason":"OK"}]}}
}

// exampleTB takes the place of the *testing.T that a real test has.
type exampleTB struct{ testing.TB }

func (*exampleTB) Helper()        {}
func (*exampleTB) Cleanup(func()) {}
