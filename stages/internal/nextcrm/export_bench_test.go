package nextcrm

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// writeContacts writes n contacts of 9 columns, about 236 bytes each, as PHP
// writes them.
func writeContacts(tb testing.TB, n int) (dir string, size int64) {
	tb.Helper()
	dir = tb.TempDir()
	f, err := os.Create(filepath.Join(dir, "contacts.csv"))
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, `ID,"Email Address","First Name","Last Name",Phone,Company,Country,"Created At",Background`)
	for i := range n {
		fmt.Fprintf(w, "%08x-5b1d-4c2e-9f00-%012x,anna.adler%d@example.com,Anna,Müller,\"'+49 30 %07d\",\"Alpha GmbH %d\",DE,\"2024-01-02 03:04:05\","+
			"\"lorem ipsum dolor sit amet, consectetur \"\"adipisici\"\" elit sed eiusmod tempor incidunt ut labore et\"\n", i*7919, i, i, i, i%5000)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return dir, info.Size()
}

// BenchmarkRows measures cutting a file into rows, mapping included.
func BenchmarkRows(b *testing.B) {
	dir, size := writeContacts(b, 100_000)
	src, err := OpenExport(context.Background(), dir, ExportOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		n := 0
		err := src.Rows(context.Background(), "contact", func(*Row) error { n++; return nil })
		if err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkOpenExport measures the survey of all bytes and the detection.
func BenchmarkOpenExport(b *testing.B) {
	dir, size := writeContacts(b, 100_000)
	b.SetBytes(size)
	for b.Loop() {
		if _, err := OpenExport(context.Background(), dir, ExportOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
