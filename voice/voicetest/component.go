package voicetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// An envelope is an answer of the ESB in the making. Its keys may be missing,
// as they may in the answer of a gateway behind it.
type envelope map[string]any

func refuse(code int, message string) *envelope {
	return &envelope{"result": false, "code": code, "message": message, "data": nil}
}

// finish adds the keys that are missing, as the ESB does to whatever a
// component says.
func (e *envelope) finish(id string) *envelope {
	all := *e
	add := func(key string, value any) {
		if _, ok := all[key]; !ok {
			all[key] = value
		}
	}
	add("result", false)
	add("data", nil)
	add("message", "")
	code := 1306000
	if all["result"] == true {
		code = 0
	}
	add("code", code)
	all["request_id"] = id
	return e
}

func (e *envelope) answer() standin.Answer {
	body, err := json.Marshal(*e)
	if err != nil {
		return standin.Answer{Status: http.StatusInternalServerError}
	}
	return standin.Answer{Body: string(body)}
}

// A user is an entry of the cleaned form.
type user struct {
	Username string  `json:"username"`
	Mobile   string  `json:"mobile_phone"`
	Nation   *string `json:"nation_code,omitempty"`
}

// A form is what the component makes of a request, and posts to dest_url.
type form struct {
	Text  string   `json:"auto_read_message"`
	Users []user   `json:"user_list_information"`
	Names []string `json:"receiver__username"`
	Extra *string  `json:"_extra_user_error_msg,omitempty"`
}

// esb is the component.
func (e *ESB) esb(r *http.Request, body []byte) *envelope {
	if r.Method != http.MethodPost {
		return refuse(1306406, "method not allowed")
	}
	params := readParams(body)
	creds := params
	if header := r.Header.Get("X-Bkapi-Authorization"); header != "" {
		creds = object{}
		if json.Unmarshal([]byte(header), &creds) != nil {
			return refuse(1306000, "X-Bkapi-Authorization is no JSON")
		}
	}
	if refused := e.admit(creds); refused != nil {
		return refused
	}
	f, refused := e.clean(params)
	if refused != nil {
		return refused
	}
	if e.Dest != nil {
		return e.forward(f)
	}
	return e.tencent(f)
}

// readParams reads JSON if the body begins like it, else a form; nobody looks
// at the Content-Type.
func readParams(body []byte) object {
	params := object{}
	if strings.HasPrefix(string(body), "{") {
		_ = json.Unmarshal(body, &params) // what cannot be read is missing
		return params
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return params
	}
	for key := range values {
		params[key], _ = json.Marshal(values.Get(key)) // a string encodes
	}
	return params
}

// clean checks a request and keeps what the component knows.
func (e *ESB) clean(params object) (f form, refused *envelope) {
	f.Text = params.text("auto_read_message")
	if f.Text == "" {
		return f, refuse(1306000, "auto_read_message is required")
	}
	for _, entry := range params.objects("user_list_information") {
		u := user{Username: entry.text("username"), Mobile: entry.text("mobile_phone")}
		switch {
		case u.Username == "":
			return f, refuse(1306000, "username is required")
		case strings.Trim(u.Mobile, "0123456789") != "":
			return f, refuse(1306000, "phone must be a number")
		}
		f.Users = append(f.Users, u)
	}
	if f.Users != nil {
		return f, nil
	}
	f.Names = params.names("receiver__username")
	if len(f.Names) == 0 {
		return f, refuse(1306000, "both receiver lists are empty")
	}
	return e.lookUp(f)
}

// lookUp finds the numbers of the users who were named.
func (e *ESB) lookUp(f form) (form, *envelope) {
	var missing []string
	nation := "86"
	for _, name := range f.Names {
		if mobile := e.Users[name]; mobile != "" {
			f.Users = append(f.Users, user{name, mobile, &nation})
		} else {
			missing = append(missing, name)
		}
	}
	extra := ""
	if missing != nil {
		extra = strings.Join(missing, ",") + " is not a BlueKing user"
	}
	f.Extra = &extra
	if f.Users == nil {
		refused := refuse(1306000, "no user left: "+extra)
		(*refused)["data"] = map[string]any{"username_check": map[string]any{"invalid": missing}}
		return f, refused
	}
	return f, nil
}

