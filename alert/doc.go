// Package alert is the ground floor of Tocsin: what an alert is, what it means
// to deliver one, and how deliveries are composed. It uses the standard
// library only.
//
// # Alerts
//
// An [Alert] is a plain value that says one thing about one problem. Sources
// (package aliyun, your own checks) make them:
//
//	a := alert.Alert{
//		Key:      "disk/db-1",
//		Severity: alert.Critical,
//		Name:     "disk almost full",
//		Instance: "db-1",
//	}
//
// The alert that says that the problem is over has the same Key and the Status
// [Resolved]. [News] begins no problem and ends none, and an alert with Test is a
// trial, which every channel shows as one: no phone rings for either, unless the
// owner of the phone asks for it, and neither opens or ends what a real alert does.
//
// # Senders
//
// A [Sender] delivers alerts: a robot in a chat group, a trap to a console, a
// telephone call. It takes many at once, since alerts come in storms while a
// robot takes 20 messages a minute and a person wants one call:
//
//	err := robot.Send(ctx, alerts...)
//
// A nil error means that the far end accepted every alert, or a digest whose
// counts account for every alert.
//
// # Composition
//
// A [Middleware] adds something to a Sender, [Chain] strings several together,
// and [Fanout] sends to several places at once. Everything goes to the robot;
// what is critical also rings:
//
//	page := alert.Chain(phone, alert.Only(alert.Critical))
//	both := alert.Fanout(robot, page)
//
// Who sends again after an error reaches every branch again. Package outbox
// stands in front instead, repeats for each branch by itself, and accepts an event
// that its source repeats once.
//
// # What rings
//
// The Senders of the packages pigeon, voice and autocall put a [Ringer] around
// themselves: no event rings twice, whoever repeats it; a storm is one call in two
// minutes; nobody is called more than three times in 15 minutes and seven in an
// hour. What is held back gets a [*HeldError], which tells when to send it again,
// and is in the next call. A [RingPolicy] changes that and has the quiet hours
// and the block list. A Sender of your own that rings gets the same by
//
//	ringer, err := alert.NewRinger(nil)
//	...
//	phone := alert.Chain(mine, ringer.Wrap)
//
// # Errors
//
// Three questions can be put to any error of a Sender, whatever package it
// comes from: [Retryable] (can sending again help?), [RetryAfter] (when?) and
// errors.Is(err, [ErrUncertain]) (may it have arrived all the same?). When some
// alerts arrived and others did not, [ErrorAt] answers for each:
//
//	for i := range alerts {
//		if err := alert.ErrorAt(err, i, len(alerts)); err != nil {
//			keep(alerts[i], err)
//		}
//	}
//
// A caller with a retry loop of its own sends under [Once], which switches off
// the retries inside the channel.
//
// # Rendering
//
// Channels that write for people share the arithmetic of a [Digest], whose
// counts always add up, and the words of a [Locale].
package alert
