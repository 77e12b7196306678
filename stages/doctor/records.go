package doctor

import (
	"context"
	"database/sql"
	"strings"

	"nextpipe/stages/internal/entity"
)

// currencies looks for amounts in a currency that the account refuses.
func currencies(ctx context.Context, x *examination) error {
	return each(ctx, x.Session, func(r *sql.Rows) error {
		var code string
		var n int64
		if err := r.Scan(&code, &n); err != nil {
			return err
		}
		switch isActive, known := x.account.currencies[code]; {
		case !known:
			x.find(Error, "currency_unknown", code, "%d amounts are in %s", n, code)
		case !isActive:
			x.find(Error, "currency_inactive", code, "%d amounts are in %s", n, code)
		}
		return nil
	}, `SELECT j.value, count(*) FROM final_item AS f, json_tree(f.payload) AS j
		WHERE f.entity IN ('organization', 'person', 'product', 'deal', 'lead') AND f.payload LIKE '%currency"%'
			AND (j.key = 'currency' OR j.key LIKE '%\_currency' ESCAPE '\') AND j.type = 'text' GROUP BY 1 ORDER BY 1`)
}

// largestFile is what is assumed of the limit that nobody documents.
const largestFile = 50 << 20

func files(ctx context.Context, x *examination) error {
	var n, largest int64
	err := x.DB.Read().QueryRowContext(ctx, "SELECT count(*), coalesce(max(size), 0) FROM final_file WHERE size > ?", largestFile).Scan(&n, &largest)
	if err == nil && n > 0 {
		x.find(Warning, "file_large", "files", "%d files are larger than 50 MB, the largest has %d MB", n, largest>>20)
	}
	return err
}

// otherCopies looks for records that carry a marker of this source and that
// this warehouse knows nothing of: among the newest of each kind, and all that
// scope has seen.
func otherCopies(ctx context.Context, x *examination) error {
	if x.needs.tag == "" {
		x.find(Info, "other_copy_unchecked", "source", "nothing is extracted yet")
		return nil
	}
	for _, name := range []string{"organization", "person", "product", "deal"} {
		e, _ := entity.Of(name)
		ids, err := x.strangers(ctx, e)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			x.find(Error, "other_copy", name, "%d %s carry a marker of this source and are not known here, %s for one", len(ids), e.Plural(), ids[0])
		}
	}
	return nil
}

// strangers are the ids of such records of one kind.
func (x *examination) strangers(ctx context.Context, e entity.Entity) ([]string, error) {
	prefix := x.needs.tag + "/"
	ids, err := x.words(ctx, `SELECT d.pipedrive_id FROM dest_record AS d WHERE d.target_id = ?1 AND d.entity = ?2 AND d.marker LIKE ?3 || '%'
		AND NOT `+known("d.pipedrive_id", "substr(d.marker, length(?3) + 1)")+` ORDER BY 1`, x.ID, e.Name, prefix)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	codes := x.account.custom(e.Name, markerField)
	for _, rec := range x.account.newest[e.Name] {
		for _, f := range codes {
			m := e.Marker(rec.Data, f.code)
			if m == nil || seen[rec.ID] {
				continue
			}
			key, ours := strings.CutPrefix(*m, prefix)
			if !ours {
				continue
			}
			n, err := x.number(ctx, "SELECT "+known("?4", "?3"), x.ID, e.Name, key, rec.ID)
			if err != nil {
				return nil, err
			}
			if n == 0 {
				seen[rec.ID] = true
				ids = append(ids, rec.ID)
			}
		}
	}
	return ids, nil
}

// known tells that a record is linked, or that a create of its final record may
// have been carried out. ?1 target, ?2 entity.
func known(id, key string) string {
	return `(EXISTS (SELECT 1 FROM link WHERE target_id = ?1 AND entity = ?2 AND state = 'live' AND pipedrive_id = ` + id + `)
		OR EXISTS (SELECT 1 FROM load_op WHERE target_id = ?1 AND entity = ?2 AND final_key = ` + key + `
			AND (state IN ('intent', 'in_doubt', 'done', 'quarantined') OR looks > 0)))`
}
