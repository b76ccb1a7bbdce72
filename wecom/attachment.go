package wecom

// File is a message with an uploaded file.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type File struct {
	// MediaID is required: what the vendor returned for the upload. It is
	// valid for three days and for the robot that uploaded the file; a foreign
	// or expired one is refused with [CodeInvalidMedia].
	MediaID string `json:"media_id"`
}

// Voice is a message with an uploaded recording, of AMR.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Voice struct {
	// MediaID is required, as that of a [File].
	MediaID string `json:"media_id"`
}

// Validate returns what is wrong with m.
func (m File) Validate() error { return checkMedia("file.media_id", m.MediaID) }

// Validate returns what is wrong with m.
func (m Voice) Validate() error { return checkMedia("voice.media_id", m.MediaID) }

func (m File) check(int) error  { return m.Validate() }
func (m Voice) check(int) error { return m.Validate() }

func (m File) json() []byte  { return message("file", m) }
func (m Voice) json() []byte { return message("voice", m) }

// checkMedia checks the identity of an upload. The vendor documents no shape.
func checkMedia(field, id string) error {
	var f faults
	f.Required(field, id)
	return f.Err()
}
