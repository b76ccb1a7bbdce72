// Package ocp connects OceanBase Cloud Platform (OCP) in both directions.
//
// # From OCP: the HTTP channel
//
// A [Handler] takes the messages of OCP's HTTP channel, whose body is made from
// [Template], and gives alerts to a Sender, best an outbox:
//
//	channel, err := ocp.NewHandler(box, secret, nil)
//	...
//	mux.Handle("/ocp/", channel)
//
// # From OCP: the script channel
//
// OCP starts a script for each message and hands it the alarm in environment
// variables. [FromEnv] reads them into a [Payload], and [Payload.Alert] makes
// an alert of it. [Main] is the whole script; [Remember] keeps the repetitions of
// an alarm that lasts from the reader:
//
//	func main() {
//		os.Exit(ocp.Main(context.Background(), func(ctx context.Context, p *ocp.Payload) error {
//			robot, err := dingtalk.New(token, nil)
//			if err != nil {
//				return err
//			}
//			return ocp.Deliver(robot)(ctx, p)
//		}, nil))
//	}
//
// OCP takes scripts of Python and Bash only, so that a program needs a script around
// it, and has to be on every node of OCP:
//
//	#!/bin/bash
//	exec /opt/tocsin/ocp-dingtalk
//
// # To OCP
//
// A [Client] calls the API of an OCP, with a user and password ([Basic]) or with
// an access key ([AccessKey]). [Client.Push] tells of an alarm, which OCP then treats
// like its own; [Client.Alarms] reads. A [Sender] pushes alerts. Nobody can tell OCP
// that a problem is over: an alarm ends when it is not pushed again. So a [Repeater]
// pushes what is firing until it is resolved. Package ocptest is an OCP for tests.
//
// # Vendor pages
//
// Documentation of OCP 3.1.1 to 4.2.2, github.com/oceanbase/ocp-doc, read in
// November 2026: "OCP alert template variables", "Create an alert channel",
// "Alarm channel settings example", "Call an alert API" and "Alert-related
// concepts".
package ocp
