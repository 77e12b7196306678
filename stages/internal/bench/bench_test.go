// Package bench measures the program as a whole process against the tools that
// set the mark: sqlite3 and psql. It asserts nothing; run it with `just bench`.
// NEXTPIPE_BENCH_ROWS sets the number of contacts (default 1,000,000).
package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/internal/warehouse"
)

// pairs is how often two commands are timed in turn: ratios within one pair
// hold even when the machine's speed drifts.
const pairs = 5

func rows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("NEXTPIPE_BENCH_ROWS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("NEXTPIPE_BENCH_ROWS=%s is no number", text)
	}
	return n
}

// program builds nextpipe and returns its path.
func program(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "nextpipe")
	if out, err := exec.Command("go", "build", "-o", path, "nextpipe/cmd/nextpipe").CombinedOutput(); err != nil {
		b.Fatalf("build nextpipe: %v\n%s", err, out)
	}
	return path
}

var columns = []string{"id", "email", "first_name", "last_name", "phone", "job_title", "description", "created_at", "updated_at"}

// contact is the i-th row: one in ten repeats an earlier address.
func contact(i int) []string {
	first := []string{"Anna", "Ben", "Clara", "David", "Eva", "Felix", "Greta", "Hugo"}[i%8]
	last := []string{"Adler", "Hansen", "Müller", "Vogel", "Jørgensen", "Smith", "Dubois"}[i%7] + strconv.Itoa(i%9973)
	who := i
	if i%10 == 9 {
		who = i - 9
		first, last = []string{"Anna", "Ben", "Clara", "David", "Eva", "Felix", "Greta", "Hugo"}[who%8], []string{"Adler", "Hansen", "Müller", "Vogel", "Jørgensen", "Smith", "Dubois"}[who%7]+strconv.Itoa(who%9973)
	}
	return []string{fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i), fmt.Sprintf("%s.%d@example%d.com", strings.ToLower(first), who, who%5000), first, last,
		fmt.Sprintf("+49 30 %07d", i), fmt.Sprintf("Manager of things %d", i%100),
		fmt.Sprintf("Some description text, with comma %d and more words to fill the width of the row a bit more", i),
		fmt.Sprintf("2024-01-%02d 09:00:00", 1+i%28), fmt.Sprintf("2024-06-%02d 10:00:00", 1+i%28)}
}

