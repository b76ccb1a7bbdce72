// Package ocptest stands in for an OceanBase Cloud Platform (OCP) in tests, of
// package ocp and of programs that use it.
//
// A [Server] takes pushed alarms and lists them. It is as strict as the vendor
// is documented to be: it checks user and password, or the signature of an
// access key; it locks a user after failed logins, and knows only the rules that it
// was given. An alarm that is not pushed again ends by itself.
//
//	server := ocptest.NewServer(t)
//	server.Rules = map[string]ocptest.Rule{"disk_full": {Level: 2, Title: "Disk full"}}
//	client, err := ocp.NewClient(server.URL(), ocp.Basic(server.User, server.Password),
//		&ocp.Options{HTTPClient: server.Client()})
//	...
//	err = client.Push(ctx, ocp.Alarm{Type: "disk_full", Target: "host=db-1"})
//	...
//	fmt.Println(server.Pushes()[0].Target)
//
// [Server].Channel gets the variables of each message that a channel of OCP would
// send: the environment of a script, or, put into the template by [Render], the
// body of an HTTP channel. So a test can push an alarm and see it come out.
package ocptest
