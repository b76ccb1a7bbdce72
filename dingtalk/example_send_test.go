package dingtalk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// demoRobot returns a robot before a stand-in, which shows what a group reads.
func demoRobot(opts dingtalk.Options) (*dingtalk.Robot, *dingtalktest.Server) {
	server := dingtalktest.NewServer(&testing.T{}) // in a test: its t
	server.Secret = opts.Secret
	opts.HTTPClient, opts.Locale = server.Client(), alert.English
	robot, err := dingtalk.New(server.URL(), &opts)
	if err != nil {
		panic(err)
	}
	return robot, server
}

// One alert is a card.
func ExampleRobot_Send() {
	robot, group := demoRobot(dingtalk.Options{})
	err := robot.Send(context.Background(), alert.Alert{
		Severity: alert.Critical, Name: "disk almost full", Product: "ecs", Instance: "db-1", Summary: "91% of 100 GB",
	})
	fmt.Println(err)
	fmt.Println(group.Messages()[0].Text)
	// Output:
	// <nil>
	// #### <font color=#D93026>Alert: Critical disk almost full db-1</font>
	//
	// - Product: ecs
	// - Level: **<font color=#D93026>Critical</font>**
	// - Instance: db-1
	// - Alert: disk almost full
	// - Status: <font color=#D93026>Firing</font>
	//
	// > Details: 91% of 100 GB
}

// Many alerts are one message, whose counts add up to their number.
func ExampleRobot_Send_digest() {
	robot, group := demoRobot(dingtalk.Options{})
	storm := make([]alert.Alert, 12)
	for i := range storm {
		storm[i] = alert.Alert{Name: "replica lags", Instance: fmt.Sprintf("db-%02d", i)}
	}
	storm[7] = alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-07"}
	fmt.Println(robot.Send(context.Background(), storm...))
	fmt.Println(group.Messages()[0].Text)
	// Output:
	// <nil>
	// #### <font color=#D93026>Alert: 12 alerts</font>
	//
	// - <font color=#D93026>Firing 12</font>: Critical 1, Warning 11
	//
	// **×1** **<font color=#D93026>Firing Critical</font>** disk full
	//
	// - Instance: db-07
	//
	// **×11** <font color=#E67E22>Firing Warning</font> replica lags
	//
	// - Instance: db-00, db-01, db-02, db-03, db-04, db-05, db-06, db-08, db-09, db-10, db-11
}

// A robot with 加签 in its security settings: each attempt is signed.
func ExampleOptions_signing() {
	robot, group := demoRobot(dingtalk.Options{Secret: "SEC0123456789abcdef"})
	fmt.Println(robot.Send(context.Background(), alert.Alert{Name: "disk almost full"}))

	group.Secret = "SEC-another-one" // somebody has reset it
	err := robot.Send(context.Background(), alert.Alert{Name: "disk almost full"})
	fmt.Println(strings.Contains(err.Error(), "310000"), alert.Retryable(err))
	// Output:
	// <nil>
	// true false
}

// Mentions that fire: number and userId are written into the text as well.
func ExampleAt() {
	robot, group := demoRobot(dingtalk.Options{At: dingtalk.At{Mobiles: []string{"13800000001"}, UserIDs: []string{"zhangwei"}}})
	fmt.Println(robot.Send(context.Background(), alert.Alert{Name: "disk almost full"}))
	m := group.Messages()[0]
	fmt.Println("told:", m.Mentioned, strings.Contains(m.Text, "@13800000001"))
	// Output:
	// <nil>
	// told: [13800000001 zhangwei] true
}
