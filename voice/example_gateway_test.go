package voice_test

import (
	"context"
	"fmt"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
)

// A gateway of your own: one function that calls everybody.
func ExampleGatewayFunc() {
	gateway := voice.GatewayFunc(func(_ context.Context, r voice.Request) (voice.Report, error) {
		var report voice.Report
		for _, c := range r.Callees {
			report.Results = append(report.Results, voice.Result{Callee: c, State: voice.Answered})
		}
		return report, nil
	})
	phone, err := voice.NewSender(gateway, []voice.Callee{{User: "alice", Number: voice.NewNumber("13800000001")}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(phone.Send(context.Background(), alert.Alert{Severity: alert.Critical, Name: "disk full"}))
	// Output: <nil>
}
