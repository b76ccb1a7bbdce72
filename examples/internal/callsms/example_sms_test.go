package callsms_test

import (
	"fmt"

	"github.com/tocsin-go/tocsin/examples/internal/callsms"
)

// Whoever is on duty gets the calls to the SIM card of the phone, and no longer
// at the end of it.
func ExampleForwardCode() {
	set, undo, err := callsms.ForwardCode(callsms.ChinaTelecom, "18700000001")
	if err != nil {
		fmt.Println(err)
		return
	}
	begin := callsms.SMS{Dial: set, Keyword: callsms.KeywordAlertCall, Text: "今天你值班，已设置呼叫转移为你"}
	end := callsms.SMS{Dial: undo, Keyword: callsms.KeywordAlertCall, Text: "呼叫转移已取消"}
	fmt.Println(begin) // for logs; what is sent is begin.String()
	fmt.Println(end.String())
	// Output:
	// |*721********01|alertcall|今天你值班，已设置呼叫转移为你
	// |*720|alertcall|呼叫转移已取消
}
