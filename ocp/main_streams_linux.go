package ocp

import (
	"os"
	"runtime/debug"
	"syscall"
)

// replaceDescriptors moves the descriptors 1 and 2 elsewhere and puts nowhere
// in their place, for code that has kept an *os.File, writes with println or comes
// from another language. The report of a crash keeps its way to the reader.
func replaceDescriptors(nowhere *os.File) (stdout, stderr *os.File, err error) {
	stdout, err = moveDescriptor(1, "stdout", nowhere)
	if err != nil {
		return nil, nil, err
	}
	stderr, err = moveDescriptor(2, "stderr", nowhere)
	if err != nil {
		return stdout, os.Stderr, nil // which is where it was
	}
	_ = debug.SetCrashOutput(stderr, debug.CrashOptions{}) // else it is silent
	return stdout, stderr, nil
}

// moveDescriptor returns the file behind fd, which becomes nowhere.
func moveDescriptor(fd int, name string, nowhere *os.File) (*os.File, error) {
	moved, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(moved)
	if err := syscall.Dup3(int(nowhere.Fd()), fd, 0); err != nil {
		_ = syscall.Close(moved)
		return nil, err
	}
	return os.NewFile(uintptr(moved), name), nil
}
