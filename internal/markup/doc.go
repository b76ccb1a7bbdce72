// Package markup is what the renderers of chat messages share: a [Writer]
// that makes text from alerts harmless in a dialect of markdown and bounds it,
// [URL] for links, and the arithmetic of a digest.
//
// The chats document no escapes, so a character that could begin or end
// markup is replaced by its full-width look-alike, which every client shows
// as plain text.
package markup
