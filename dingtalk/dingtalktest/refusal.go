package dingtalktest

import (
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
	switch code {
	case 400201:
		return "text"
	case 400202:
		return "text content"
	case 400302:
		return "link text"
	case 400303:
		return "link title"
	case 400304:
		return "link messageUrl"
	case 400401:
		return "markdown"
	case 400402:
		return "markdown title"
	case 400403:
		return "markdown text"
	case 400503:
		return "actionCard text"
	case 400602:
		return "feedCard links"
	}
	return ""
}

// wording returns the text of a code that has one style only.
func wording(code int) string {
	switch code {
	case -1:
		return "系统繁忙"
	case 40035:
		return "缺少参数 json"
	case 43002:
		return "需要POST请求"
	case 43004:
		return "无效的HTTP HEADER Content-Type"
	case 90030:
		return "webhook over limit"
	case 101002:
		return "message is too long"
	case 130101:
		return "send too fast, exceed 20 times per minute"
	case 300001, 300005:
		return "token is not exist"
	case 400013:
		return "群已被解散"
	case 400101:
		return "access_token不存在"
	case 400102:
		return "机器人已停用"
	case 400105:
		return "不支持的消息类型"
	case 400106:
		return "机器人不存在"
	case 410100:
		return "发送速度太快而限流"
	case 430101:
		return "含有不安全的外链"
	case 430102:
		return "含有不合适的文本"
	case 430103:
		return "含有不合适的图片"
	case 430104:
		return "含有不合适的内容"
	}
	return "error"
}
