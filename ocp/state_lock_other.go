//go:build !unix

package ocp

import "context"

// lockDir locks nothing: OCP runs on Linux. Of two processes that write at the
// same moment, one does so in vain.
func lockDir(context.Context, string) (unlock func(), err error) { return func() {}, nil }
