package wecom

// MarkdownV2 is a message in the vendor's second dialect. It has headings,
// bold, italics, nested lists, quotes up to three levels, links, images as
// ![alt](url), rules, tables, and code in a line or fenced. It has neither
// colours nor mentions: <@userid> shows as it is written and notifies nobody.
// Use [Markdown] for those. Clients older than 4.1.36 (Android: 4.1.38) show
// it as plain text.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type MarkdownV2 struct {
	// Content is required and holds at most MaxMarkdown bytes. Bytes that are
	// not UTF-8 become U+FFFD.
	Content string
}

// Validate returns what is wrong with m.
func (m MarkdownV2) Validate() error {
	var f faults
	f.content("markdown_v2.content", toUTF8(m.Content), MaxMarkdown)
	return f.Err()
}

func (m MarkdownV2) check(int) error { return m.Validate() }

func (m MarkdownV2) json() []byte { return message("markdown_v2", content{Content: toUTF8(m.Content)}) }
