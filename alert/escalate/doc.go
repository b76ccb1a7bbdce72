// Package escalate tells more and more people of a problem until one of them takes
// it: a group at once, a telephone after five minutes, another one after ten. It
// stands on an outbox, whose store keeps all that it knows, so that a restart
// changes nothing:
//
//	duty, err := escalate.New(box, "duty", []escalate.Step{
//		{Name: "group", Sender: robot, Link: func(token string) string { return "https://ops.example.com/take/" + token }},
//		{Name: "phone", After: 5 * time.Minute, Sender: phone, Route: outbox.RouteOptions{NeverTwice: true}},
//	}, nil)
//	mux.Handle("/take/", duty.Handler())
//	go box.Run(ctx)
package escalate
