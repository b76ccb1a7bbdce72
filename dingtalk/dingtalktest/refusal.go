package dingtalktest

import (
	"cmp"
	"encoding/json"
	"strings"
)

// A refusal is a code of the vendor with its text; none if the code is 0.
type refusal struct {
	code int
	text string
}

// answer returns the vendor's answer.
func (r refusal) answer() string {
	if r.code == 0 {
		return `{"errcode":0,"errmsg":"ok"}`
	}
	answer, err := json.Marshal(map[string]any{"errcode": r.code, "errmsg": r.text})
	if err != nil {
		panic("dingtalktest: " + err.Error()) // a string and a number always encode
	}
	return string(answer)
}

// more is what texts of one style only end with.
const more = ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"

// refuse returns the refusal for a code that says enough by itself. That of
// 310000 is about the signature.
func refuse(code int) refusal {
	switch code {
	case 310000:
		return refusal{code, "description:机器人发送签名不匹配;solution:(shortened);link:(shortened);"}
	case 460101:
		return refusal{code, "description: body 大小不合法;solution:(shortened, names 20000bytes);"}
	}
	if path := missing(code); path != "" {
		return refuseField(code, path)
	}
	return refusal{code, wording(code)}
}

// Refusals by the security settings.
func refuseTimestamp() refusal {
	return refusal{310000, "description:机器人发送签名过期;solution:(shortened);"}
}

func refuseAddress(from string) refusal {
	return refusal{310000, "ip " + from + " not in whitelist" + more}
}

func refuseKeywords() refusal { return refusal{310000, "keywords not in content" + more} }

// refuseField refuses a message that lacks a field. The path consists of the
// names that lead to it, separated by blanks.
func refuseField(code int, path string) refusal {
	return refusal{code, "错误描述:参数 " + strings.ReplaceAll(path, " ", " --》 ") + " 缺失，或者参数格式不正确; 解决方案:(shortened);参考链接:(shortened);"}
}

// missing returns the path of the field that a code is about, or "".
func missing(code int) string {
	return map[int]string{
		400201: "text", 400202: "text content", 400302: "link text", 400303: "link title", 400304: "link messageUrl",
		400401: "markdown", 400402: "markdown title", 400403: "markdown text", 400503: "actionCard text", 400602: "feedCard links",
	}[code]
}

// wording returns the text of a code that has one style only.
func wording(code int) string {
	return cmp.Or(map[int]string{
		-1:     "系统繁忙",
		40035:  "缺少参数 json",
		43002:  "需要POST请求",
		43004:  "无效的HTTP HEADER Content-Type",
		90030:  "webhook over limit",
		101002: "message is too long",
		130101: "send too fast, exceed 20 times per minute",
		300001: "token is not exist",
		300005: "token is not exist",
		400013: "群已被解散",
		400101: "access_token不存在",
		400102: "机器人已停用",
		400105: "不支持的消息类型",
		400106: "机器人不存在",
		410100: "发送速度太快而限流",
		430101: "含有不安全的外链",
		430102: "含有不合适的文本",
		430103: "含有不合适的图片",
		430104: "含有不合适的内容",
	}[code], "error")
}
