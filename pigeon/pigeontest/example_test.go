package pigeontest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// A chain goes its way as the server's clock does.
func ExampleServer() {
	server := pigeontest.NewServer(&testing.T{}) // in a test: its t
	server.Answer = func(d pigeontest.Dial) pigeontest.Pickup {
		if d.Contact == "on-call 2" {
			return pigeontest.Pressed("1")
		}
		return pigeontest.Missed()
	}
	call := func(method, path, body string) string {
		r, err := http.NewRequest(method, server.URL()+"/api/apps/pigeon"+path, strings.NewReader(body))
		if err != nil {
			return err.Error()
		}
		r.Header.Set("X-Authorization", "Token "+server.Token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := server.Client().Do(r)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	call("POST", "/chain/invoke", `{"params":{"callflowId":"`+pigeontest.CallFlowID+`","guidanceId":"`+pigeontest.GuidanceID+`",
		"parameters":{"text":"disk full"}}}`)
	chain := server.Chains()[0]
	for range 3 {
		answer := call("GET", "/results/"+chain.ResultID, "")
		fmt.Println(server.Dialled(), strings.Contains(answer, `"isActive":true`), strings.Contains(answer, `"keyInput":"1","resultId"`))
		server.Advance(35 * time.Second)
	}
	fmt.Println(chain.Text)
	// Output:
	// 1 true false
	// 2 true false
	// 2 false true
	// disk full
}
