package wecomtest

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// The vendor's limits, in bytes and elements.
const (
	maxImage    = 2 << 20
	maxArticles = 8
	maxURL      = 1024
)

// A messageFault is what the vendor finds wrong with a message, if anything.
type messageFault struct {
	code int
	text string
}

// invalid is a fault without a code of its own.
func invalid(what string) messageFault {
	return messageFault{40058, what + ". invalid Request Parameter"}
}

// missing returns a fault with a code if the value of a field is empty.
func missing(field, value string, code int) messageFault {
	if value == "" {
		return messageFault{code, "missing " + field}
	}
	return messageFault{}
}

// badURL returns the fault for a long URL, or missing. A code of 0 makes the
// URL optional.
func badURL(field, value string, code int) messageFault {
	if len(value) > maxURL {
		return messageFault{40039, "invalid url size"}
	}
	return missing(field, value, code)
}

// first returns the first fault, or none.
func first(faults ...messageFault) messageFault {
	for _, f := range faults {
		if f.code != 0 {
			return f
		}
	}
	return messageFault{}
}

// checkRich checks the body of a message type that is not made of text.
func checkRich(msgtype string, body json.RawMessage) messageFault {
	switch msgtype {
	case "image":
		return checkBody(msgtype, body, checkImage)
	case "news":
		return checkBody(msgtype, body, checkNews)
	case "template_card":
		return checkBody(msgtype, body, checkCard)
	}
	return checkBody(msgtype, body, func(m media) messageFault { return missing("media_id", m.MediaID, 41006) })
}

// checkBody decodes a body for check.
func checkBody[T any](msgtype string, body json.RawMessage, check func(T) messageFault) messageFault {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return invalid(msgtype + " wrong type")
	}
	return check(v)
}

type image struct {
	Base64 string `json:"base64"`
	MD5    string `json:"md5"`
}

func checkImage(m image) messageFault {
	data, err := base64.StdEncoding.DecodeString(m.Base64)
	sum := md5.Sum(data)
	switch {
	case err != nil || m.Base64 == "" || strings.ContainsAny(m.Base64, "\r\n"):
		return invalid("image.base64")
	case len(data) > maxImage:
		return messageFault{40009, "invalid image size"}
	case !bytes.HasPrefix(data, []byte("\x89PNG")) && !bytes.HasPrefix(data, []byte("\xff\xd8")):
		return invalid("image.base64 neither JPG nor PNG")
	case m.MD5 != hex.EncodeToString(sum[:]):
		return messageFault{301019, "invalid image md5"}
	}
	return messageFault{}
}

type news struct {
	Articles []struct {
		Title  string `json:"title"`
		URL    string `json:"url"`
		PicURL string `json:"picurl"`
	} `json:"articles"`
}

// checkNews lets long titles and descriptions pass: the vendor cuts them.
func checkNews(m news) messageFault {
	if n := len(m.Articles); n == 0 || n > maxArticles {
		return messageFault{45008, fmt.Sprintf("article number %d out of limit", n)}
	}
	for _, a := range m.Articles {
		if f := first(missing("title", a.Title, 41016), badURL("url", a.URL, 41010), badURL("picurl", a.PicURL, 0)); f.code != 0 {
			return f
		}
	}
	return messageFault{}
}

type media struct {
	MediaID string `json:"media_id"`
}
