package aliyun_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/aliyun"
)

// warning is a callback as CloudMonitor posts it for a system event.
const warning = `{"product":"cfw","level":"WARN","regionId":"cn-hangzhou","name":"InternetBandwidthThresholdExceeded"}`

// post does what CloudMonitor does, and returns the status of the answer.
func post(h http.Handler, secret string) int {
	mux := http.NewServeMux()
	mux.Handle("/aliyun/", h)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/aliyun/"+secret, strings.NewReader(warning)))
	return w.Code
}

// The five fields that a system event has, in the source's own spelling.
func ExampleCallback_Alerts() {
	callback, err := aliyun.Parse("", []byte(warning))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range callback.Alerts() {
		fmt.Println(a.Product, a.Level, a.Severity, a.Region, a.Name)
	}
	// Output: cfw WARN warning cn-hangzhou InternetBandwidthThresholdExceeded
}

// With an outbox the answer is 200 as soon as the alert is committed, however
// slow the group is.
func ExampleNewHandler_outbox() {
	box, err := outbox.Open(outbox.NewMemoryStore(), nil) // NewSQLStore survives a restart
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = box.Route("group", &alerttest.Recorder{}, nil)
	handler, err := aliyun.NewHandler(box, "3XAMPLE-of-a-long-secret", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(post(handler, "3XAMPLE-of-a-long-secret"))
	waiting, err := box.Pending(context.Background(), "group", 0, 10)
	fmt.Println(len(waiting), waiting[0].Alert.Name, err)
	// Output:
	// 200
	// 1 InternetBandwidthThresholdExceeded <nil>
}

// What nobody has accepted is answered 503, and CloudMonitor calls again. A
// stranger learns nothing.
func ExampleNewHandler_failure() {
	dead := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return errors.New("no route to the robot") })
	handler, err := aliyun.NewHandler(dead, "3XAMPLE-of-a-long-secret", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(post(handler, "3XAMPLE-of-a-long-secret"), post(handler, "guess"))
	// Output: 503 404
}

// Two accounts call one webhook, each with its secret. The second can send
// headers, as CloudMonitor 2.0 can, and has no secret in its URL.
func ExampleAccount() {
	var group alerttest.Recorder
	handler, err := aliyun.NewHandler(&group, "", &aliyun.Options{Accounts: []aliyun.Account{
		{Name: "shop", Secret: "3XAMPLE-of-a-long-secret"},
		{Name: "bank", Secret: "4NOTHER-of-a-long-secret"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/aliyun/", handler)
	server := aliyun.CleanPath("/aliyun/", mux) // a mux alone answers "//aliyun/" with a redirect

	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "//aliyun/3XAMPLE-of-a-long-secret", strings.NewReader(warning)))
	fmt.Println(w.Code)

	r := httptest.NewRequest(http.MethodPost, "/aliyun", strings.NewReader(warning))
	r.Header.Set("Authorization", "Bearer 4NOTHER-of-a-long-secret")
	w = httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Code)

	for _, a := range group.Accepted() {
		fmt.Println(a.Name, a.Labels[aliyun.LabelAccount])
	}
	// Output:
	// 200
	// 200
	// InternetBandwidthThresholdExceeded shop
	// InternetBandwidthThresholdExceeded bank
}

// The hook sees what an alert has no room for.
func ExampleOptions_onCallback() {
	handler, err := aliyun.NewHandler(&alerttest.Recorder{}, "3XAMPLE-of-a-long-secret", &aliyun.Options{
		OnCallback: func(_ context.Context, r aliyun.Received) {
			switch {
			case r.Err != nil:
				fmt.Println("unreadable:", r.Err)
			case r.Callback.Event != nil:
				fmt.Println("event of", r.Callback.Event.Product)
			case r.Callback.Threshold != nil:
				fmt.Println("metric", r.Callback.Threshold.MetricName)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(post(handler, "3XAMPLE-of-a-long-secret"))
	// Output:
	// event of cfw
	// 200
}

// A callback that cannot be read is reported by the names of its keys.
func ExampleHandler_unreadable() {
	var group alerttest.Recorder
	handler, err := aliyun.NewHandler(&group, "3XAMPLE-of-a-long-secret", &aliyun.Options{Locale: alert.English})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodPost, "/aliyun/3XAMPLE-of-a-long-secret", strings.NewReader(`{"TopicName":"ops","Message":"..."}`))
	handler.ServeHTTP(httptest.NewRecorder(), r)
	for _, a := range group.Accepted() {
		fmt.Println(a.Name)
		fmt.Println(a.Summary)
	}
	// Output:
	// Callback that cannot be read
	// A callback came whose alert is not delivered, because it cannot be read. Look into the console.
	// Reason: not a known CloudMonitor callback
	// Caller: 192.0.2.1
	// Bytes: 35
	// Keys: TopicName, Message
}

// Behind a proxy, only what the proxy says counts.
func ExampleOptions_proxy() {
	handler, err := aliyun.NewHandler(&alerttest.Recorder{}, "3XAMPLE-of-a-long-secret", &aliyun.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, // httptest calls from 192.0.2.1
		ClientIP: func(r *http.Request) (netip.Addr, error) {
			peer, err := netip.ParseAddrPort(r.RemoteAddr)
			if err != nil || !peer.Addr().IsLoopback() {
				return peer.Addr(), err
			}
			return netip.ParseAddr(r.Header.Get("X-Real-IP"))
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(post(handler, "3XAMPLE-of-a-long-secret"))
	// Output: 200
}
