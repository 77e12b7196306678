package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"nextpipe/stages/internal/blob"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Files says where the bytes of documents may come from besides the source.
type Files struct {
	Folder string            // with the files of a bucket or a host; "" for none
	Bucket blob.BucketConfig // Endpoint "" for none
	Hosts  []string          // that may be asked by https
	Sleep  func(context.Context, time.Duration) error
}

// Fetch keeps the bytes of every document and invoice file in the folder beside
// the warehouse, as far as they can be had, and lists in document_blob what
// became of each. It comes after Run, outside its transaction, since it may wait
// for others for hours; every file is settled by itself, so that an interrupted
// fetch goes on where it was.
func Fetch(ctx context.Context, db *warehouse.DB, src nextcrm.Source, where Files, report func(done, of int64)) (stage.Result, error) {
	res, err := fetch(ctx, db, src, where, report)
	if err != nil {
		return res, fmt.Errorf("extract documents: %w", err)
	}
	return res, nil
}

func fetch(ctx context.Context, db *warehouse.DB, src nextcrm.Source, where Files, report func(done, of int64)) (res stage.Result, err error) {
	origins, folder, err := where.origins(src)
	if err != nil {
		return res, stage.Input(err)
	}
	if folder != nil {
		defer func() { err = errors.Join(err, folder.Close()) }()
	}
	wanted, err := wantedFiles(ctx, db)
	if err != nil || len(wanted) == 0 && folder == nil {
		return res, errors.Join(err, forget(ctx, db))
	}
	store, err := blob.OpenStore(blob.Folder(db.Path()))
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	f := &blob.Fetcher{Store: store, Origins: origins, Sleep: where.Sleep}
	if err := fetchAll(ctx, db, f, wanted, report, &res); err != nil {
		return res, err
	}
	if err := forget(ctx, db); err != nil || folder == nil {
		return res, err
	}
	return res, listUnused(ctx, db, folder)
}

// origins are asked in this order: what is at hand comes first. The folder, nil
// without one, is to be closed.
func (w Files) origins(src nextcrm.Source) (all []blob.Origin, folder *blob.Dir, err error) {
	remote, err := w.remote()
	if err != nil {
		return nil, nil, err
	}
	if s, ok := src.(nextcrm.Attached); ok {
		all = append(all, exported{s})
	}
	if w.Folder != "" {
		if folder, err = blob.OpenDir(w.Folder); err != nil {
			return nil, nil, err
		}
		all = append(all, folder)
	}
	return append(all, remote...), folder, nil
}

// remote are the bucket and the web, which refuses everybody but Hosts.
func (w Files) remote() ([]blob.Origin, error) {
	web, err := blob.NewWeb(w.Hosts, time.Minute)
	if err != nil || w.Bucket.Endpoint == "" {
		return []blob.Origin{web}, err
	}
	bucket, err := blob.NewBucket(w.Bucket)
	return []blob.Origin{bucket, web}, err
}

// exported is the export's own folder of documents.
type exported struct{ src nextcrm.Attached }

// Name returns "export".
func (exported) Name() string { return "export" }

// Open opens a file by the name that a list of documents gives it.
func (e exported) Open(_ context.Context, w blob.Want) (io.ReadCloser, error) {
	if w.Name == "" {
		return nil, blob.ErrElsewhere
	}
	f, state, err := e.src.OpenAttached(w.Name)
	switch state {
	case "":
		return f, err
	case "missing":
		return nil, fs.ErrNotExist
	case "link":
		return nil, &blob.Refusal{State: blob.Refused, Hint: "it is a link or a device; put the file itself there"}
	}
	return nil, &blob.Refusal{State: blob.Refused, Hint: "its place leads out of the export's folder; correct it in the list of documents"}
}

// wish is a file that is looked for, under the name by which others know it.
type wish struct {
	place string
	blob.Want
}

