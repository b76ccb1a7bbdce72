package autocall_test

import (
	"fmt"

	"github.com/tocsin-go/tocsin/autocall"
)

// Whoever is on duty gets the calls to the SIM card of the phone, and no longer
// at the end of it.
func ExampleForwardCode() {
	set, undo, err := autocall.ForwardCode(autocall.ChinaTelecom, "18700000001")
	if err != nil {
		fmt.Println(err)
		return
	}
	begin := autocall.SMS{Dial: set, Keyword: autocall.KeywordAlertCall, Text: "今天你值班，已设置呼叫转移为你"}
	end := autocall.SMS{Dial: undo, Keyword: autocall.KeywordAlertCall, Text: "呼叫转移已取消"}
	fmt.Println(begin) // for logs; what is sent is begin.String()
	fmt.Println(end.String())
	// Output:
	// |*721********01|alertcall|今天你值班，已设置呼叫转移为你
	// |*720|alertcall|呼叫转移已取消
}
