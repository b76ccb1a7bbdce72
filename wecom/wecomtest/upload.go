package wecomtest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// uploadPath is the vendor's path for uploads.
const uploadPath = "/cgi-bin/webhook/upload_media"

// The vendor's limits for uploads, in bytes.
const (
	minMedia  = 6
	maxFile   = 20 << 20
	maxVoice  = 2 << 20
	mediaLife = 3 * 24 * time.Hour
)

// An Upload is a file that the server accepted.
type Upload struct {
	Time    time.Time
	Type    string // "file" or "voice"
	Name    string // file name
	Content []byte
	MediaID string // good for three days and for this server
}

// Uploads returns the files accepted so far, in order.
func (s *Server) Uploads() []Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.uploads)
}

// acceptUpload checks an upload as the vendor does, records it, and returns
// the answer.
func (s *Server) acceptUpload(r *http.Request, body []byte) (answer string) {
	query := r.URL.Query()
	if query.Get("key") != s.Key {
		return refusal(93000)
	}
	u := Upload{Type: query.Get("type")}
	if u.Type != "file" && u.Type != "voice" {
		return refusalText(40005, "invalid file type")
	}
	if f := u.read(r.Header, body); f.code != 0 {
		return refusalText(f.code, f.text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.Time, u.MediaID = time.Now(), rand.Text()+rand.Text()
	if s.full(u.Time) {
		return refusal(45009)
	}
	s.uploads = append(s.uploads, u)
	return uploadAnswer(u)
}

// read takes the one part of a form apart and says what is wrong with it.
func (u *Upload) read(h http.Header, body []byte) messageFault {
	form, err := (&http.Request{Method: http.MethodPost, Header: h, Body: io.NopCloser(bytes.NewReader(body))}).MultipartReader()
	if err != nil {
		return messageFault{44001, "empty media data"}
	}
	part, err := form.NextRawPart()
	if err != nil || part.FormName() != "media" || part.FileName() == "" {
		return messageFault{44001, "empty media data"}
	}
	u.Name = part.FileName()
	if u.Content, err = io.ReadAll(part); err != nil {
		return messageFault{44001, "empty media data"}
	}
	if _, err := form.NextRawPart(); err != io.EOF {
		return messageFault{40004, "invalid media type"}
	}
	return u.check(part)
}

// check says what is wrong with the content.
func (u *Upload) check(part *multipart.Part) messageFault {
	limit := maxFile
	if u.Type == "voice" {
		limit = maxVoice
	}
	size := len(u.Content)
	switch {
	case size < minMedia || size > limit || fileLength(part) != strconv.Itoa(size):
		return messageFault{40006, "invalid media size"}
	case u.Type == "voice" && !bytes.HasPrefix(u.Content, []byte("#!AMR")):
		return messageFault{40004, "invalid media type"}
	}
	return messageFault{}
}

// fileLength returns the parameter filelength of a part.
func fileLength(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filelength"]
}

// uploadAnswer returns the vendor's answer to a good upload.
func uploadAnswer(u Upload) string {
	return fmt.Sprintf(`{"errcode":0,"errmsg":"ok","type":%q,"media_id":%q,"created_at":"%d"}`, u.Type, u.MediaID, u.Time.Unix())
}

// knows reports whether a message names an upload that the server has and that
// is of its type. Before the first upload the server knows every media_id, for
// tests that are about messages only.
func (s *Server) knows(m *Message, now time.Time) bool {
	if m.Type != "file" && m.Type != "voice" || len(s.uploads) == 0 {
		return true
	}
	var envelope map[string]json.RawMessage
	var body struct {
		MediaID string `json:"media_id"`
	}
	if json.Unmarshal(m.Body, &envelope) != nil || json.Unmarshal(envelope[m.Type], &body) != nil {
		return false
	}
	return slices.ContainsFunc(s.uploads, func(u Upload) bool {
		return u.MediaID == body.MediaID && u.Type == m.Type && now.Sub(u.Time) < mediaLife
	})
}
