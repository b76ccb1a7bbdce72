package dingtalk_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A counter reads the counts in a message in Chinese.
type counter struct{ header, states, severities, groups, rest, digits *regexp.Regexp }

func newCounter() counter {
	return counter{
		header:     regexp.MustCompile(`^#### <font color=#\w+>【[^】]+】共 (\d+) 条告警</font>\n\n`),
		states:     regexp.MustCompile(`(?m)^- <font color=#\w+>(?:告警中|无数据|事件|已恢复|测试) (\d+)</font>:`),
		severities: regexp.MustCompile(`(?m)^- <font color=#\w+>(?:告警中|无数据|事件|已恢复|测试) \d+</font>:(.*)$`),
		groups:     regexp.MustCompile(`(?m)^\*\*×(\d+)\*\* `),
		rest:       regexp.MustCompile(`(?m)^另有 (\d+) 条（\d+ 组）未列出，其中 \d+ 条仍在告警$`),
		digits:     regexp.MustCompile(`\d+`),
	}
}

// count returns of how many alerts a message tells, and fails if its parts do
// not add up.
func (c counter) count(tb testing.TB, message string) int {
	tb.Helper()
	header := c.header.FindStringSubmatch(message)
	if header == nil {
		return 1
	}
	total, err := strconv.Atoi(header[1])
	require.NoError(tb, err)
	require.Equal(tb, total, c.sum(tb, message, c.states), "states in %s", message)
	require.Equal(tb, total, c.sum(tb, message, c.severities), "severities in %s", message)
	require.Equal(tb, total, c.sum(tb, message, c.groups)+c.sum(tb, message, c.rest), "groups in %s", message)
	return total
}

// sum adds up the numbers in the first submatch of every match.
func (c counter) sum(tb testing.TB, message string, pattern *regexp.Regexp) int {
	tb.Helper()
	total := 0
	for _, match := range pattern.FindAllStringSubmatch(message, -1) {
		for _, digits := range c.digits.FindAllString(match[1], -1) {
			n, err := strconv.Atoi(digits)
			require.NoError(tb, err)
			total += n
		}
	}
	return total
}
