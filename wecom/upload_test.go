package wecom_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// note is a small file.
func note() wecom.Attachment {
	return wecom.Attachment{Name: "wework.txt", Content: strings.NewReader("mytext")}
}

// TestUploadOnTheWire compares an upload with the vendor's sample, byte for
// byte but for the boundary.
func TestUploadOnTheWire(t *testing.T) {
	t.Parallel()
	var sample struct {
		Method, Path  string
		Query         map[string]string
		ContentType   string `json:"content_type"`
		ContentLength int    `json:"content_length"`
		BodyBase64    string `json:"body_base64"`
	}
	require.NoError(t, json.Unmarshal(fixture(t, "upload_multipart_file.json"), &sample))
	want, err := base64.StdEncoding.DecodeString(sample.BodyBase64)
	require.NoError(t, err)
	_, boundary, _ := strings.Cut(sample.ContentType, "boundary=")
	require.Len(t, want, sample.ContentLength)

	head, tail := wecom.Frame(wecom.Attachment{Name: "wework.txt", Size: 6}, boundary)
	require.Equal(t, string(want), head+"mytext"+tail)

	transport := &spy{body: string(fixture(t, "resp_upload_ok_file.json"))}
	robot, err := wecom.New(sample.Query["key"], &wecom.Options{HTTPClient: transport.client()})
	require.NoError(t, err)
	media, err := robot.Upload(t.Context(), note())
	require.NoError(t, err)
	require.Equal(t, sample.Method, transport.method)
	require.Equal(t, "https://qyapi.weixin.qq.com"+sample.Path+"?key="+sample.Query["key"]+"&type="+sample.Query["type"], transport.url)
	own, found := strings.CutPrefix(transport.contentType, "multipart/form-data; boundary=")
	require.True(t, found)
	require.Equal(t, string(want), strings.ReplaceAll(transport.got, own, boundary))
	require.Equal(t, wecom.Media{ID: "3M2xExampleMediaIdOnly0000000000000000000000", Kind: wecom.KindFile}, media)
	require.Equal(t, wecom.File{MediaID: media.ID}, media.Message())
}

// TestUploadName shows what is escaped in a name, and which part of a
// recording differs.
func TestUploadName(t *testing.T) {
	t.Parallel()
	head, _ := wecom.Frame(wecom.Attachment{Name: `a\b"c".amr`, Size: 9, Kind: wecom.KindVoice}, "B")
	require.Equal(t, "--B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\\\\b\\\"c\\\".amr\"; filelength=9\r\nContent-Type: voice/amr\r\n\r\n", head)
	robot, server := newRobot(t, nil)
	a := note()
	a.Name = `告警 "1" \ 'x'; filename=y.log`
	_, err := robot.Upload(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, a.Name, server.Uploads()[0].Name)
}

// TestUploadKinds uploads each kind at its limits.
func TestUploadKinds(t *testing.T) {
	t.Parallel()
	voice := func(n int) []byte { return append([]byte("#!AMR\n"), make([]byte, n-6)...) }
	tests := []struct {
		name    string
		kind    wecom.Kind
		content []byte
		refused string
	}{
		{"least file", wecom.KindFile, make([]byte, 6), ""},
		{"file below", wecom.KindFile, make([]byte, 5), "media: 5 bytes, at least 6 bytes"},
		{"empty file", wecom.KindFile, nil, "media: 0 bytes, at least 6 bytes"},
		{"most file", wecom.KindFile, make([]byte, (20 << 20)), ""},
		{"file above", wecom.KindFile, make([]byte, (20<<20)+1), "media: 20971521 bytes, limit 20971520 bytes"},
		{"least voice", wecom.KindVoice, voice(6), ""},
		{"most voice", wecom.KindVoice, voice((2 << 20)), ""},
		{"voice above", wecom.KindVoice, voice((2 << 20) + 1), "media: 2097153 bytes, limit 2097152 bytes"},
		{"no AMR", wecom.KindVoice, []byte("RIFF....WAVE"), "media: not a recording in AMR"},
		{"other kind", "image", make([]byte, 6), "type: neither KindFile nor KindVoice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			media, err := robot.Upload(t.Context(), wecom.Attachment{Kind: tt.kind, Name: "x.bin", Content: bytes.NewReader(tt.content)})
			if tt.refused != "" {
				require.ErrorContains(t, err, "wecom: upload: "+tt.refused)
				require.False(t, alert.Retryable(err))
				require.Zero(t, server.Attempts())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.kind, media.Kind)
			require.Equal(t, string(tt.kind), server.Uploads()[0].Type)
			require.True(t, bytes.Equal(tt.content, server.Uploads()[0].Content))
			require.NoError(t, robot.Post(t.Context(), media.Message()))
			require.Equal(t, string(tt.kind), server.Messages()[0].Type)
		})
	}
}

// readerAt is a content that does not know its size, or fails.
type readerAt struct {
	io.ReaderAt
	err error
}

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.ReaderAt.ReadAt(p, off)
}