// export writes n contacts as an export folder.
func export(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	f, err := os.Create(filepath.Join(dir, "contacts.csv"))
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, strings.Join(columns, ","))
	for i := range n {
		c := contact(i)
		c[6] = `"` + c[6] + `"`
		fmt.Fprintln(w, strings.Join(c, ","))
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

// used is what one process took.
type used struct {
	wall time.Duration
	rss  int64 // peak resident memory, bytes
}

func run(b *testing.B, cmd *exec.Cmd) used {
	b.Helper()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != 3 {
		b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return used{time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10}
}

// nextpipe runs stages on a warehouse in dir.
func nextpipe(b *testing.B, bin, db string, args ...string) used {
	b.Helper()
	cmd := exec.Command(bin, append(args, "--db", db, "--quiet", "--source-timezone", "Europe/Berlin")...)
	cmd.Dir = filepath.Dir(db)
	return run(b, cmd)
}

func fresh(b *testing.B, dir, name string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		_ = os.Remove(f)
	}
	return path
}

// inTurn times ours and theirs in turn and reports the ratio of speeds: above
// 1 we are faster.
func inTurn(b *testing.B, n int, ours, theirs func() used) {
	b.Helper()
	var mine, other []time.Duration
	var ratio []float64
	var peak int64
	for range pairs {
		o, t := ours(), theirs()
		mine, other, ratio = append(mine, o.wall), append(other, t.wall), append(ratio, t.wall.Seconds()/o.wall.Seconds())
		peak = max(peak, o.rss)
	}
	slices.Sort(mine)
	slices.Sort(other)
	slices.Sort(ratio)
	b.Logf("%d rows; ours %v (%v…%v), theirs %v (%v…%v), ratio of speeds %.2f (%.2f…%.2f), our peak %d MB", n, mine[pairs/2].Round(time.Millisecond), mine[0].Round(time.Millisecond),
		mine[pairs-1].Round(time.Millisecond), other[pairs/2].Round(time.Millisecond), other[0].Round(time.Millisecond), other[pairs-1].Round(time.Millisecond),
		ratio[pairs/2], ratio[0], ratio[pairs-1], peak>>20)
	b.ReportMetric(ratio[pairs/2], "speed-ratio")
}

func BenchmarkExportToStaging(b *testing.B) {
	n, bin, dir := rows(b), program(b), b.TempDir()
	source := export(b, n)
	script := "CREATE TABLE t (" + strings.Join(columns, " TEXT, ") + " TEXT);\n.mode csv\n.import --skip 1 " + filepath.Join(source, "contacts.csv") + " t\n"
	inTurn(b, n, func() used { return nextpipe(b, bin, fresh(b, dir, "np.db"), "extract", "--source", source) }, func() used {
		cmd := exec.Command("sqlite3", fresh(b, dir, "import.db"))
		cmd.Stdin = strings.NewReader(script)
		return run(b, cmd)
	})
}

// database fills crm_Contacts of a throw-away PostgreSQL with the same rows.
func database(b *testing.B, n int) (url string) {
	b.Helper()
	ctx := context.Background()
	schema, err := nextcrmsample.DatabaseSQL("latest")
	if err != nil {
		b.Fatal(err)
	}
	server, err := pgtest.Start(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Stop() })
	if url, err = server.CreateDatabase(ctx, schema); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("psql", url, "-q", "-c", `COPY "crm_Contacts" ("id", "__v", "email", "first_name", "last_name", "office_phone", "position", "description", "created_on", "updatedAt") FROM STDIN (FORMAT csv)`)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		w := bufio.NewWriterSize(in, 1<<20)
		for i := range n {
			c := contact(i)
			fmt.Fprintf(w, "%s,0,%s,%s,%s,%s,%s,\"%s\",%s,%s\n", c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8])
		}
		_ = w.Flush()
		_ = in.Close()
	}()
	run(b, cmd)
	return url
}

func BenchmarkDatabaseToStaging(b *testing.B) {
	n, bin, dir := rows(b), program(b), b.TempDir()
	url := database(b, n)
	// Theirs copies the whole table, as ours does.
	script := `set -o pipefail
		cols=$(psql "$1" -qAt -c "SELECT string_agg(format('%I TEXT', column_name), ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'crm_Contacts'")
		psql "$1" -qAt -c 'COPY "crm_Contacts" TO STDOUT (FORMAT csv)' | sqlite3 "$2" -cmd "CREATE TABLE t ($cols)" -cmd ".mode csv" ".import /dev/stdin t"`
	inTurn(b, n, func() used { return nextpipe(b, bin, fresh(b, dir, "np.db"), "extract", "--source", url) }, func() used {
		db := fresh(b, dir, "import.db")
		return run(b, exec.Command("bash", "-c", script, "bash", url, db))
	})
}

// BenchmarkTransforms compares what follows the extraction with it, and shows
// the peak memory of each stage for a tenth of the rows and for all.
func BenchmarkTransforms(b *testing.B) {
	bin := program(b)
	for _, n := range []int{rows(b) / 10, rows(b)} {
		source, db := export(b, n), fresh(b, b.TempDir(), "np.db")
		var after time.Duration
		var extraction time.Duration
		for _, stage := range []string{"extract", "clean", "dedupe", "map", "build"} {
			u := nextpipe(b, bin, db, stage, "--source", source)
			b.Logf("%9d contacts  %-8s %8v  peak %4d MB", n, stage, u.wall.Round(time.Millisecond), u.rss>>20)
			switch stage {
			case "extract":
				extraction = u.wall
			case "map":
			default:
				after += u.wall
			}
		}
		b.Logf("%9d contacts  clean + dedupe + build take %.1f times the extraction", n, after.Seconds()/extraction.Seconds())
		b.ReportMetric(after.Seconds()/extraction.Seconds(), "times-extraction")
	}
}

// BenchmarkOpen opens a warehouse that exists: what every command pays.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "np.db")
	for b.Loop() {
		db, err := warehouse.Open(context.Background(), path)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
