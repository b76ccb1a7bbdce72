// Package dingtalk posts to custom group robots of DingTalk (钉钉自定义机器人).
//
// A [Robot] is one webhook. It is an [alert.Sender]: one alert becomes a card,
// many become one digest whose counts add up to the number given, and both
// stay within the vendor's limit. [Robot.Post] sends a message of one's own
// instead: a [Text], [Markdown], [ActionCard], [Link] or [FeedCard].
//
//	robot, err := dingtalk.New(os.Getenv("DINGTALK_TOKEN"), &dingtalk.Options{
//		Secret: os.Getenv("DINGTALK_SECRET"),
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	err = robot.Send(ctx, alerts...)
//
// # Security settings
//
// A robot has at least one of three. [Options].Secret signs every attempt with
// the time at which it is made; the clock of the host may be off by an hour at
// most, and an error tells by how much it is. [Options].Keyword is added to
// every message that lacks it, the one that tells that all is well again
// included. A list of addresses needs nothing here.
//
// # Limits
//
// The whole message as JSON holds 20000 bytes. A robot takes 20 messages a
// minute and is blocked for ten minutes by the next, so a Robot never posts
// faster than that, shared by all goroutines that use it: a caller waits for
// its turn, or with [Options].FailFast and under [alert.Once] gets an error at
// once that answers [alert.RetryAfter]. If the vendor blocks the robot all the
// same, since somebody else uses the token too, nobody gets through for ten
// minutes, and errors tell how much of that is left.
//
// # Failures
//
// The vendor answers HTTP 200 to everything, so the errcode in the answer
// decides, and an answer without one is a failure. Every error is an [*Error]
// that knows its [Class]: try again, wait, mend the message, mend the
// destination, or outcome unknown. Test for a single code, or for one of the
// security settings, with
//
//	errors.Is(err, dingtalk.CodeStopped)
//	errors.Is(err, dingtalk.ReasonSign)
//
// Every message carries an identity, the same in all attempts of a call, by
// which the vendor knows a repetition: a message repeated after an unknown
// outcome does not appear twice. Token, secret and signature are in no error, log
// record or formatted value.
//
// # Hostile text
//
// Text from alerts is data. Whatever would be markup, a mention or a link in
// the dialect of the chat is replaced by its full-width look-alike, control
// and invisible characters are removed, and only http and https addresses
// become links. Mentions come from [Options] and [At] alone.
//
// Vendor page: https://help.dingtalk.io/open/development/custom-robots-send-group-messages.
package dingtalk
