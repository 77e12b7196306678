package rollback

import (
	"context"
	"strings"

	"nextpipe/stages/internal/pipedrive"
)

// price closes a dry run: what would be removed besides records, and the sum. A
// rollback reads what the dry run has read, so reading costs the same again.
func (u *undoer) price(ctx context.Context) error {
	things, err := u.provisioned(ctx)
	if err != nil {
		return err
	}
	var n int64
	if len(things) > 0 {
		used, err := u.usage(ctx)
		if err != nil {
			return err
		}
		for _, t := range things {
			if _, inUse := used[t.key()]; !inUse {
				n++
				u.tokens += int64(t.removal())
			}
		}
	}
	reading, _ := u.Meter.Tokens()
	u.res.Add("fields, options, labels, stages and pipelines", n)
	u.res.Add("tokens", u.tokens+reading)
	return u.Meter.Flush(ctx)
}

// removal is what taking it away costs.
func (t made) removal() int {
	if field, isOption := strings.CutSuffix(t.entity(), "_option"); isOption {
		return pipedrive.Cost(field+"_field", pipedrive.DeleteOptions)
	}
	return pipedrive.Cost(t.entity(), pipedrive.Delete)
}