// TestUploadContent shows where the content may come from, and what is
// refused.
func TestUploadContent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	open := func(name string) *os.File {
		f, err := os.Open(name)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	closed := open(path)
	require.NoError(t, closed.Close())
	boom := errors.New("disk on fire")
	tests := []struct {
		name string
		a    wecom.Attachment
		want string // content
		fail string
	}{
		{"file", wecom.Attachment{Name: "x", Content: open(path)}, "0123456789", ""},
		{"part of a file", wecom.Attachment{Name: "x", Content: open(path), Size: 7}, "0123456", ""},
		{"any with a size", wecom.Attachment{Name: "x", Content: readerAt{ReaderAt: strings.NewReader("abcdef")}, Size: 6}, "abcdef", ""},
		{"any without", wecom.Attachment{Name: "x", Content: readerAt{}}, "", "media: Size is not set"},
		{"nil", wecom.Attachment{Name: "x"}, "", "media: is nil"},
		{"directory", wecom.Attachment{Name: "x", Content: open(filepath.Dir(path))}, "", "media: not a regular file"},
		{"closed file", wecom.Attachment{Name: "x", Content: closed}, "", "file already closed"},
		{"negative size", wecom.Attachment{Name: "x", Content: strings.NewReader(""), Size: -1}, "", "-1 bytes, at least"},
		{"no name", wecom.Attachment{Content: strings.NewReader("abcdef")}, "", "media.filename: is empty"},
		{"path", wecom.Attachment{Name: "var/a.log", Content: strings.NewReader("abcdef")}, "", "media.filename: holds a slash"},
		{"header injection", wecom.Attachment{Name: "a\r\nX: y", Content: strings.NewReader("abcdef")}, "", "media.filename: holds control characters"},
		{"name in another encoding", wecom.Attachment{Name: "\xb8\xe6", Content: strings.NewReader("abcdef")}, "", "media.filename: not UTF-8"},
		{"long name", wecom.Attachment{Name: strings.Repeat("a", 256), Content: strings.NewReader("abcdef")}, "", "media.filename: 256 bytes, limit 255 bytes"},
		{"unreadable voice", wecom.Attachment{Name: "x", Content: readerAt{err: boom}, Size: 6, Kind: wecom.KindVoice}, "", "disk on fire"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			err := robot.PostFile(t.Context(), tt.a)
			if tt.fail == "" {
				require.NoError(t, err)
				require.Equal(t, tt.want, string(server.Uploads()[0].Content))
				return
			}
			require.ErrorContains(t, err, tt.fail)
			require.ErrorContains(t, err, "wecom: upload: ")
			require.Empty(t, server.Uploads())
			_, err = robot.Upload(alert.Once(t.Context()), tt.a)
			require.Error(t, err)
			require.NotErrorIs(t, err, alert.ErrUncertain)
			require.Empty(t, server.Uploads())
		})
	}
}

// TestUploadFaults shows each way in which an upload fails. None of them is
// uncertain: nobody has seen anything.
func TestUploadFaults(t *testing.T) {
	t.Parallel()
	size := string(fixture(t, "resp_upload_err_40006_size.json"))
	tests := []struct {
		name     string
		fault    wecomtest.Failure
		code     wecom.Code
		class    wecom.Class
		attempts int
		want     string
	}{
		{"size", wecomtest.Answer(200, size), 40006, wecom.ClassFix, 1, "errcode 40006 (media empty or too large)"},
		{"busy", wecomtest.Errcode(-1), -1, wecom.ClassRetry, 3, "errcode -1"},
		{"rate limited", wecomtest.Errcode(45009), 45009, wecom.ClassWait, 3, "in 1m0s"},
		{"no such robot", wecomtest.Errcode(93000), 93000, wecom.ClassDead, 1, "errcode 93000"},
		{"gateway page", wecomtest.HTML(502), 0, wecom.ClassRetry, 3, "HTTP 502"},
		{"too large for a gateway", wecomtest.HTML(413), 0, wecom.ClassDead, 1, "HTTP 413"},
		{"page with 200", wecomtest.HTML(200), 0, wecom.ClassUncertain, 3, "not the vendor's answer"},
		{"ok without media_id", wecomtest.Answer(200, `{"errcode":0,"errmsg":"ok"}`), 0, wecom.ClassUncertain, 3, "an answer without media_id"},
		{"media_id of another type", wecomtest.Answer(200, `{"errcode":0,"errmsg":"ok","media_id":7}`), 0, wecom.ClassUncertain, 3, "an answer without media_id"},
		{"endless media_id", wecomtest.Answer(200, `{"errcode":0,"errmsg":"ok","media_id":"`+strings.Repeat("x", 1025)+`"}`), 0, wecom.ClassUncertain, 3, "an answer without media_id"},
		{"unreachable", wecomtest.Unreachable(), 0, wecom.ClassRetry, 3, "not sent"},
		{"reset", wecomtest.Reset(), 0, wecom.ClassUncertain, 3, "outcome unknown"},
		{"reset after", wecomtest.ResetAfter(), 0, wecom.ClassUncertain, 3, "outcome unknown"},
		{"cut", wecomtest.Cut(), 0, wecom.ClassUncertain, 3, "outcome unknown"},
		{"hangs", wecomtest.Hang(nil), 0, wecom.ClassUncertain, 3, "no answer within 10s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				robot, server := newRobot(t, nil)
				server.FailAlways(tt.fault)
				_, err := robot.Upload(t.Context(), note())
				e, ok := err.(*wecom.Error)
				require.True(t, ok)
				require.Equal(t, "upload", e.Op)
				require.Equal(t, tt.code, e.Code)
				require.Equal(t, tt.class, e.Class())
				require.Equal(t, tt.attempts, server.Attempts())
				require.Equal(t, tt.class == wecom.ClassUncertain, errors.Is(err, alert.ErrUncertain))
				require.ErrorContains(t, err, tt.want)
				require.True(t, strings.HasPrefix(err.Error(), "wecom: upload: "), err.Error())
				require.Equal(t, 1, strings.Count(err.Error(), "wecom: upload: "), err.Error())
				require.NotContains(t, err.Error(), server.Key)
			})
		})
	}
}

