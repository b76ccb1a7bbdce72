package callsms

import "errors"

// Directives returns two lines: the SMS by which the calls to the SIM card of a phone
// reach a target, and by which they no longer do. Its errors quote no number.
func Directives(carrier Carrier, target, keyword string) (string, error) {
	set, undo, err := ForwardCode(carrier, target)
	if err != nil {
		return "", err
	}
	begin, end := SMS{Dial: set, Keyword: keyword}, SMS{Dial: undo, Keyword: keyword}
	if err := errors.Join(begin.Validate(), end.Validate()); err != nil {
		return "", err
	}
	return begin.String() + "\n" + end.String() + "\n", nil
}
