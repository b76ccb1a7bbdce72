// Package wecom posts to group robots of WeCom (企业微信), the chat that the
// vendor now calls "message push (formerly group robot)".
//
// A [Robot] is one webhook. It is an [alert.Sender]: one alert becomes a card,
// many become one digest whose counts add up to the number given, and both
// stay within the vendor's limit, byte for byte. [Robot.Post] sends a message
// of one's own instead.
//
//	robot, err := wecom.New(os.Getenv("WECOM_KEY"), nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	err = robot.Send(ctx, alerts...)
//
// # Messages
//
// Every type of message that the vendor takes is a plain value: [Text],
// [Markdown], [MarkdownV2], [Image], [News], [File], [Voice], and the template
// cards [TextNotice] and [NewsNotice]. Each has an example of its own. Post
// refuses a message that the vendor would refuse, before anything is sent, and
// names every field that is wrong with its limit; the method Validate tells
// the same without a robot. Members who read the group in the personal WeChat
// client see Text only. Only Text and Markdown can mention members:
//
//	               by userid   by mobile   everybody
//	Text           Mentions    Mobiles     "@all" in either
//	Markdown       Mentions    no          no
//	all others     no          no          no
//
// # Limits
//
// A markdown message holds 4096 bytes of UTF-8 and a text message 2048; a
// Chinese character takes 3 of them. A robot takes 20 messages a minute, so a
// Robot never posts faster than that, shared by all goroutines that use it:
// a caller waits for its turn, or under [alert.Once], or with the option
// FailFast, gets an error at once that answers [alert.RetryAfter]. If the
// vendor says all the same that it was too much, since others use the same
// key, nobody posts for a minute.
//
// # Files
//
// [Robot.PostFile] posts a file of up to 20 MiB, or a recording, and uploads
// it first unless the robot did so within 70 hours. [Robot.Upload] only
// uploads. Content is read where it lies, once for each attempt.
//
// # Personal WeChat
//
// Members who read the group in the personal WeChat client see text messages
// only. The option PlainText renders alerts as text: without colours, within
// 2048 bytes, with the same counts, and with mentions of everybody and by
// mobile number, which markdown does not have.
//
// # Failures
//
// The vendor answers HTTP 200 to everything, so the errcode in the answer
// decides, and an answer without one is a failure. Every error is an [*Error]
// that knows its [Class]: try again, wait, mend the message, mend the
// destination, or outcome unknown. Test for a single code with
//
//	errors.Is(err, wecom.CodeInvalidWebhook)
//
// The webhook has no message identity: a message repeated after an unknown
// outcome can appear twice. Since an alert lost is worse than one seen twice,
// Robot repeats it. The key is the whole credential; it is in no error, log
// record or formatted value of this package.
//
// # Hostile text
//
// Text from alerts is data. Whatever would be markup, a mention or a link in
// the dialect of the chat is replaced by its full-width look-alike, control
// and invisible characters are removed, and only http and https addresses
// become links. Mentions come from [Options] alone.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110
// (dated 2025-08-07).
package wecom
