// Package wecomtest stands in for the WeCom group-robot webhook in tests, of
// package wecom and of programs that use it.
//
// A [Server] is as strict as the vendor is documented to be: it checks the
// key, the shape, the sizes in bytes and the 20 messages a minute, answers
// HTTP 200 with the vendor's codes, and records what it accepted, uploads
// included. It can be told to fail in every way that a webhook fails.
//
//	server := wecomtest.NewServer(t)
//	robot, err := wecom.New(server.URL(), &wecom.Options{HTTPClient: server.Client()})
//	...
//	server.Fail(wecomtest.Errcode(45009))
//	err = robot.Send(ctx, alerts...)
//	...
//	fmt.Println(server.Messages()[0].Content)
//
// Client reaches the server without a socket, which makes it fit for bubbles
// of testing/synctest; [Server.Listen] opens a real one.
package wecomtest
