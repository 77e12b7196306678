package nextcrm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestDatabase_WritersDuringTheReadChangeNothing(t *testing.T) {
	url := sampleDatabase(t, "latest")
	before := readObject(t, openSource(t, url), "contact")
	source := openSource(t, url)
	stop := writeAllTheTime(t, url)
	time.Sleep(50 * time.Millisecond) // let some writes in before the read as well
	contacts, links, deals := readObject(t, source, "contact"), readObject(t, source, "deal_contact"), readObject(t, source, "deal")
	if writes := stop(); writes == 0 {
		t.Fatal("nothing was written meanwhile")
	}
	if len(contacts) != 400 || len(links) != 47 || len(deals) != 150 {
		t.Errorf("read %d contacts, %d links, %d deals, want those of the snapshot: 400, 47, 150", len(contacts), len(links), len(deals))
	}
	for id, want := range before {
		if contacts[id]["last_name"] != want["last_name"] {
			t.Errorf("contact %s: read %q, the snapshot holds %q", id, contacts[id]["last_name"], want["last_name"])
		}
	}
}

// writeAllTheTime inserts, updates and deletes until it is stopped, and then
// tells how often.
func writeAllTheTime(t *testing.T, url string) (stop func() int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writes int
	var group sync.WaitGroup
	group.Go(func() {
		defer conn.Close(context.Background())
		for n := 1; ctx.Err() == nil; n++ {
			sql := fmt.Sprintf(`INSERT INTO "crm_Contacts" ("id", "last_name") VALUES (gen_random_uuid(), 'new');
				UPDATE "crm_Contacts" SET "last_name" = 'changed' WHERE "id" = '%s';
				DELETE FROM "ContactsToOpportunities" WHERE "opportunity_id" = '%s'`, sampleID("c", 41+n%300), sampleID("d", 21+n%100))
			if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err == nil {
				writes++
			}
		}
	})
	return func() int { cancel(); group.Wait(); return writes }
}

// cutter is a proxy in front of PostgreSQL that drops the connection after a
// number of bytes, counted from arm on.
type cutter struct {
	listener net.Listener
	mu       sync.Mutex
	left     int // -1: not armed
}

func (c *cutter) arm(bytes int) { c.mu.Lock(); c.left = bytes; c.mu.Unlock() }

// allow takes n bytes off what may still pass.
func (c *cutter) allow(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left < 0 {
		return n
	}
	n = min(n, c.left)
	c.left -= n
	return n
}

func (c *cutter) serve(server string) {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			client.Close()
			return
		}
		go func() { _, _ = io.Copy(upstream, client); upstream.Close() }()
		go c.forward(client, upstream)
	}
}

func (c *cutter) forward(client, upstream net.Conn) {
	defer client.Close()
	defer upstream.Close()
	buffer := make([]byte, 1024)
	for {
		n, err := upstream.Read(buffer)
		allowed := c.allow(n)
		if _, writeErr := client.Write(buffer[:allowed]); err != nil || writeErr != nil || allowed < n {
			return
		}
	}
}

func startCutter(t *testing.T, databaseURL string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := &cutter{listener: listener, left: -1}
	go c.serve(u.Host)
	u.Host = listener.Addr().String()
	return c, u.String()
}

// A cut at every point of the stream must be an error; only the whole stream is a success.
func TestDatabase_CutConnectionIsNeverASuccess(t *testing.T) {
	proxy, url := startCutter(t, unchangedDatabase(t, "latest"))
	for cut := 0; ; cut += 4001 {
		source := openSource(t, url)
		proxy.arm(cut)
		rows := 0
		err := source.Rows(t.Context(), "contact", func(*Row) error { rows++; return nil })
		proxy.arm(-1)
		if err == nil {
			if rows != 400 || cut < 100_000 {
				t.Errorf("cut after %d bytes: success with %d rows", cut, rows)
			}
			return
		}
		if err := source.Rows(t.Context(), "deal", func(*Row) error { return nil }); err == nil {
			t.Errorf("cut after %d bytes: the source goes on without its snapshot", cut)
		}
		if err := source.Close(); err != nil {
			t.Errorf("cut after %d bytes: close: %v", cut, err)
		}
	}
}

