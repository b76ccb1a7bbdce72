package ocp

import (
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// colourDown is the one colour of a level that is documented: that of level 1.
const colourDown = "#722ED1"

// levelNumber returns the number of a level, from 1, the worst, to 5, or 0 for
// a word that OCP does not use. In English the words crossed over the years:
// "Alert" and "Warning" are both level 3.
func levelNumber(word string) int {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "1", "down", "stopped", "停服":
		return 1
	case "2", "critical", "严重", "嚴重":
		return 2
	case "3", "alert", "warning", "警告":
		return 3
	case "4", "caution", "注意":
		return 4
	case "5", "info", "reminder", "提醒":
		return 5
	}
	return 0
}

// levelSeverity maps the number of a level. An alarm without one is a Warning.
func levelSeverity(n int) alert.Severity {
	switch n {
	case 1, 2:
		return alert.Critical
	case 4:
		return alert.Notice
	case 5:
		return alert.Info
	}
	return alert.Warning
}
