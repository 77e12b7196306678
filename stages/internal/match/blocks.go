package match

import (
	"iter"
	"strings"
)

// MaxBlock is how many records may share a blocking key before the block is
// reported instead of compared: 64 records are 2,016 pairs. Larger blocks are
// mailboxes such as info@, switchboards and names like "Test".
const MaxBlock = 64

// KeyRow is one blocking key of one record.
type KeyRow struct{ Key, Member string }

// Block is a key whose records were too many to compare.
type Block struct {
	Key     string
	Members int
}

// Candidates reads rows ordered by key and member and hands every pair that
// shares a key to compare, smaller member first. A pair that shares two keys
// comes twice: collect by pair. Blocks above [MaxBlock] go to tooLarge, without
// any comparison, except blocks of identity keys ("i:"), where each member is
// compared with the first: what is equal to one is equal to all.
//
// It holds one block in memory. It stops at the first error of rows or compare.
func Candidates(rows iter.Seq2[KeyRow, error], compare func(a, b string) error, tooLarge func(Block) error) error {
	block := openBlock{compare: compare, tooLarge: tooLarge}
	for row, err := range rows {
		if err == nil {
			err = block.add(row)
		}
		if err != nil {
			return err
		}
	}
	return block.close()
}

// openBlock is the block being read. Of a large block it keeps no members.
type openBlock struct {
	key      string
	members  []string
	count    int
	compare  func(a, b string) error
	tooLarge func(Block) error
}

func (o *openBlock) add(row KeyRow) error {
	if row.Key != o.key {
		if err := o.close(); err != nil {
			return err
		}
		o.key, o.members, o.count = row.Key, o.members[:0], 0
	}
	o.count++
	if o.identity() && o.count > 1 {
		return o.compare(o.members[0], row.Member)
	}
	if o.count <= MaxBlock {
		o.members = append(o.members, row.Member)
	}
	return nil
}

func (o *openBlock) identity() bool { return strings.HasPrefix(o.key, "i:") }

func (o *openBlock) close() error {
	switch {
	case o.identity():
		return nil
	case o.count > MaxBlock:
		return o.tooLarge(Block{o.key, o.count})
	}
	for i, a := range o.members {
		for _, b := range o.members[i+1:] {
			if err := o.compare(a, b); err != nil {
				return err
			}
		}
	}
	return nil
}
