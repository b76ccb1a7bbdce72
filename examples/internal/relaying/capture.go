package relaying

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/internal/private"
)

// A captureFile records callbacks as JSON lines, for the day on which the
// sender's format is in question. The bodies hold account numbers and names of
// people, so only the owner may read the file. It grows until the operator
// removes it.
type captureFile struct {
	mu sync.Mutex
	f  *os.File
}

// openCapture opens path for appending. A file that others may read is closed
// to them first.
func openCapture(path string) (*captureFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && private.Readable(st) != nil {
		if err := f.Chmod(0o600); err != nil {
			f.Close() //nolint:errcheck // the other error says more
			return nil, err
		}
	}
	return &captureFile{f: f}, nil
}

// A captured is one line of the file.
type captured struct {
	Time    time.Time  `json:"time"`
	Caller  netip.Addr `json:"caller"`
	Account string     `json:"account,omitempty"`
	Method  string     `json:"method"`
	Query   string     `json:"query,omitempty"`  // a GET carries its data here
	Body    string     `json:"body,omitempty"`   // if it is valid UTF-8
	Raw     []byte     `json:"base64,omitempty"` // if it is not
}

// add appends one callback in a single write, so that lines never mix.
func (c *captureFile) add(e aliyun.Received) error {
	l := captured{Time: e.Time, Caller: e.Caller, Account: e.Account, Method: e.Method, Query: e.Query}
	if utf8.Valid(e.Body) {
		l.Body = string(e.Body)
	} else {
		l.Raw = e.Body
	}
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err = c.f.Write(append(line, '\n'))
	return err
}

func (c *captureFile) Close() error { return c.f.Close() }
