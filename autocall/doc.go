// Package autocall is the server for AutoCall, an app that makes an old Android
// phone ring people about alerts: it polls a URL, dials the numbers that it
// gets, and tells who picked up. (The app is also called AlertCall; its source
// is at github.com/mumutoy/alertcall.)
//
// There are four parts. A [Queue] holds the calls and decides who is rung next:
// [NewMemoryQueue] for tests, [NewSQLQueue] for everything else. A [Handler]
// serves it to the phones. A [Sender] makes calls of alerts. And
// [Dispatcher.Run] ends what has become too old and calls back when somebody
// has picked up, when nobody did, and when a phone has fallen silent.
//
// # The phone in your hand
//
// Take out the SIM card first: until another URL is entered the app polls a
// public server of its author, and dials what that one says. Then
//
//  1. install the app, and grant telephone, call log, contacts and SMS by hand;
//     it does not ask. From Android 10 on it must also be allowed to draw over
//     other apps, or it cannot dial in the background. Take it out of the
//     battery optimisation, and keep the phone on the charger;
//  2. enter http://ADDRESS:PORT/phone/TOKEN/alert/phone, where ADDRESS is an IP
//     address, and save; in early versions also the interval, even if it is
//     right. No question mark and nothing behind it. The URL is of plain HTTP, so
//     lead it through a VPN: whoever reads an answer has a telephone number;
//  3. restart the app, wait for half a minute, and see the phone in
//     [Queue].Phones;
//  4. put in the SIM card, make one call by hand, and then a test call. Never
//     clear the call log: on an empty one version D (January 2022) dies while it
//     rings, is started again, and dials once more.
//
// Tell the people on duty the number of the SIM card, so that their phones let
// it through at night. Nothing is spoken: who picks up, hangs up and reads the
// chat. Switch off the voicemail of their numbers, or set it to begin late, for
// it counts as somebody who picked up.
//
// # What is promised
//
// Each hand-out rings its number once, as long as the app lives. There
// is one hand-out a person and round, and one more for each that was lost: a
// phone that was silent for longer than the lease, or did not tell an outcome
// within the deadline. A person of whom three hand-outs were lost is passed
// over. No call is handed to two phones at a time, none after somebody has
// picked up, and each ends: answered, exhausted, cancelled or expired. Every
// transition stands in the audit trail of the call, with the number masked.
//
// A phone that was thought lost and then tells that somebody picked up is
// believed, whatever has happened since; what it tells of "nobody" is not.
//
// What is not promised: an app that is killed while it rings knows nothing of
// it and rings again.
//
// # Rounds and pauses
//
// A hand-out has one number, and rounds are made here, by a new hand-out. The
// documentation of the app wants all rounds in one list, and that never ends: the app
// looks for the current number's first place in the list and goes on from there, so a
// second round leads back into the first; and of several numbers it may dial the next
// one over a call that lasts. With one number all versions are right.
//
// The app cannot be told to hang up. A call that is cancelled while a phone
// rings is not handed out again, and the phone gets nothing else for 90 s from
// the dialling on, since it would dial over its own call and never know the
// outcome of the second.
package autocall