// wishes asks for files of records that are not deleted, unless those move, too.
// What a host or bucket has given is known by its hash: objects are never
// written twice. Files at hand are read again, for they may have changed.
const wishes = `
SELECT w.place, coalesce(max(w.name), ''), coalesce(max(w.object_key), ''), coalesce(max(w.url), ''), coalesce(max(w.mime_type), ''),
	coalesce(max(b.sha256), '')
FROM (
	SELECT coalesce(nullif(file, ''), nullif(object_key, ''), nullif(url, '')) AS place, row_id, iif(file LIKE '%://%', NULL, file) AS name,
		object_key, coalesce(iif(file LIKE '%://%', file, NULL), url) AS url, mime_type
	FROM stg_document
	WHERE coalesce(deleted_at, '') = '' OR (SELECT value FROM decide_map WHERE map_key = 'exclude_deleted' AND column_name = 'value') IN ('no', '0')
	UNION ALL SELECT nullif(object_key, ''), row_id, NULL, object_key, NULL, mime_type FROM stg_invoice_file
	UNION ALL SELECT coalesce(nullif(pdf_key, ''), nullif(file_url, '')), row_id, NULL, pdf_key, file_url, 'application/pdf' FROM stg_invoice
) AS w
LEFT JOIN document_blob AS b ON b.place = w.place AND b.state = 'present' AND b.origin IN ('bucket', 'web')
WHERE w.place IS NOT NULL
GROUP BY w.place
ORDER BY min(w.row_id), w.place`

func wantedFiles(ctx context.Context, db *warehouse.DB) (all []wish, err error) {
	rows, err := db.Read().QueryContext(ctx, wishes)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w wish
		if err := rows.Scan(&w.place, &w.Name, &w.Key, &w.URL, &w.MIME, &w.SHA256); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

func fetchAll(ctx context.Context, db *warehouse.DB, f *blob.Fetcher, wanted []wish, report func(done, of int64), res *stage.Result) error {
	var kept int64
	for i, w := range wanted {
		report(int64(i), int64(len(wanted)))
		found, err := f.Fetch(ctx, w.Want)
		var fatal *blob.Fatal
		if errors.As(err, &fatal) {
			return stage.Input(err) // wrong keys or bucket: somebody has to correct them
		}
		if err != nil {
			return err
		}
		if found.State == blob.Present {
			kept++
		}
		if err := remember(ctx, db, w.place, found); err != nil {
			return fmt.Errorf("list %s: %w", w.place, err)
		}
	}
	if len(wanted) > 0 {
		res.Add("files", kept)
		res.Add("files not at hand", int64(len(wanted))-kept)
	}
	return nil
}

// remember lists a finding. A file that was kept already keeps its origin.
func remember(ctx context.Context, db *warehouse.DB, place string, f blob.Finding) error {
	var size, sum, path any
	if f.State == blob.Present {
		size, sum, path = f.Size, f.SHA256, f.Path()
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO document_blob (place, state, origin, size, sha256, path, hint, looked_at)
			VALUES (?, ?, nullif(?, ''), ?, ?, ?, nullif(?, ''), ?)
			ON CONFLICT (place) DO UPDATE SET state = excluded.state, origin = iif(excluded.origin = 'kept', origin, excluded.origin),
				size = excluded.size, sha256 = excluded.sha256, path = excluded.path, hint = excluded.hint, looked_at = excluded.looked_at`,
			place, strings.ToValidUTF8(f.State, "?"), f.Origin, size, sum, path, f.Hint, db.Now())
		return err
	})
}

// forget drops what the source no longer names.
func forget(ctx context.Context, db *warehouse.DB) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("DELETE FROM document_blob WHERE place NOT IN (SELECT place FROM (" + wishes + "))")
		return err
	})
}

// listUnused lists the files of the folder to which no record belongs.
func listUnused(ctx context.Context, db *warehouse.DB, folder *blob.Dir) error {
	names, err := folder.Unused()
	if err != nil || len(names) == 0 {
		return err
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(`INSERT INTO document_blob (place, state, origin, hint, looked_at) VALUES (?, 'unlisted', 'folder', ?, ?)
				ON CONFLICT DO NOTHING`, name, "no document of the source names it", db.Now()); err != nil {
				return fmt.Errorf("list %s: %w", name, err)
			}
		}
		_, err := tx.Exec(`INSERT INTO source_note (severity, code, source_table, field, message, hint) VALUES ('warning', 'document_unlisted', ?, 'file', ?, ?)`,
			"documents/", fmt.Sprintf("%d files of the folder of documents belong to no record: %s", len(names), some(names)),
			"SELECT place FROM document_blob WHERE state = 'unlisted'")
		return err
	})
}

// some names the first few of many.
func some(names []string) string {
	const few = 5
	if len(names) > few {
		return strings.Join(names[:few], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
