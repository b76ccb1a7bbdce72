// Package speech makes the text that a voice reads to somebody on the phone:
// short, free of what a voice cannot say, in the words of a Locale, and with a
// count of the alerts it leaves out.
package speech
