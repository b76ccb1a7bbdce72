package wecom

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// mediaLife is how long an upload is used again. The vendor keeps it for three
// days; the rest is for clocks and messages under way.
const mediaLife = 70 * time.Hour

// maxUploads bounds the uploads that a robot remembers.
const maxUploads = 64

// PostFile posts a file. It uploads the file first, unless the robot has
// uploaded the same content under the same name as the same Kind within the
// last 70 hours, of which it remembers 64. Posts of the same file at the same
// time wait for one upload. If the vendor does not know the upload any more,
// which is [CodeInvalidMedia], PostFile uploads once more and posts once more,
// also under [alert.Once]: nothing was posted yet.
//
// Uploading and posting each take one message of the rate budget. The error is
// that of [Robot.Upload], then nothing was posted, or that of [Robot.Post].
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
func (r *Robot) PostFile(ctx context.Context, a Attachment) error {
	if err := a.check(); err != nil {
		return &Error{Op: opUpload, Err: err}
	}
	key, err := a.identity()
	if err != nil {
		return &Error{Op: opUpload, Err: err}
	}
	err = r.postMedia(ctx, &a, key)
	if errors.Is(err, CodeInvalidMedia) {
		err = r.postMedia(ctx, &a, key)
	}
	return err
}

// postMedia posts a file by its upload, which it makes if there is none, and
// forgets if the vendor does not know it.
func (r *Robot) postMedia(ctx context.Context, a *Attachment, key mediaKey) error {
	u, err := r.uploads.get(ctx, key, func() (Media, error) { return r.upload(ctx, a) })
	if err != nil {
		return err
	}
	err = r.Post(ctx, u.media.Message())
	if errors.Is(err, CodeInvalidMedia) {
		r.uploads.forget(key, u)
	}
	return err
}

// A mediaKey is what two posts of the same file have in common.
type mediaKey struct {
	sum  [sha256.Size]byte
	kind Kind
	name string
}

// identity returns the key of a, whose content it reads.
func (a *Attachment) identity() (mediaKey, error) {
	hash := sha256.New()
	n, err := io.Copy(hash, io.NewSectionReader(a.Content, 0, a.Size))
	if err == nil && n < a.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return mediaKey{}, fmt.Errorf("content: %w", err)
	}
	return mediaKey{[sha256.Size]byte(hash.Sum(nil)), a.Kind, a.Name}, nil
}

// uploads remembers what one robot has uploaded. It is safe for concurrent
// use.
type uploads struct {
	mu   sync.Mutex
	made map[mediaKey]*upload
}

// An upload is under way until done is closed. The other fields may be read
// after that.
type upload struct {
	done    chan struct{}
	media   Media
	expires time.Time
	err     error
}

// finished reports whether u is over.
func (u *upload) finished() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// get returns the upload for a key: one that is there, or one that somebody
// else makes at this moment, or else the one that do makes.
func (c *uploads) get(ctx context.Context, key mediaKey, do func() (Media, error)) (*upload, error) {
	for {
		u, mine := c.claim(key)
		if mine {
			u.media, u.err = do()
			u.expires = time.Now().Add(mediaLife)
			if u.err != nil {
				c.forget(key, u)
			}
			close(u.done)
			return u, u.err
		}
		select {
		case <-u.done:
		case <-ctx.Done():
			return nil, &Error{Op: opUpload, Err: fmt.Errorf("waiting for the same file: %w", ctx.Err())}
		}
		// What failed for good does so for everybody. Anything else may be due
		// to the context of the other call.
		if u.err == nil || !alert.Retryable(u.err) {
			return u, u.err
		}
	}
}

// claim returns the upload for a key, which is the caller's to make if mine is
// set.
func (c *uploads) claim(key mediaKey) (u *upload, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, known := c.made[key]
	if known && (!u.finished() || time.Now().Before(u.expires)) {
		return u, false
	}
	delete(c.made, key)
	c.makeRoom()
	u = &upload{done: make(chan struct{})}
	c.made[key] = u
	return u, true
}

// makeRoom forgets the oldest upload if there are too many. Those under way
// stay; their callers bound them.
func (c *uploads) makeRoom() {
	if len(c.made) < maxUploads {
		return
	}
	var oldest mediaKey
	var expires time.Time
	for key, u := range c.made {
		if u.finished() && (expires.IsZero() || u.expires.Before(expires)) {
			oldest, expires = key, u.expires
		}
	}
	delete(c.made, oldest)
}

// forget forgets u, unless there is another upload for the key by now.
func (c *uploads) forget(key mediaKey, u *upload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made[key] == u {
		delete(c.made, key)
	}
}
