package snmptrap

import (
	"errors"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// A securityModel is what a version of SNMP puts around notifications (RFC 3411
// section 3.1.1).
type securityModel interface {
	// wrap returns what goes out for a message with a community.
	wrap(octets []byte) ([]byte, error)

	// open reads an answer, and reports false for anything else.
	open(octets []byte) (response, bool)

	// hint says why there may be no answer, or nothing.
	hint() string
}

// A communityModel is for SNMPv1 and v2c, which have nothing else.
type communityModel struct{ community secret.Text }

func (c communityModel) wrap(octets []byte) ([]byte, error) { return octets, nil }

func (c communityModel) open(octets []byte) (response, bool) {
	name, r, ok := readResponse(octets)
	r.stranger = string(name) != c.community.Reveal()
	return r, ok
}

func (c communityModel) hint() string { return "" }

// newModels returns a security model for each target.
func newModels(targets int, e *Encoder, o *Options) (models []securityModel, err error) {
	id, starts, clock := "", uint32(0), uint32(0)
	if o.User != nil {
		if _, _, err := o.User.security(); err != nil {
			return nil, err
		}
		if id, starts, clock, err = o.User.engine(); err != nil {
			return nil, err
		}
		if id == "" && o.Inform == nil {
			return nil, errors.New("snmptrap: SNMPv3 traps need the engine ID of the sender: set User.EngineFile")
		}
	}
	for range targets {
		if o.User == nil {
			models = append(models, communityModel{e.community})
			continue
		}
		s, err := newUserModel(o.User, id, starts, clock)
		if err != nil {
			return nil, errors.New("snmptrap: user: no keys can be made of the passwords")
		}
		models = append(models, s)
	}
	return models, nil
}
