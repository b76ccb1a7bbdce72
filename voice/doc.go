// Package voice calls people on the telephone, through a voice gateway of the
// house or through BlueKing (蓝鲸), and can be the gateway that BlueKing calls.
//
// # The parts
//
// A [Gateway] takes a [Request], whom to call and what to say, and returns a
// [Report] with a [Result] for each callee. A [Dialer] is one over anything that
// calls one number at a time; [SendPhone] is for the plain form of in-house
// gateways, a list of numbers and a text. A [Client] is one over BlueKing's
// component send_voice_msg, or over its API gateway.
//
// A [Sender] is an [alert.Sender] over any Gateway: it calls the same people
// about any number of alerts, once.
//
//	dialer, err := voice.NewDialer(voice.SendPhone(sendPhone), nil)
//	...
//	phone, err := voice.NewSender(dialer, []voice.Callee{
//		{User: "alice", Number: voice.NewNumber("13800000001")},
//	}, nil)
//	...
//	page := alert.Chain(phone, alert.Only(alert.Critical))
//
// A [Handler] stands at the other end: it is what the setting dest_url of
// BlueKing's component points to, and places the calls through any Gateway.
//
// # Never twice
//
// A telephone call is never placed twice because something was repeated here. A
// request is repeated only if it certainly reached nobody; a timeout, a lost
// answer, and whatever a gateway leaves open match alert.ErrUncertain, are not
// retryable and are not repeated.
//
// # Accepted, answered, acknowledged
//
// These are three things, and three values of [State]. Most gateways say the
// first only: that a call was accepted. A nil error of a Sender means no more
// than the gateway said.
//
// # What is never shown
//
// A [Number] prints masked. Errors, reports and logs hold neither whole numbers
// nor credentials, also not those that a gateway repeats in its answers.
package voice