// tencent is the built-in branch: one call after the other, and a failure of
// the whole if one fails.
func (e *ESB) tencent(f form) *envelope {
	successed, failed := []any{}, []any{}
	var names []string
	for _, u := range f.Users {
		entry := map[string]any{"username": u.Username, "mobile_phone": u.Mobile, "nation_code": "86", "ext": ""}
		id, ok := e.ring(u, f.Text)
		switch {
		case u.Mobile == "":
			entry["result"], entry["errmsg"] = 3014, "no number"
		case ok:
			entry["result"], entry["errmsg"], entry["callid"] = 0, "OK", id
			successed = append(successed, entry)
			continue
		default:
			entry["result"], entry["errmsg"] = 1013, "frequency limit"
		}
		failed, names = append(failed, entry), append(names, u.Username)
	}
	answer := &envelope{"result": true, "code": 0, "message": "OK", "data": map[string]any{"successed": successed, "failed": failed}}
	if names != nil {
		(*answer)["result"], (*answer)["code"] = false, 1306000
		(*answer)["message"] = "some users failed: " + strings.Join(names, ",")
	}
	return answer.check(f)
}

// check adds what the component adds to every answer: the failure of users who
// were not found, whatever the code says, and a list of them that is always
// empty then.
func (e *envelope) check(f form) *envelope {
	all := *e
	if f.Extra != nil && *f.Extra != "" && all["result"] == true {
		all["result"], all["message"] = false, "some users failed: "+*f.Extra
	}
	if data, ok := all["data"].(map[string]any); ok {
		data["username_check"] = map[string]any{"invalid": []string{}}
	}
	return e
}

// gateway is the API gateway, whose HTTP status is the verdict. It takes numbers as
// receiver, which win over names.
func (e *ESB) gateway(r *http.Request, body []byte) standin.Answer {
	creds, params := object{}, readParams(body)
	_ = json.Unmarshal([]byte(r.Header.Get("X-Bkapi-Authorization")), &creds)
	if refused := e.admit(creds); refused != nil {
		code, _ := (*refused)["code"].(int)
		word := map[int]string{1306403: "FORBIDDEN", 1306000: "UNAUTHENTICATED", 1306405: "NOT_FOUND", 1306429: "RATE_LIMIT_RESTRICTION"}[code]
		status := map[int]int{1306403: http.StatusForbidden, 1306000: http.StatusUnauthorized, 1306405: http.StatusNotFound, 1306429: http.StatusTooManyRequests}
		return gatewayAnswer(status[code], gatewayError(word, (*refused)["message"]))
	}
	if r.Header.Get("X-Bk-Tenant-Id") == "" {
		return gatewayAnswer(http.StatusBadRequest, gatewayError("INVALID_ARGUMENT", "X-Bk-Tenant-Id is required"))
	}
	f, failed := form{Text: params.text("auto_read_message")}, []string{}
	for _, number := range params.names("receiver") {
		f.Users = append(f.Users, user{Username: number, Mobile: number})
	}
	for _, name := range params.names("receiver__username") {
		switch number := e.Users[name]; {
		case len(params.names("receiver")) > 0:
		case number == "":
			failed = append(failed, name)
		default:
			f.Users = append(f.Users, user{Username: name, Mobile: number})
		}
	}
	if f.Text == "" || len(f.Users)+len(failed) == 0 {
		return gatewayAnswer(http.StatusBadRequest, gatewayError("INVALID_ARGUMENT", "auto_read_message and receivers are required"))
	}
	for _, u := range f.Users {
		if _, ok := e.ring(u, f.Text); !ok {
			failed = append(failed, u.Username)
		}
	}
	if len(failed) > 0 {
		return gatewayAnswer(http.StatusBadRequest, gatewayError("SEND_FAILED", "some receivers failed", map[string]any{"failed": failed}))
	}
	return gatewayAnswer(http.StatusOK, map[string]any{"data": map[string]any{"msg_id": newID()}})
}

// gatewayError is how the API gateway says no.
func gatewayError(code string, message any, details ...any) map[string]any {
	return map[string]any{"error": map[string]any{"code": code, "message": message, "details": append([]any{}, details...)}}
}

// gatewayAnswer is an answer of the API gateway.
func gatewayAnswer(status int, body map[string]any) standin.Answer {
	text, err := json.Marshal(body)
	if err != nil {
		return standin.Answer{Status: http.StatusInternalServerError}
	}
	return standin.Answer{Status: status, Body: string(text), Header: http.Header{"X-Bkapi-Request-Id": {newID()}}}
}

// names returns a list of names that is an array, JSON text, or a string with
// separators.
func (o object) names(key string) []string {
	var list []string
	if json.Unmarshal(o[key], &list) == nil {
		return list
	}
	text := o.text(key)
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return slices.Clone(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \n", r) }))
}
