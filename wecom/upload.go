package wecom

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// opUpload names an upload in errors and logs.
const opUpload = "upload"

// The vendor's limits for uploads in bytes. Nothing of less than 6 bytes is
// taken.
const (
	maxFile  = 20 << 20
	maxVoice = 2 << 20
	minMedia = 6
)

// maxFileName is the longest file name in bytes that common file systems have.
const maxFileName = 255

// slowestUpload is the pace in bytes a second below which an attempt is given
// up: it gets so much more time than Options.Timeout.
const slowestUpload = 128 << 10

// A Kind is what an upload is for: a [File] or a [Voice].
type Kind string

// The kinds.
const (
	KindFile  Kind = "file"  // any file of 6 bytes to 20 MiB
	KindVoice Kind = "voice" // a recording in AMR of 6 bytes to 2 MiB and at most 60 s
)

// An Attachment is a file to upload.
type Attachment struct {
	Kind Kind // "" is KindFile

	// Name is what members see, with its extension: at most 255 bytes of UTF-8
	// without control characters and slashes.
	Name string

	// Content is an *os.File, a *bytes.Reader, a *strings.Reader or anything
	// else that can be read at any offset, since every attempt reads it from
	// its begin. It is never held in memory as a whole, must not change while
	// the call lasts, and is not used after it. Its ReadAt must not block for
	// long: the call waits for it even when the context has ended.
	Content io.ReaderAt

	// Size is the number of bytes of Content to send. Zero means all, if
	// Content has one of the methods Size() int64 and Stat() (fs.FileInfo,
	// error).
	Size int64
}

// Media is an uploaded file.
type Media struct {
	ID   string // the vendor's media_id, valid for three days and for this robot
	Kind Kind   // what it was uploaded as
}

// Message returns the message that shows the file: a [File] or a [Voice].
func (m Media) Message() Message {
	if m.Kind == KindVoice {
		return Voice{MediaID: m.ID}
	}
	return File{MediaID: m.ID}
}

// Upload stores a file at the vendor for use in messages of this robot, for
// three days. [Robot.PostFile] does that and posts it.
//
// An upload takes a message's share of the rate budget: the vendor does not
// say that it counts, but 45009 would stop the robot for a minute. It is
// repeated as a message is, and one more time than needed does no harm. An
// attempt gets a second more than [Options].Timeout for every 128 KiB. Every error
// is an [*Error] with Op "upload"; one that holds a [*FieldError] was found before
// anything was sent. Such is the webhook URL of a gateway whose path does not end
// in "/send": the address for uploads, "/upload_media", stands in its place.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
func (r *Robot) Upload(ctx context.Context, a Attachment) (Media, error) {
	if err := a.check(); err != nil {
		return Media{}, &Error{Op: opUpload, Err: err}
	}
	if r.uploadURL.IsZero() {
		return Media{}, &Error{Op: opUpload, Err: &FieldError{Field: "webhook URL", Reason: `its path does not end in "/send", so the address for uploads is not known`}}
	}
	boundary := rand.Text()
	head, tail := a.frame(boundary)
	var m Media
	_, err := r.caller.Do(ctx, &httpcall.Request{
		Op:     opUpload,
		URL:    func() (string, error) { return r.uploadURL.Reveal() + string(a.Kind), nil },
		Header: http.Header{"Content-Type": {"multipart/form-data; boundary=" + boundary}},
		GetBody: func() (io.ReadCloser, error) {
			content := io.NewSectionReader(a.Content, 0, a.Size)
			return io.NopCloser(io.MultiReader(strings.NewReader(head), content, strings.NewReader(tail))), nil
		},
		Length:       int64(len(head)+len(tail)) + a.Size,
		MoreTime:     time.Duration(a.Size/slowestUpload) * time.Second,
		JudgeFailure: robot.JudgeFailure(func(resp *httpcall.Response) error { return r.judge(opUpload, resp) }),
		Judge: func(resp *httpcall.Response) (err error) {
			m, err = r.judgeUpload(a.Kind, resp)
			return err
		},
		RepeatUncertain: true,
	})
	if err != nil {
		return Media{}, failure(opUpload, err)
	}
	return m, nil
}

