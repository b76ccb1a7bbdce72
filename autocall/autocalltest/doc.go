// Package autocalltest is an Android phone with the AutoCall app, in Go: for
// tests of a server that such phones poll, without a phone.
//
// A [Phone] does what the source of the app does, its faults included, and not
// what the documentation says: it steps once with each poll that gives it a
// mid, reads the outcome of a call from a call log, takes any answer to a POST
// for a receipt, forgets all in a restart, and dies of an answer without a
// code. It dials nobody: a script says who picks up and after how long.
//
// It runs in real time against a URL, and within a bubble of testing/synctest
// against an http.Handler, where an hour of ringing takes no time.
package autocalltest
