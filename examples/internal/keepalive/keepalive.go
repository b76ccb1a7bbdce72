// Package keepalive keeps one alarm alive in OceanBase Cloud Platform (OCP).
package keepalive

import (
	"context"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
)

// Push pushes an alarm, and again once an interval, until ctx ends or a failure
// that another push cannot mend. It tells pushed of each push that OCP accepted and
// failed of each failure that may pass. A failure that was not followed by a
// success is its error.
func Push(ctx context.Context, client *ocp.Client, alarm ocp.Alarm, every time.Duration, pushed func(), failed func(error)) (last error) {
	sender, err := ocp.NewSender(client, alarm.Type, &ocp.SenderOptions{Alarm: func(alert.Alert, ocp.Alarm) ocp.Alarm { return alarm }})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	succeed := func(alert.Alert) { last = nil; pushed() }
	fail := func(_ alert.Alert, err error) {
		if ctx.Err() != nil {
			return // interrupted
		}
		if last = err; alert.Retryable(err) {
			failed(err)
			return
		}
		stop()
	}
	repeater, err := ocp.NewRepeater(sender, fail, &ocp.RepeatOptions{Interval: every, OnPushed: succeed})
	if err != nil {
		return err
	}
	a := alert.Alert{Source: "ocp-push", Key: alarm.Target}
	for err := repeater.Send(ctx, a); err != nil; err = repeater.Send(ctx, a) { // a Repeater keeps alive what was accepted once
		fail(a, alert.ErrorAt(err, 0, 1))
		select {
		case <-ctx.Done():
			return last
		case <-time.After(every):
		}
	}
	succeed(a)
	_ = repeater.Run(ctx) // ends with ctx
	return last
}
