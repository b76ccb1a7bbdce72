//go:build unix

package realdb

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Kill ends the server as a power cut would: at once and with all its
// processes. What it wrote before stays in the memory of the kernel, which a
// real power cut would not spare. A file has no server.
func (e *Engine) Kill() {
	if e.cmd == nil {
		return
	}
	e.Pause() // or there would be new processes meanwhile
	all := children(e.cmd.Process.Pid)
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range all { // a server does not start beside remains of its predecessor
		for tries := 0; tries < 1000 && parent(pid) >= 0; tries++ {
			<-time.After(5 * time.Millisecond)
		}
	}
}

// Pause stops the server and all its processes as they are, so that it keeps
// its connections and answers nobody, until Resume.
func (e *Engine) Pause() {
	e.signal(syscall.SIGSTOP)
	for tries := 0; e.cmd != nil && tries < 1000 && !stopped(e.cmd.Process.Pid); tries++ {
		<-time.After(5 * time.Millisecond)
	}
}

// Resume lets a server go on that was stopped by Pause.
func (e *Engine) Resume() { e.signal(syscall.SIGCONT) }

func (e *Engine) signal(s syscall.Signal) {
	if e.cmd == nil {
		return
	}
	_ = e.cmd.Process.Signal(s)
	for _, pid := range children(e.cmd.Process.Pid) {
		_ = syscall.Kill(pid, s)
	}
}

// children returns the processes that a process has started.
func children(pid int) (all []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && parent(child) == pid {
			all = append(all, child)
		}
	}
	return all
}

// parent returns the process that started another one, or -1 if that one is
// not there any more.
func parent(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return -1
	}
	state, of := fields(stat)
	if state == "Z" {
		return -1
	}
	return of
}

// stopped reports whether all threads of a process have stopped, which they do
// one after the other.
func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, name := range stats {
		stat, err := os.ReadFile(name) //nolint:gosec // of the system
		if state, _ := fields(stat); err == nil && state != "T" {
			return false
		}
	}
	return true
}

// fields returns the state and the parent in a line of the system's. The name
// before them, in brackets, may hold anything.
func fields(stat []byte) (state string, parent int) {
	parent = -1
	_, _ = fmt.Sscan(string(stat[bytes.LastIndexByte(stat, ')')+1:]), &state, &parent)
	return state, parent
}
