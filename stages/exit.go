package stages

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/cutover"
	"nextpipe/stages/doctor"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/mapping"
	"nextpipe/stages/verify"
)

// ErrRejects means that everything was done but some records were left out:
// rejected, refused or blocked. They are in clean_drop and v_rejects.
var ErrRejects = errors.New("finished, with records that were left out")

// ErrQuarantined means that a person must look at records of unknown outcome.
var ErrQuarantined = errors.New("records are quarantined")

// Exit is one exit code and what it means.
type Exit struct {
	Code    int
	Meaning string
	Do      string // what to do next; "" when the error says it
	matches func(error) bool
}

// Exits are the exit codes, gravest first: the first that fits an error wins.
var Exits = []Exit{
	{0, "ok", "nextpipe status says what comes next", func(err error) bool { return err == nil }},
	{12, "warehouse damaged", "restore a copy that was made by .backup, then nextpipe relink", is(warehouse.ErrDamaged)},
	{11, "locked by another run", "wait for the other run", is(warehouse.ErrLocked)},
	{8, "drift: wrong source, wrong account, or changed under us", "", is(warehouse.ErrDrift)},
	{7, "blocked or unauthorised", "look at the token, its rights and the account; after a block wait until the time it names; the same command goes on", kind(pipedrive.Blocked, pipedrive.Unauthorized, pipedrive.AccountClosed, pipedrive.Forbidden)},
	{4, "gate closed or checks failed", "", anyOf(is(load.ErrGate), is(verify.ErrLedger), is(build.ErrChecks), is(doctor.ErrNotReady), is(cutover.ErrClosed), is(cutover.ErrNotStill))},
	{10, "verify found differences", "SELECT * FROM difference; correct, then run again", is(verify.ErrDifferences)},
	{9, "quarantined records need a person", "SELECT * FROM v_rejects; look for these records in Pipedrive", is(ErrQuarantined)},
	{6, "token budget spent; says when to resume", "run the same command again at the time it names; it goes on where it stopped", is(pipedrive.ErrBudgetSpent)},
	{5, "temporary: run the same command again", "run the same command again", anyOf(kind(pipedrive.Temporary, pipedrive.Capped), is(pipedrive.ErrUnknownOutcome), is(load.ErrUnfinished), is(warehouse.ErrFull), isUnreachable)},
	{3, "finished, with rejects", "nextpipe report; SELECT * FROM v_rejects; correct and run again", is(ErrRejects)},
	{130, "interrupted; the same command goes on", "run the same command again", is(context.Canceled)},
	{2, "usage, configuration or source", "", anyOf(is(ErrUsage), is(stage.ErrInput), isTimezone, is(nextcrm.ErrNotNextCRM), is(mapping.ErrDecision))},
	{1, "unexpected", "read the message; running again is safe", func(err error) bool { return err != nil }},
}

// Hint is what to do after an error; "" when its text says it.
func Hint(err error) string {
	code := ExitCode(err)
	for _, e := range Exits {
		if e.Code == code {
			return e.Do
		}
	}
	return ""
}

// ExitCode is the exit code of an error: 0 for nil, 1 for the unexpected.
func ExitCode(err error) int {
	for _, e := range Exits {
		if e.matches(err) {
			return e.Code
		}
	}
	return 1
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func kind(kinds ...pipedrive.Kind) func(error) bool {
	return func(err error) bool {
		var e *pipedrive.Error
		if !errors.As(err, &e) {
			return false
		}
		for _, k := range kinds {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

// isUnreachable tells a database that does not answer from one that refuses.
func isUnreachable(err error) bool {
	var connect *pgconn.ConnectError
	var refused *pgconn.PgError
	return errors.As(err, &connect) && !errors.As(err, &refused)
}

func isTimezone(err error) bool {
	var e *clean.TimezoneError
	return errors.As(err, &e)
}

func anyOf(tests ...func(error) bool) func(error) bool {
	return func(err error) bool {
		for _, t := range tests {
			if t(err) {
				return true
			}
		}
		return false
	}
}
