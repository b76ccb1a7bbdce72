package wecom

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
)

// maxImage is the vendor's limit for the file of an Image in bytes, before
// base64. Its page says 2M.
const maxImage = 2 << 20

// Image is a picture, shown in the message itself. It needs no upload.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Image struct {
	// Data is the file, a JPG or PNG of at most 2 MiB. Post neither
	// keeps nor changes it. Only the first bytes are looked at: a file that
	// begins like a picture and is broken further on is for the vendor to
	// refuse.
	Data []byte
}

// imageField is the field that the vendor puts the file into.
const imageField = "image.base64"

// Validate returns what is wrong with m.
func (m Image) Validate() error {
	switch n := len(m.Data); {
	case n == 0:
		return &FieldError{Field: imageField, Reason: "is empty"}
	case n > maxImage:
		return &FieldError{Field: imageField, Reason: fmt.Sprintf("%d bytes before base64, limit %d bytes", n, maxImage)}
	case !isPNG(m.Data) && !isJPG(m.Data):
		return &FieldError{Field: imageField, Reason: "neither JPG nor PNG by its first bytes"}
	}
	return nil
}

func (m Image) check(int) error { return m.Validate() }

func (m Image) json() []byte {
	sum := md5.Sum(m.Data)
	return message("image", struct {
		Base64 []byte `json:"base64"`
		MD5    string `json:"md5"`
	}{m.Data, hex.EncodeToString(sum[:])})
}

// isPNG reports whether a file begins with the signature of PNG.
func isPNG(data []byte) bool { return bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) }

// isJPG reports whether a file begins with the marker that begins a JPG and
// the first byte of the next one.
func isJPG(data []byte) bool { return bytes.HasPrefix(data, []byte("\xff\xd8\xff")) }
