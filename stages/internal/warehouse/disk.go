package warehouse

import (
	"errors"
	"fmt"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nextpipe/stages/internal/stage"
)

// ErrFull means that the disk has no room for what was to be written. What was
// committed before stands, and the same command goes on.
var ErrFull = errors.New("the disk is full")

// explain says what an error of SQLite means to whoever runs the program.
func explain(path string, err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) || errors.Is(err, ErrFull) || errors.Is(err, stage.ErrInput) {
		return damaged(err)
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: make room on the disk of %s, then run the same command again: %w", ErrFull, path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return stage.Input(fmt.Errorf("%s cannot be written: SQLite needs to write the file and others beside it in %s; give this user the right to, or name another file with --db: %w",
			path, filepath.Dir(path), err))
	}
	return damaged(err)
}

// shared are file systems that several machines see, by the number that statfs
// gives them (linux/magic.h). They keep neither SQLite's promises nor ours: the
// WAL needs memory that all its users share, and a lock from another machine
// cannot be judged.
var shared = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x5346414f: "AFS", 0x73757245: "Coda",
	0x00c36400: "Ceph", 0x0bd00bd0: "Lustre", 0x01021997: "9P", 0x47504653: "GPFS",
}

// refuseShared keeps the warehouse off file systems on which it would not be safe.
func refuseShared(path string) error {
	number, err := fileSystem(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("look at the disk of %s: %w", path, err)
	}
	if name, ok := shared[number&0xffffffff]; ok {
		return stage.Input(fmt.Errorf("%s is on a network file system (%s), where neither SQLite nor the lock is safe; name a file on a disk of this machine with --db", path, name))
	}
	return nil
}
