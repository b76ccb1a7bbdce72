package wecom_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

func TestReadImage(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk broken")
	tests := []struct {
		name string
		r    io.Reader
		want string
	}{
		{"PNG", bytes.NewReader(pixel(t)), ""},
		{"byte by byte", iotest.OneByteReader(bytes.NewReader(pixel(t))), ""},
		{"largest", bytes.NewReader(picture("\xff\xd8\xff", wecom.MaxImage)), ""},
		{"too large", bytes.NewReader(picture("\xff\xd8\xff", wecom.MaxImage+1)), "image.base64: more than 2097152 bytes before base64"},
		{"endless", endless{}, "image.base64: more than 2097152 bytes before base64"},
		{"empty", strings.NewReader(""), "image.base64: is empty"},
		{"SVG", strings.NewReader("<svg/>"), "image.base64: neither JPG nor PNG by its first bytes"},
		{"broken", iotest.ErrReader(broken), "disk broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := wecom.ReadImage(tt.r)
			if tt.want != "" {
				require.EqualError(t, err, "wecom: read image: "+tt.want)
				require.Empty(t, m.Data)
				_, field := errors.AsType[*wecom.FieldError](err)
				require.NotEqual(t, field, errors.Is(err, broken))
				return
			}
			require.NoError(t, err)
			requireVerdict(t, m, "")
		})
	}
}

// endless is a reader without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestPostLargestImage shows that the whole file arrives, in one line of
// base64, with the sum of its own bytes.
func TestPostLargestImage(t *testing.T) {
	t.Parallel()
	data := picture("\x89PNG\r\n\x1a\n", wecom.MaxImage)
	for i := 8; i < len(data); i++ {
		data[i] = byte(i * i >> 4)
	}
	before := bytes.Clone(data)
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Post(t.Context(), wecom.Image{Data: data}))
	require.Equal(t, before, data)
	var body struct {
		Image struct {
			Base64 []byte
			MD5    string
		}
	}
	require.NoError(t, json.Unmarshal(server.Messages()[0].Body, &body))
	require.True(t, bytes.Equal(data, body.Image.Base64))
	sum := md5.Sum(data)
	require.Equal(t, hex.EncodeToString(sum[:]), body.Image.MD5)
}
