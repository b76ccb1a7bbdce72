package wecom

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// MaxImage is the vendor's limit for the file of an Image in bytes, before
// base64. Its page says 2M.
const MaxImage = 2 << 20

// Image is a picture, shown in the message itself. It needs no upload.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Image struct {
	// Data is the file, a JPG or PNG of at most MaxImage bytes. Post neither
	// keeps nor changes it. Only the first bytes are looked at: a file that
	// begins like a picture and is broken further on is for the vendor to
	// refuse.
	Data []byte
}

// ReadImage reads an Image from r, to its end. It reads at most MaxImage+1
// bytes. An error holds a [*FieldError] if the file is no Image, or what r
// returned.
func ReadImage(r io.Reader) (Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxImage+1))
	if err != nil {
		return Image{}, fmt.Errorf("wecom: read image: %w", err)
	}
	m := Image{Data: data}
	switch {
	case len(data) > MaxImage:
		err = &FieldError{imageField, fmt.Sprintf("more than %d bytes before base64", MaxImage)}
	default:
		err = m.Validate()
	}
	if err != nil {
		return Image{}, fmt.Errorf("wecom: read image: %w", err)
	}
	return m, nil
}

// imageField is the field that the vendor puts the file into.
const imageField = "image.base64"

// Validate returns what is wrong with m.
func (m Image) Validate() error {
	switch n := len(m.Data); {
	case n == 0:
		return &FieldError{imageField, "is empty"}
	case n > MaxImage:
		return &FieldError{imageField, fmt.Sprintf("%d bytes before base64, limit %d bytes", n, MaxImage)}
	case !isPNG(m.Data) && !isJPG(m.Data):
		return &FieldError{imageField, "neither JPG nor PNG by its first bytes"}
	}
	return nil
}

func (m Image) check(int) error { return m.Validate() }

func (m Image) appendJSON(dst []byte) []byte {
	sum := md5.Sum(m.Data)
	dst = slices.Grow(dst, base64.StdEncoding.EncodedLen(len(m.Data))+128)
	dst = append(dst, `{"msgtype":"image","image":{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, m.Data)
	dst = append(dst, `","md5":"`...)
	dst = hex.AppendEncode(dst, sum[:])
	return append(dst, `"}}`...)
}

// isPNG reports whether a file begins with the signature of PNG.
func isPNG(data []byte) bool { return bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) }

// isJPG reports whether a file begins with the marker that begins a JPG and
// the first byte of the next one.
func isJPG(data []byte) bool { return bytes.HasPrefix(data, []byte("\xff\xd8\xff")) }
