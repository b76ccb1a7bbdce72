// Package dingtalktest stands in for the webhook of a DingTalk custom group
// robot in tests, of package dingtalk and of programs that use it.
//
// A [Server] is as strict as the vendor is documented to be: it checks the
// token, the signature, the keywords and the source address that were set up,
// the fields with their exact letters, the 20000 bytes of a body and the 20
// messages a minute, whose breach blocks the robot for ten minutes. It answers
// HTTP 200 with the vendor's codes, posts a msgUuid once, and records what it
// accepted and whom that mentions. It can be told to fail in every way that a
// webhook fails.
//
//	server := dingtalktest.NewServer(t)
//	server.Secret = "SEC-of-the-robot"
//	robot, err := dingtalk.New(server.URL(), &dingtalk.Options{
//		HTTPClient: server.Client(), Secret: server.Secret,
//	})
//	...
//	server.Fail(dingtalktest.Errcode(-1))
//	err = robot.Send(ctx, alerts...)
//	...
//	fmt.Println(server.Messages()[0].Text)
//
// Client reaches the server without a socket, which makes it fit for bubbles
// of testing/synctest; [Server.Listen] opens a real one.
package dingtalktest
