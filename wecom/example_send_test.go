package wecom_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// demoRobot returns a robot before a stand-in, which shows what a group reads.
func demoRobot(opts wecom.Options) (*wecom.Robot, *wecomtest.Server) {
	server := wecomtest.NewServer(&testing.T{}) // in a test: its t
	opts.HTTPClient, opts.Locale = server.Client(), alert.English
	robot, err := wecom.New(server.URL(), &opts)
	if err != nil {
		panic(err)
	}
	return robot, server
}

// One alert is a card.
func ExampleRobot_Send() {
	robot, group := demoRobot(wecom.Options{Mentions: []string{"zhangwei"}})
	err := robot.Send(context.Background(), alert.Alert{
		Severity: alert.Critical, Name: "disk almost full", Product: "ecs", Instance: "db-1", Summary: "91% of 100 GB",
	})
	fmt.Println(err)
	fmt.Println(group.Messages()[0].Content)
	// Output:
	// <nil>
	// **<font color="warning">Alert: Critical disk almost full db-1</font>**
	// <font color="comment">Product: </font>ecs
	// <font color="comment">Level: </font>**<font color="warning">Critical</font>**
	// <font color="comment">Instance: </font>db-1
	// <font color="comment">Alert: </font>disk almost full
	// <font color="comment">Status: </font><font color="warning">Firing</font>
	// <font color="comment">Details: </font>91% of 100 GB
	// <@zhangwei>
}

// Many alerts are one message, whose counts add up to their number.
func ExampleRobot_Send_digest() {
	robot, group := demoRobot(wecom.Options{})
	storm := make([]alert.Alert, 12)
	for i := range storm {
		storm[i] = alert.Alert{Name: "replica lags", Instance: fmt.Sprintf("db-%02d", i)}
	}
	storm[7] = alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-07"}
	fmt.Println(robot.Send(context.Background(), storm...))
	fmt.Println(group.Messages()[0].Content)
	// Output:
	// <nil>
	// **<font color="warning">Alert: 12 alerts</font>**
	// <font color="warning">Firing 12</font>: Critical 1, Warning 11
	// **×1** **<font color="warning">Firing Critical</font>** disk full
	// <font color="comment">db-07</font>
	// **×11** <font color="warning">Firing Warning</font> replica lags
	// <font color="comment">db-00, db-01, db-02, db-03, db-04, db-05, db-06, db-08, db-09, db-10, db-11</font>
}

// Members who read with the personal WeChat client see text only.
func ExampleOptions_plainText() {
	robot, group := demoRobot(wecom.Options{PlainText: true, Mentions: []string{"@all"}})
	err := robot.Send(context.Background(), alert.Alert{Name: "disk almost full", Instance: "db-1"})
	m := group.Messages()[0]
	fmt.Println(err, m.Type, m.Mentions)
	fmt.Println(m.Content)
	// Output:
	// <nil> text [@all]
	// Alert: Warning disk almost full db-1
	// Level: Warning
	// Instance: db-1
	// Alert: disk almost full
	// Status: Firing
}

// A layout of your own. What comes from outside is yours to escape here.
func ExampleOptions_render() {
	robot, group := demoRobot(wecom.Options{Render: func(alerts []alert.Alert) (wecom.Message, error) {
		return wecom.Text{Content: fmt.Sprintf("%d alerts, look at the board", len(alerts))}, nil
	}})
	fmt.Println(robot.Send(context.Background(), make([]alert.Alert, 7)...))
	fmt.Println(group.Messages()[0].Content)
	// Output:
	// <nil>
	// 7 alerts, look at the board
}