// TestUploadRecovers reads the content again for each attempt.
func TestUploadRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.HTML(502), wecomtest.ResetAfter())
		content := strings.Repeat("0123456789", 100_000)
		media, err := robot.Upload(t.Context(), wecom.Attachment{Name: "a.log", Content: strings.NewReader(content)})
		require.NoError(t, err)
		require.Len(t, server.Uploads(), 2)
		for _, u := range server.Uploads() {
			require.Equal(t, content, string(u.Content))
		}
		require.Equal(t, media.ID, server.Uploads()[1].MediaID)
	})
}

// TestUploadTakesItsTime gives a long file more time than a message, and the
// caller's context counts nevertheless.
func TestUploadTakesItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{MaxAttempts: -1})
		server.FailAlways(wecomtest.Hang(nil))
		began := time.Now()
		_, err := robot.Upload(t.Context(), wecom.Attachment{Name: "a", Content: bytes.NewReader(make([]byte, 1<<20))})
		require.ErrorContains(t, err, "no answer within 18s")
		require.Equal(t, 18*time.Second, time.Since(began))
	})
}

// TestUploadAddress derives the address for uploads from that of the webhook.
func TestUploadAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, address, base, want string }{
		{"key", testKey, "", "https://qyapi.weixin.qq.com/cgi-bin/webhook/upload_media"},
		{"base with prefix", testKey, "http://gw.example.com/x/", "http://gw.example.com/x/cgi-bin/webhook/upload_media"},
		{"gateway", "https://gw.example.com:8443/wecom%2Fa/send?key=" + testKey, "", "https://gw.example.com:8443/wecom%2Fa/upload_media"},
		{"path of its own", "https://gw.example.com/robots/ops?key=" + testKey, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transport := &spy{body: string(fixture(t, "resp_upload_ok_voice.json"))}
			robot, err := wecom.New(tt.address, &wecom.Options{BaseURL: tt.base, HTTPClient: transport.client()})
			require.NoError(t, err)
			a := wecom.Attachment{Kind: wecom.KindVoice, Name: "a.amr", Content: strings.NewReader("#!AMR\nxyz")}
			media, err := robot.Upload(t.Context(), a)
			if tt.want == "" {
				require.ErrorContains(t, err, `wecom: upload: webhook URL: its path does not end in "/send"`)
				require.False(t, alert.Retryable(err))
				require.Empty(t, transport.url)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want+"?key="+testKey+"&type=voice", transport.url)
			require.Equal(t, wecom.Voice{MediaID: media.ID}, media.Message())
		})
	}
}

// TestUploadOverASocket posts a file by way of net/http.
func TestUploadOverASocket(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	robot, err := wecom.New(server.Listen(t), nil)
	require.NoError(t, err)
	content := bytes.Repeat([]byte("x"), (20 << 20))
	server.Fail(wecomtest.HTML(http.StatusBadGateway))
	require.NoError(t, robot.PostFile(t.Context(), wecom.Attachment{Name: "core.gz", Content: bytes.NewReader(content)}))
	require.True(t, bytes.Equal(content, server.Uploads()[0].Content))
	require.Equal(t, "file", server.Messages()[0].Type)
}

// BenchmarkUpload shows that the memory of an upload does not depend on the
// size of the file.
func BenchmarkUpload(b *testing.B) {
	drain := roundTripper(func(r *http.Request) (*http.Response, error) {
		buf := make([]byte, 32<<10)
		for {
			if _, err := r.Body.Read(buf); err != nil {
				break
			}
		}
		answer := `{"errcode":0,"errmsg":"ok","type":"file","media_id":"m","created_at":"1380000000"}`
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
	})
	robot, err := wecom.New(testKey, &wecom.Options{Rate: -1, HTTPClient: &http.Client{Transport: drain}})
	require.NoError(b, err)
	for name, size := range map[string]int{"1KiB": 1 << 10, "20MiB": 20 << 20} {
		content := bytes.NewReader(make([]byte, size))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := robot.Upload(b.Context(), wecom.Attachment{Name: "x", Content: content}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
