package autocall

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

func (t *sqlTxn) see(phone, model string) (phoneRecord, error) {
	if err := t.lock(); err != nil {
		return phoneRecord{}, err
	}
	before, err := scanPhone(t.tx.Row(t.ctx, sqlPhone, sqldb.Hash(phone)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return phoneRecord{}, t.writePhone(sqlInsertPhone, phoneRecord{Name: phone, Model: model, Seen: t.now()})
	}
	if err != nil {
		return phoneRecord{}, err
	}
	now := before
	now.Model, now.Seen = model, t.now()
	return before, t.writePhone(sqlUpdatePhone, now)
}

func (t *sqlTxn) putPhone(p phoneRecord) error {
	if err := t.lock(); err != nil {
		return err
	}
	return t.writePhone(sqlUpdatePhone, p)
}

// What the column flags of a phone holds.
const (
	flagTold     = 1
	flagExpected = 2
)

// writePhone inserts or updates a phone. Its texts are written as bytes: what
// a phone says about itself need not be text.
func (t *sqlTxn) writePhone(query string, p phoneRecord) error {
	flags := 0
	if p.Told {
		flags |= flagTold
	}
	if p.Expected {
		flags |= flagExpected
	}
	_, err := t.tx.Exec(t.ctx, query, []byte(p.Name), []byte(p.Model), p.Seen, flags, sqldb.Hash(p.Name))
	return err
}

// scanPhone reads a row of phones.
func scanPhone(scan func(...any) error) (p phoneRecord, err error) {
	var name, model []byte
	flags := 0
	err = scan(&name, &model, &p.Seen, &flags)
	p.Name, p.Model = string(name), string(model)
	p.Told, p.Expected = flags&flagTold != 0, flags&flagExpected != 0
	return p, err
}

func (t *sqlTxn) phones() ([]phoneRecord, error) {
	t.looked = t.looked || !t.locked
	var all []phoneRecord
	err := t.rows(sqlPhones, nil, func(scan func(...any) error) error {
		p, err := scanPhone(scan)
		all = append(all, p)
		return err
	})
	slices.SortFunc(all, func(a, b phoneRecord) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

func (t *sqlTxn) tell(n notice) error {
	if err := t.lock(); err != nil {
		return err
	}
	query := sqlUpdateNotice
	if n.ID == 0 {
		id, err := t.nextID()
		if err != nil {
			return err
		}
		query, n.ID = sqlInsertNotice, id
	}
	_, err := t.tx.Exec(t.ctx, query, []byte(n.Kind), []byte(n.Subject), n.Tries, n.Due, n.ID)
	return err
}

func (t *sqlTxn) notices(limit int) ([]notice, error) {
	if err := t.lock(); err != nil {
		return nil, err
	}
	var all []notice
	err := t.rows(sqlNotices, []any{t.now(), limit}, func(scan func(...any) error) error {
		var n notice
		var kind, subject []byte
		err := scan(&n.ID, &kind, &subject, &n.Tries, &n.Due)
		n.Kind, n.Subject = string(kind), string(subject)
		all = append(all, n)
		return err
	})
	return all, err
}

func (t *sqlTxn) told(id int64) error {
	if err := t.lock(); err != nil {
		return err
	}
	_, err := t.tx.Exec(t.ctx, sqlDeleteNotice, id)
	return err
}
