package autocall

// A notice is news for the callbacks of QueueOptions: a call that ended, or a
// phone that fell silent. It is committed together with what it tells about,
// and removed once the callback has succeeded, so that a crash in between
// repeats it and loses nothing.
type notice struct {
	ID      int64  // given by the store
	Kind    string // a final State, or "silent"
	Subject string // id of the call, or name of the phone
	Tries   int    // how often somebody took it
	Due     int64  // not to be taken before
}

// A phoneRecord is what a store keeps of a phone.
type phoneRecord struct {
	Name  string
	Model string
	Seen  int64
	Told  bool // its silence was told of
}
