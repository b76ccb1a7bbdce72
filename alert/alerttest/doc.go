// Package alerttest helps to test code that sends alerts: a [Recorder] to send
// to, and [TestSender], which checks that a Sender does its duties.
package alerttest
