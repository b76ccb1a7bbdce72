// Package pigeon places telephone calls through Kompira Pigeon, the automatic
// telephone service of Kompira cloud.
//
// One request starts a chain: the service calls the contacts of a call flow
// one after another, reads a guidance aloud, and waits for a key. A key may end
// the chain, go on to the next contact, or leave the contact out of later
// rounds. If nobody ends it, it goes round until the limit of the call flow.
// The service does the escalation; this package adds none.
//
//	client, err := pigeon.New("shibuya", os.Getenv("PIGEON_TOKEN"), nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	chain, err := client.Invoke(ctx, pigeon.Request{
//		CallFlowID: "049d…", GuidanceID: "570e…",
//		Parameters: map[string]string{"server": "db-01", "incident": "disk full"},
//	})
//	...
//	result, err := client.Wait(ctx, chain.ResultID, nil)
//	if result.Outcome(nil).Verdict == pigeon.Acknowledged { ... }
//
// A [Sender] makes that one call for any number of alerts.
//
// # A call is never placed twice by a repetition
//
// [Client.Invoke] is attempted again only if certainly nothing was placed: no
// connection came about, the TLS handshake failed, or the service was too busy
// (HTTP 429, 425), whose Retry-After is waited for if it is at most 30 s.
//
// Other refusals (HTTP 4xx but 408, 3xx, 501, 505, another status word without an id)
// are not retryable. Everything else matches [alert.ErrUncertain] and is not either: a
// reset, a timeout, an answer that was cut off or cannot be understood, HTTP 408 and 5xx.
//
// After an uncertain outcome phones may be ringing. Take a [Client.Snapshot] before, and
// ask [Client.Fresh] afterwards which chains are new. [Client.Result], [Client.Wait],
// [Client.Abort] and [Client.Calls] repeat themselves what may pass; under [alert.Once]
// everything is attempted once.
//
// # Who took the incident
//
// That the service accepted a chain says nothing about people, and that
// somebody pressed a key little: it may have been the key for the next person.
// A voicemail that picks up presses none. [Result.Outcome] says Acknowledged
// only if the chain is over, has succeeded, and a key was pressed; where
// several keys end a chain, [Keys] says which of them take the incident. The
// words for a call and those for a chain are different enumerations, and both
// are open.
//
// # Limits
//
// A phone rings for 30 s, and a text of half a minute takes about 3.5 minutes; a call
// ends after ten. Two rounds over three people last 24 minutes at most, and longer if
// all lines are busy. Sizes in this package are bytes, except those of what a voice
// reads, which are runes.
//
// # What is never shown
//
// Token, password and telephone numbers are in no error, log record or
// formatted value of this package. The raw answers, which may hold numbers,
// come from methods named Raw only.
//
// # Sources
//
// The reference of the API needs an account. This package is made from
// https://blog.cloud.kompira.jp/entry/manual/chain-api,
// https://support.kompira.jp/column/use-pigeon,
// https://fixpoint.github.io/pigeon-manual/ and the vendor's answers in its
// forum. What they leave open, such as the words for a whole chain and the
// fields of a result beyond isActive, status and keyInput, is read in every
// likely way and never guessed to be good news.
package pigeon