func TestDatabase_StopsAtTheReadersError(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "latest"))
	full := errors.New("disk full")
	rows := 0
	err := source.Rows(t.Context(), "contact", func(*Row) error {
		if rows++; rows == 10 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || rows != 10 {
		t.Errorf("got %v after %d rows, want the reader's error after 10", err, rows)
	}
}

func TestDatabase_StopsWhenCancelled(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "latest"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := source.Rows(ctx, "contact", func(*Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
}

func TestDatabase_ErrorsNeverShowThePassword(t *testing.T) {
	good, err := url.Parse(unchangedDatabase(t, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2/&?#é %41"
	wrongPassword, wrongPort := *good, *good
	wrongPassword.User, wrongPort.User = url.UserPassword("nextcrm", secret), url.UserPassword("nextcrm", secret)
	wrongPort.Host = "127.0.0.1:1"
	for name, text := range map[string]string{
		"refused":           wrongPassword.String(),
		"unreachable":       wrongPort.String(),
		"malformed port":    "postgres://nextcrm:hunter2@127.0.0.1:port/db",
		"unescaped":         "postgres://nextcrm:hunter2/%zz@127.0.0.1/db",
		"unknown sslmode":   "postgres://nextcrm:hunter2@127.0.0.1/db?sslmode=hunter2",
		"as a parameter":    "postgres://127.0.0.1:1/db?user=nextcrm&password=hunter2",
		"keywords":          "host=127.0.0.1 port=1 user=nextcrm password=hunter2",
		"malformed keyword": "host=127.0.0.1 port=x password = 'hunter2 and more'",
	} {
		source, err := OpenDatabase(t.Context(), text, DatabaseOptions{})
		if err == nil {
			source.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "hunter2") {
				t.Errorf("%s: the error shows the password: %v", name, e)
			}
		}
	}
}

func TestDatabase_TellsWhyTheServerRefused(t *testing.T) {
	u, err := url.Parse(unchangedDatabase(t, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nextcrm", "wrong")
	_, err = OpenDatabase(t.Context(), u.String(), DatabaseOptions{})
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "28P01" {
		t.Errorf("got %v, want PostgreSQL's own error 28P01 inside", err)
	}
}

// asUser makes a login that may do what grants say and returns its URL.
func asUser(t *testing.T, databaseURL, name, grants string) string {
	t.Helper()
	execSQL(t, databaseURL, fmt.Sprintf(`DROP ROLE IF EXISTS %[1]s; CREATE ROLE %[1]s LOGIN PASSWORD 'reader'; %[2]s`, name, grants))
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "reader")
	return u.String()
}

func TestDatabase_ReadsWithTheFewestRights(t *testing.T) {
	mapping, err := readMapping()
	if err != nil {
		t.Fatal(err)
	}
	url := sampleDatabase(t, "latest")
	var grants strings.Builder
	for name, table := range openSource(t, url).(*databaseSource).tables {
		for _, c := range table.columns {
			if lines := mapping.find(name, c.name); len(lines) > 0 && lines[0].column != mapOut {
				fmt.Fprintf(&grants, "GRANT SELECT (%s) ON %s TO few_rights;", quote(c.name), quote(name))
			}
		}
	}
	url = asUser(t, url, "few_rights", grants.String())
	source := openSource(t, url)
	if n := len(readObject(t, source, "user")); n != 12 {
		t.Errorf("read %d users, want 12", n)
	}
	if n := len(readObject(t, source, "invoice")); n != 10 {
		t.Errorf("read %d invoices, want 10", n)
	}
	checkItems(t, source, map[string]Item{"session": {Status: "skipped", Rows: -1}, "EmailAccount": {Status: "skipped", Rows: -1}})
}

func TestDatabase_RefusesToReadHalfOfIt(t *testing.T) {
	url := asUser(t, sampleDatabase(t, "latest"), "half_rights", `GRANT SELECT ON "Users", "crm_Accounts", "crm_Contacts" TO half_rights`)
	_, err := OpenDatabase(t.Context(), url, DatabaseOptions{})
	if err == nil || !strings.Contains(err.Error(), "crm_Opportunities") || !strings.Contains(err.Error(), "GRANT SELECT") {
		t.Errorf("got %v, want the table and the right that is missing", err)
	}
}
