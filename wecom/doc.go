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
// cards [TextNotice] and [NewsNotice]. Post refuses a message that the vendor would
// refuse, before anything is sent, and names every field that is wrong with its
// limit. Members who read the group in the personal WeChat client see Text only,
// which the option PlainText makes of alerts. Only Text and Markdown can mention
// members, Markdown by userid alone: a card is followed by a Text for whom else
// [Options] name.
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
// Robot repeats it. The key is in no error, log record or formatted value.
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
