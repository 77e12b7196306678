package stages

import (
	"path/filepath"
	"testing"
	"time"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/sandbox"
)

// envOn is a new warehouse before a local account, whose clock is that of the run.
func envOn(t *testing.T, a *sandbox.Account, url string, o Options) *Env {
	t.Helper()
	o.DB, o.Target, o.Token, o.By, o.Yes = filepath.Join(t.TempDir(), "np.db"), url, a.Token(), "test", true
	o.Now, o.Wait, o.Timeout = a.Clock().Now, a.Clock().Sleep, 5*time.Second
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// sampleExport is a folder with the sample export.
func sampleExport(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
