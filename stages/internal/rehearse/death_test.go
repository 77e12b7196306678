package rehearse_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/warehouse"
)

// When a process dies, seen from one operation.
const (
	beforeIntent  = "before the intent of"
	afterIntent   = "after the intent of"
	beforeOutcome = "before the outcome of"
	beforeCommit  = "before commit" // whatever it holds
)

// moment is a point between two commits: the n-th time that a commit holds the
// intent or the outcome of an operation, such as "load create deal".
type moment struct {
	when, operation string
	nth             int
}

func (m moment) String() string { return fmt.Sprintf("%s %s %d", m.when, m.operation, m.nth) }

// death stands for the end of a process at one moment, without the cost of a
// process: from then on nothing is committed and no request arrives. What
// SQLite makes of a process that really dies is for the tests that kill one.
type death struct {
	at      moment
	stop    context.CancelFunc
	columns []string // of load_op
	account *sandbox.Account

	mu      sync.Mutex
	holds   []moment // what the transaction under way holds
	met     map[moment]int
	history []moment
	isDead  bool
}

// deaths are those under way, by the path of the warehouse.
var deaths sync.Map

// mortal lets a connection to a warehouse die with it. It is called for each that is opened.
func mortal(conn sqlite.ExecQuerierContext, dsn string) error {
	at, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	under := func() *death {
		d, _ := deaths.Load(at.Opaque + at.Path)
		found, _ := d.(*death)
		return found
	}
	hooks := conn.(sqlite.HookRegisterer)
	hooks.RegisterPreUpdateHook(func(change sqlite.SQLitePreUpdateData) {
		if d := under(); d != nil && change.TableName == "load_op" && change.Op != sqlite3.SQLITE_DELETE {
			d.changes(change)
		}
	})
	hooks.RegisterCommitHook(func() int32 {
		if d := under(); d != nil && d.refuses() {
			return 1
		}
		return 0
	})
	return nil
}

// dieAt arms a death; one at no moment only takes notes. The context ends with the process.
func dieAt(t *testing.T, db *warehouse.DB, a *sandbox.Account, at moment) (context.Context, *death) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	d := &death{at: at, stop: stop, account: a, met: map[moment]int{}, columns: columnsOf(t, db, "load_op")}
	deaths.Store(db.Path(), d)
	a.Script(sandbox.Fault{Hook: func(phase sandbox.Phase, _ *http.Request) {
		if phase == sandbox.Received && d.dead() {
			panic(http.ErrAbortHandler) // nobody has sent this
		}
	}})
	return ctx, d
}

func columnsOf(t *testing.T, db *warehouse.DB, table string) (names []string) {
	t.Helper()
	rows, err := db.Read().Query("SELECT name FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// over gives the warehouse and the account back to the living.
func (d *death) over(db *warehouse.DB) {
	d.stop()
	deaths.Delete(db.Path())
	d.account.Script()
}

func (d *death) dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isDead
}

// changes notes an operation whose intent or outcome is being written.
func (d *death) changes(change sqlite.SQLitePreUpdateData) {
	row := make([]any, len(d.columns))
	if err := change.New(row...); err != nil {
		panic(err) // the hook has no other way to say so
	}
	of := func(column string) any { return row[slices.Index(d.columns, column)] }
	m := moment{operation: fmt.Sprintf("%s %s %s", of("purpose"), of("verb"), of("entity"))}
	switch state := fmt.Sprintf("%s", of("state")); {
	case change.Op == sqlite3.SQLITE_INSERT && state == "intent":
		m.when = beforeIntent
	case state == "done":
		m.when = beforeOutcome
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.holds, m) {
		d.holds = append(d.holds, m)
	}
}

// refuses tells that a commit does not come through.
func (d *death) refuses() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isDead {
		return true
	}
	holds := append(d.holds, moment{when: beforeCommit})
	d.holds = nil
	for _, m := range holds {
		d.met[m]++
		m.nth = d.met[m]
		d.history = append(d.history, m)
		if d.comes(m) || m.when == beforeIntent && d.comes(moment{afterIntent, m.operation, m.nth}) {
			return d.at.when != afterIntent
		}
	}
	return false
}

// comes tells that the moment is now.
func (d *death) comes(m moment) bool {
	if m != d.at {
		return false
	}
	d.isDead = true
	d.stop()
	return true
}

// passedOver is how many commits are left out for one that is tried for its own sake.
const passedOver = 12

// moments are those at which this life could have ended otherwise: around the
// first and the last commit with each operation, and before one commit of some.
func (d *death) moments() []moment {
	var all []moment
	for _, m := range d.history {
		last := d.met[moment{when: m.when, operation: m.operation}]
		switch {
		case m.when == beforeCommit && m.nth%passedOver == 1:
			all = append(all, m)
		case m.when == beforeCommit || m.nth > 1 && m.nth < last:
		case m.when == beforeIntent:
			all = append(all, m, moment{afterIntent, m.operation, m.nth})
		default:
			all = append(all, m)
		}
	}
	return all
}