// maxMediaID bounds a media_id in bytes. Those seen have some 90.
const maxMediaID = 1024

// judgeUpload returns the media that resp speaks of, or an *Error.
func (r *Robot) judgeUpload(kind Kind, resp *httpcall.Response) (Media, error) {
	if err := r.judge(opUpload, resp); err != nil {
		return Media{}, err
	}
	var a struct {
		ID string `json:"media_id"`
	}
	if err := json.Unmarshal(resp.Body, &a); err != nil || a.ID == "" || len(a.ID) > maxMediaID {
		return Media{}, &Error{Op: opUpload, HTTPStatus: resp.Status, Err: robot.Unclear("an answer without media_id")}
	}
	return Media{ID: a.ID, Kind: kind}, nil
}

// PostFile uploads a file and posts it, which takes two messages of the rate
// budget. The error is that of [Robot.Upload], then nothing was posted, or that
// of [Robot.Post].
func (r *Robot) PostFile(ctx context.Context, a Attachment) error {
	m, err := r.Upload(ctx, a)
	if err != nil {
		return err
	}
	return r.Post(ctx, m.Message())
}

// check completes a and says what the vendor would refuse.
func (a *Attachment) check() error {
	if reason := badFileName(a.Name); reason != "" {
		return &FieldError{Field: "media.filename", Reason: reason}
	}
	if a.Content == nil {
		return &FieldError{Field: "media", Reason: "is nil"}
	}
	if err := a.measure(); err != nil {
		return err
	}
	limit := int64(maxFile)
	switch a.Kind {
	case "", KindFile:
		a.Kind = KindFile
	case KindVoice:
		limit = maxVoice
	default:
		return &FieldError{Field: "type", Reason: "neither KindFile nor KindVoice"}
	}
	switch {
	case a.Size < minMedia:
		return &FieldError{Field: "media", Reason: fmt.Sprintf("%d bytes, at least %d bytes", a.Size, minMedia)}
	case a.Size > limit:
		return &FieldError{Field: "media", Reason: fmt.Sprintf("%d bytes, limit %d bytes", a.Size, limit)}
	case a.Kind == KindVoice:
		return a.checkAMR()
	}
	return nil
}

// measure finds the size if it is not given.
func (a *Attachment) measure() error {
	if a.Size != 0 {
		return nil
	}
	switch c := a.Content.(type) {
	case interface{ Size() int64 }:
		a.Size = c.Size()
	case interface{ Stat() (fs.FileInfo, error) }:
		info, err := c.Stat()
		if err != nil {
			return fmt.Errorf("size of the content: %w", err)
		}
		if !info.Mode().IsRegular() {
			return &FieldError{Field: "media", Reason: "not a regular file"}
		}
		a.Size = info.Size()
	default:
		return &FieldError{Field: "media", Reason: "Size is not set, and Content does not know it"}
	}
	return nil
}

// checkAMR looks at the first bytes of a recording.
func (a *Attachment) checkAMR() error {
	const magic = "#!AMR"
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(io.NewSectionReader(a.Content, 0, a.Size), begin); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	if string(begin) != magic {
		return &FieldError{Field: "media", Reason: "not a recording in AMR: those begin with " + magic}
	}
	return nil
}

// badFileName says what is wrong with a name, or returns "".
func badFileName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxFileName:
		return fmt.Sprintf("%d bytes, limit %d bytes", len(name), maxFileName)
	case !utf8.ValidString(name):
		return "not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "holds control characters"
	case strings.Contains(name, "/"):
		return "holds a slash: give the name without its directory"
	}
	return ""
}

// frame returns what stands before and behind the content: a form of one part
// named media. The vendor wants filelength, which mime/multipart cannot add to
// a file.
func (a *Attachment) frame(boundary string) (head, tail string) {
	contentType := "application/octet-stream"
	if a.Kind == KindVoice {
		contentType = "voice/amr"
	}
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name)
	head = "--" + boundary + "\r\n" +
		`Content-Disposition: form-data; name="media"; filename="` + name + `"; filelength=` + strconv.FormatInt(a.Size, 10) + "\r\n" +
		"Content-Type: " + contentType + "\r\n\r\n"
	return head, "\r\n--" + boundary + "--\r\n"
}
