package snmptraptest

// Walked returns the objects that the walk of this package finds, as text and
// without gosnmp.
func Walked(datagram []byte) (names []string, tags []byte, contents []string, err error) {
	m, err := Rules{}.read(datagram)
	if err != nil {
		return nil, nil, nil, err
	}
	for i := range m.bindings {
		b := &m.bindings[i]
		names, tags = append(names, b.text), append(tags, b.value.tag)
		contents = append(contents, string(b.value.octets()))
	}
	return names, tags, contents, nil
}
