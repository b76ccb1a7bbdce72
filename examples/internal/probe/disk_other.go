//go:build !(linux || darwin || freebsd)

package probe

import "errors"

// usage is not known here, which every look says.
func usage(string) (room, error) {
	return room{}, errors.New("this program cannot look at disks on this system")
}
