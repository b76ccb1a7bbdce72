//go:build !unix

package private

import "io/fs"

// Readable returns nil.
func Readable(fs.FileInfo) error { return nil }

// Trusted returns nil.
func Trusted(fs.FileInfo) error { return nil }
