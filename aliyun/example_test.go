package aliyun_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
)

func ExampleParse() {
	body := "alertName=CPU&alertState=OK&curValue=12.5&unit=%25&expression=%24Average%3E%3D80" +
		"&metricName=cpu_total&metricProject=acs_ecs&triggerLevel=OK&preTriggerLevel=CRITICAL" +
		"&instanceName=web-01&dimensions=%7BuserId%3D1%2C+instanceId%3Di-1%7D&timestamp=1685646149981"
	callback, err := aliyun.Parse("", []byte(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range callback.Alerts() {
		fmt.Println(a.Status, a.Severity, a.Level, a.Name, a.Instance)
		fmt.Println(a.Summary)
	}
	// Output:
	// resolved critical CRITICAL CPU web-01
	// cpu_total = 12.5% ($Average>=80)
	// instanceId: i-1
}

func ExampleParse_array() {
	callback, err := aliyun.Parse("", []byte(`[
		{"alert_id": "5xx", "alert_name": "too many 5xx", "project": "web", "status": "firing", "severity": 10,
		 "labels": {"host": "a"}, "fire_time": 1785299700, "alert_url": "https://sls.console.aliyun.com/a"},
		{"alert_id": "5xx", "alert_name": "too many 5xx", "project": "web", "status": "resolved", "severity": 10,
		 "labels": {"host": "b"}, "fire_time": 1785299100, "resolve_time": 1785299700, "query_url": "https://sls.console.aliyun.com/b"},
		"no alert"
	]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range callback.Alerts() {
		fmt.Println(a.Status, a.Severity, a.Name, a.Summary, a.URL)
	}
	fmt.Println(callback.Problems)
	// Output:
	// firing critical too many 5xx host: a https://sls.console.aliyun.com/a
	// resolved critical too many 5xx host: b https://sls.console.aliyun.com/b
	// [[2]: unreadable body]
}

func ExampleHandler() {
	sender := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
		for _, a := range alerts {
			fmt.Println(a.Product, a.LevelWord(), a.Region, a.Name)
		}
		return nil
	})
	handler, err := aliyun.NewHandler(sender, "3XAMPLE-of-a-long-secret", &aliyun.Options{Allow: aliyun.SourceRanges()})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/aliyun/", handler)

	// What CloudMonitor does.
	r := httptest.NewRequest("POST", "/aliyun/3XAMPLE-of-a-long-secret",
		strings.NewReader(`{"product":"cfw","level":"WARN","regionId":"cn-hangzhou","name":"InternetBandwidthThresholdExceeded"}`))
	r.RemoteAddr = "47.74.206.122:41000"
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// cfw WARN cn-hangzhou InternetBandwidthThresholdExceeded
	// 200
}

// The level says how important an event is. What it means is in Status, and Key
// is the same for both ends of a problem.
func ExampleCallback_Alerts_pair() {
	const body = `{"product":"WAF","name":"wafv3_event_aclattack","level":"CRITICAL","id":"%s","eventTime":"%s",
		"resourceId":"acs:waf:cn-hangzhou:1:instanceId/waf-1","content":{"resource":"shop","action":"%s"}}`
	var keys []string
	for _, text := range []string{
		fmt.Sprintf(body, "1", "20250822T093000.000+0800", "start"),
		fmt.Sprintf(body, "2", "20250822T093200.000+0800", "end"),
	} {
		callback, err := aliyun.Parse("", []byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		a := callback.Alerts()[0]
		fmt.Println(a.Status, a.Severity, a.Name)
		keys = append(keys, a.Key)
	}
	fmt.Println(keys[0] == keys[1])
	// Output:
	// firing critical wafv3_event_aclattack
	// resolved critical wafv3_event_aclattack
	// true
}
