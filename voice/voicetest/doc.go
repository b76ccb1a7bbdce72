// Package voicetest stands in for what is at the ends of package voice in
// tests, of that package and of programs that use it: BlueKing's messages, as
// ESB component and as API gateway; and an in-house gateway with phones that are
// answered, busy or worse.
//
//	esb := voicetest.NewESB(t)
//	client, err := voice.NewClient(esb.URL(), voice.Credentials{
//		AppCode: esb.AppCode, AppSecret: esb.AppSecret,
//	}, &voice.ClientOptions{HTTPClient: esb.Client()})
//
// [ESB.Calls] and [Phones.Calls] count what rang. ESB.Client reaches the
// stand-in without a socket, which makes it fit for bubbles of
// testing/synctest; [ESB.Listen] opens a real one. With [ESB.Dest] set, the
// stand-in posts to a handler what the component posts to dest_url, and turns
// the answer into its own in the component's way.
package voicetest
