package wecom_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// TestPostLargestImage shows that the whole file arrives, in one line of
// base64, with the sum of its own bytes.
func TestPostLargestImage(t *testing.T) {
	t.Parallel()
	data := picture("\x89PNG\r\n\x1a\n", (2 << 20))
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
