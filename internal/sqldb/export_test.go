package sqldb

// Moved is how a server is known that does not let write.
func Moved(err error) bool { return moved(err) }
