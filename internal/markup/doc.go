// Package markup renders alerts for chats: a [Style] makes a card of one and a
// digest of many, in the [Form] of a chat. It rests on a [Writer] that makes text
// from alerts harmless in a dialect of markdown and bounds it, and on [URL] for
// links.
//
// The chats document no escapes, so a character that could begin or end
// markup is replaced by its full-width look-alike, which every client shows
// as plain text.
package markup
