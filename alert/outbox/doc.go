// Package outbox delivers alerts at least once: it commits first and delivers
// after. An [Outbox] is itself an alert.Sender, so it slides in front of any
// channel:
//
//	store, err := outbox.NewSQLStore(ctx, db, "sqlite")
//	box, err := outbox.Open(store, nil)
//	err = box.Route("ops chat", robot, &outbox.RouteOptions{
//		Budget: outbox.Budget{Messages: 20, Per: time.Minute},
//	})
//	go box.Run(ctx)
//	err = box.Send(ctx, alerts...) // nil: committed on every route
//
// # The way of an alert
//
// [Outbox.Send] returns nil when a job for each route is committed. For each
// route [Outbox.Run] waits until the [Budget] has room for a message, claims all
// jobs that are due, up to a batch, and hands them to the Sender once, under
// alert.Once: rate limit, digest, retry and durability come out of one loop. A job
// whose alert was accepted is removed. A job whose alert may be sent again waits
// for as long as the channel asks for, or for a backoff that doubles each time. Alerts that
// failed together are tried in halves, since one of them may be the reason, until that
// one is alone; what is refused for good by itself ends as a dead letter. Dead
// letters can be listed, requeued and dropped.
//
// # What is promised
//
// Every accepted alert reaches each of its routes at least once, or ends as a
// dead letter there, also if processes and databases die at any moment. It may
// arrive twice: after an uncertain outcome, and when a process dies between the
// message and its commit. On a route with NeverTwice, for telephones, such an
// alert ends as a dead letter instead.
//
// An event, that is a Source and an ID, is accepted once within a window.
//
// When more waits than a message takes, alerts of alert.Critical go first, and
// recoveries of such problems too. In a message they stand first as well, so that
// a digest that is cut still tells of them. The others wait for as long as critical
// ones keep coming, and end as dead letters after MaxAge.
//
// Alerts with the same Source and Key keep their order on a route: while one waits
// for a retry, those after it wait too, and what waits before a critical one is
// sent along with it. What has gathered of a Key goes out in one message, a firing
// together with its recovery; neither is dropped. The recovery alone would tell of
// a problem that nobody had heard of, and to drop both is safe only if it is known
// what was delivered long before. With OnePerKey there is one alert of a Key in a
// message, and the next one follows when that is delivered.
//
// One worker at a time delivers a route, over all processes that share a store,
// by a lease on the clock of the store. Each new lease has a greater epoch, and a
// worker with an old one can neither claim nor settle jobs. Its message has a
// deadline that comes before the end of the lease. Only a process that is stopped
// in the middle of writing to the network, for longer than a lease, can go on
// writing when another one has taken over: then a message may arrive twice, on
// any route.
package outbox
