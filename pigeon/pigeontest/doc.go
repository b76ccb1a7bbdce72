// Package pigeontest stands in for a space of Kompira Pigeon in tests, of
// package pigeon and of programs that use it.
//
// A [Server] starts chains and lets them go their way: they wait for a line,
// ring one contact after the other, hear keys, go round again, end or are
// stopped. Nothing runs in the background: what a chain looks like is worked
// out from the time since it was placed, so that a test decides how time
// passes, in a bubble of testing/synctest or with [Server.Advance].
//
//	server := pigeontest.NewServer(t)
//	server.Answer = func(d pigeontest.Dial) pigeontest.Pickup {
//		if d.Loop == 2 {
//			return pigeontest.Pressed("1")
//		}
//		return pigeontest.Missed()
//	}
//	client, err := pigeon.New(server.URL(), server.Token, &pigeon.Options{
//		HTTPClient: server.Client(),
//	})
//	...
//	server.Fail(pigeontest.Instead(pigeontest.HTML(503))) // places the chain all the same
//	_, err = client.Invoke(ctx, request)                  // outcome unknown
//	...
//	fmt.Println(server.Placed()) // 1
//
// It is strict: a wrong token, an unknown id, both or neither of the halves, a
// misspelt field and a placeholder without a value are refused. Where the
// vendor documents nothing, as for the format of refusals, for the words of a
// chain and for missing values, it does what is likely.
package pigeontest
