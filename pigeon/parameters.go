package pigeon

import (
	"cmp"
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/speech"
)

// Bounds of parameters, in runes.
const (
	defaultTextLimit = 150
	minTextLimit     = 40   // below, a cut could lose the total
	maxTextLimit     = 1000 // read once, that is three minutes of a call of ten
	maxShort         = 60   // of a name: what a listener keeps in mind
)

// parameterNames returns the names of all parameters.
func parameterNames() []string {
	return []string{
		"text", "count", "open", "resolved", "status", "level", "severity",
		"name", "product", "instance", "region", "summary", "source",
	}
}

// parameters returns the values that the guidance may use, under its names.
func (s *Sender) parameters(alerts []alert.Alert) map[string]string {
	v := speech.Voice{Locale: s.opts.Locale}
	d := alert.NewDigest(alerts)
	worst := &d.Groups[0].Alert
	resolved := d.Count(alert.Resolved)
	name := worst.Name
	if worst.Test {
		name = v.Locale.Test() + " " + name
	}
	severity := v.Locale.Severity(worst.Severity)
	short := func(text string) string { return cmp.Or(v.Clean(text, maxShort), unknownWord(v.Locale)) }
	values := map[string]string{
		"text":     v.Message(alerts, s.opts.TextLimit),
		"count":    strconv.Itoa(d.Total),
		"open":     strconv.Itoa(d.Total - resolved - d.Count(alert.News)),
		"resolved": strconv.Itoa(resolved),
		"status":   markup.State(v.Locale, worst),
		"level":    cmp.Or(v.Clean(worst.Level, maxShort), severity),
		"severity": severity,
		"name":     short(name),
		"product":  short(worst.Product),
		"instance": short(worst.Instance),
		"region":   short(worst.Region),
		"source":   short(worst.Source),
		"summary":  cmp.Or(v.Clean(worst.Summary, s.opts.TextLimit), unknownWord(v.Locale)),
	}
	named := make(map[string]string, len(s.names))
	for ours, theirs := range s.names {
		named[theirs] = values[ours]
	}
	return named
}

// unknownWord stands for what an alert does not say. What the vendor does with
// an empty value is not documented, and a refusal would cost the call.
func unknownWord(l alert.Locale) string {
	switch l {
	case alert.English:
		return "unknown"
	case alert.Japanese:
		return "不明"
	}
	return "未知"
}
