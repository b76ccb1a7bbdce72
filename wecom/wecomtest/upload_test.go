package wecomtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// form returns a form of one part with that header, and its content type.
func form(header, content string) (contentType, body string) {
	return "multipart/form-data; boundary=b", "--b\r\n" + header + "\r\n\r\n" + content + "\r\n--b--\r\n"
}

// media returns the header of a part as the vendor documents it.
func media(name, length string) string {
	return `Content-Disposition: form-data; name="media"; filename="` + name + `"; filelength=` + length
}

// upload uploads a form and returns the code and the media_id.
func upload(t *testing.T, server *wecomtest.Server, query, contentType, body string) (code int, id string) {
	t.Helper()
	url := strings.Replace(server.URL(), "/send", "/upload_media", 1) + query
	resp, err := server.Client().Post(url, contentType, strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	answer := struct {
		Errcode int
		Type    string
		MediaID string `json:"media_id"`
		Created string `json:"created_at"`
	}{}
	require.NoError(t, json.Unmarshal(data, &answer))
	if answer.Errcode == 0 {
		require.NotEmpty(t, answer.MediaID)
		require.NotEmpty(t, answer.Created)
		require.Contains(t, query, "type="+answer.Type)
	}
	return answer.Errcode, answer.MediaID
}

// TestUploadStrict shows what the server refuses.
func TestUploadStrict(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2<<20)
	for _, tt := range []struct {
		name, query, header, content string
		code                         int
	}{
		{"file", "&type=file", media("a.log", "6"), "mytext", 0},
		{"file in the middle", "&type=file", media("a.log", "2097152"), long, 0},
		{"voice", "&type=voice", media("a.amr", "6"), "#!AMR\n", 0},
		{"no type", "", media("a.log", "6"), "mytext", 40005},
		{"other type", "&type=image", media("a.log", "6"), "mytext", 40005},
		{"short", "&type=file", media("a.log", "5"), "short", 40006},
		{"long voice", "&type=voice", media("a.amr", "2097158"), "#!AMR\n" + long, 40006},
		{"no AMR", "&type=voice", media("a.amr", "6"), "mytext", 40004},
		{"wrong length", "&type=file", media("a.log", "7"), "mytext", 40006},
		{"no length", "&type=file", `Content-Disposition: form-data; name="media"; filename="a.log"`, "mytext", 40006},
		{"no name", "&type=file", `Content-Disposition: form-data; name="media"; filelength=6`, "mytext", 44001},
		{"other part", "&type=file", `Content-Disposition: form-data; name="file"; filename="a.log"; filelength=6`, "mytext", 44001},
		{"two parts", "&type=file", media("a.log", "6"), "mytext\r\n--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny", 40004},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.NewServer(t)
			contentType, body := form(tt.header, tt.content)
			code, id := upload(t, server, tt.query, contentType, body)
			require.Equal(t, tt.code, code)
			if code != 0 {
				require.Empty(t, server.Uploads())
				return
			}
			require.Len(t, server.Uploads(), 1)
			u := server.Uploads()[0]
			require.Equal(t, id, u.MediaID)
			require.Equal(t, tt.content, string(u.Content))
			require.Equal(t, "&type="+u.Type, tt.query)
		})
	}
	server := wecomtest.NewServer(t)
	contentType, body := form(media("a.log", "6"), "mytext")
	for _, tt := range [][2]string{{"application/json", body}, {contentType, ""}, {contentType, body[:len(body)-20]}} {
		code, _ := upload(t, server, "&type=file", tt[0], tt[1])
		require.Equal(t, 44001, code)
	}
	server.Key = "other"
	code, _ := upload(t, server, "x&type=file", contentType, body)
	require.Equal(t, 93000, code)
}

// TestMediaID shows which uploads a message may name, and for how long.
func TestMediaID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := wecomtest.NewServer(t)
		send := func(msgtype, id string) int {
			t.Helper()
			_, code, _ := post(t, server.Client(), server.URL(), `{"msgtype":"`+msgtype+`","`+msgtype+`":{"media_id":"`+id+`"}}`)
			return code
		}
		require.Zero(t, send("file", "any"), "as long as there is no upload")
		contentType, body := form(media("a.log", "6"), "mytext")
		_, id := upload(t, server, "&type=file", contentType, body)
		require.Zero(t, send("file", id))
		require.Equal(t, 40007, send("file", "any"))
		require.Equal(t, 40007, send("voice", id))
		<-time.After(72*time.Hour - 1)
		require.Zero(t, send("file", id))
		<-time.After(1)
		require.Equal(t, 40007, send("file", id))
	})
}

// TestUploadRate counts uploads as messages.
func TestUploadRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := wecomtest.NewServer(t)
		contentType, body := form(media("a.log", "6"), "mytext")
		for range 20 {
			code, _ := upload(t, server, "&type=file", contentType, body)
			require.Zero(t, code)
		}
		code, _ := upload(t, server, "&type=file", contentType, body)
		require.Equal(t, 45009, code)
		_, code, _ = post(t, server.Client(), server.URL(), markdown(1))
		require.Equal(t, 45009, code)
	})
}
