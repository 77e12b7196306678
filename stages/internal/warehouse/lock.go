package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Lock takes the warehouse for one run and returns how to give it back. The
// holder is known by host, process id and that process's start time, so that a
// lock left by a killed run is taken over at once, and a reused process id is
// not mistaken for its holder. A holder on another host cannot be judged from
// here: it is never taken over.
func (db *DB) Lock(ctx context.Context, command string) (unlock func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("take lock: %w", err)
	}
	pid := os.Getpid()
	err = db.Write(ctx, func(tx *sql.Tx) error {
		if err := db.refuseLiveHolder(tx, host); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT OR REPLACE INTO lock (only_row, pid, pid_started, host, command, taken_at)
			VALUES (1, ?, ?, ?, ?, ?)`, pid, processStart(pid), host, command, db.Now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take lock: %w", err)
	}
	return func() error {
		return db.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
			_, err := tx.Exec("DELETE FROM lock WHERE pid = ? AND host = ?", pid, host)
			return err
		})
	}, nil
}

func (db *DB) refuseLiveHolder(tx *sql.Tx, host string) error {
	var pid int
	var started, holder, command, at string
	err := tx.QueryRow("SELECT pid, pid_started, host, command, taken_at FROM lock").
		Scan(&pid, &started, &holder, &command, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if holder == host && processStart(pid) != started {
		return nil
	}
	return fmt.Errorf("%w: %s, process %d on %s, since %s; wait for it, or if that machine is gone for good: "+
		"sqlite3 %s \"DELETE FROM lock\"", ErrLocked, command, pid, holder, at, db.path)
}

// processStart is the start time of a live process in clock ticks since boot,
// with the boot id: two processes never share it. "" when there is no such
// process. Source: proc(5), field 22 of /proc/<pid>/stat.
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return liveWithoutProc(pid)
	}
	// The command name may hold blanks and brackets; fields count from the last bracket.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return "unknown"
	}
	// A zombie is dead: it only waits for a parent that may never ask.
	if fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(boot)) + ":" + fields[19]
}

// liveWithoutProc serves systems without /proc, where only liveness is known.
func liveWithoutProc(pid int) string {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return ""
	}
	p, err := os.FindProcess(pid)
	if err != nil || p.Signal(syscall.Signal(0)) != nil {
		return ""
	}
	return "alive"
}
