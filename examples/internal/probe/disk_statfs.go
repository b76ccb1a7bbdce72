//go:build linux || darwin || freebsd

package probe

import "syscall"

// usage asks the file system of a path.
func usage(path string) (room, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return room{}, err
	}
	block := float64(s.Bsize)
	return room{used: block * (float64(s.Blocks) - float64(s.Bfree)), available: block * max(0, float64(s.Bavail))}, nil
}
