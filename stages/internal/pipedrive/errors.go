package pipedrive

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrUnknownOutcome marks a write that may have been carried out: it was sent,
// and then came a timeout, a cut connection, 408, 5xx or an answer that cannot
// be read. The error is an *UnknownError.
var ErrUnknownOutcome = errors.New("outcome unknown")

// ErrBudgetSpent marks a daily token budget with nothing left for the request.
// Waiting a little does not help. Config.Before may return it too.
var ErrBudgetSpent = errors.New("daily token budget spent")

// Kind says who has to act on an *Error.
type Kind int

// The kinds. In every one of them the request was not carried out.
const (
	// Refused: this request is wrong and stays wrong (JSON 400 404 405 409 410 413 415 422).
	Refused Kind = iota + 1
	// Unauthorized: the token is missing, wrong or revoked (401).
	Unauthorized
	// AccountClosed: the company's account is unpaid or suspended (402).
	AccountClosed
	// Forbidden: the token's user lacks a permission (403).
	Forbidden
	// Capped: the plan holds no more records of Failure.Entity (403 with a
	// feature_capping code or a "reached the … limit" text).
	Capped
	// Blocked: the answer is not Pipedrive's: a Cloudflare page, a redirect, an
	// untrusted certificate. Stop everything for minutes.
	Blocked
	// BudgetSpent: no tokens left today; errors.Is(err, ErrBudgetSpent) holds.
	BudgetSpent
	// Temporary: repeated in vain, or not worth repeating now; try a later run.
	Temporary
)

var kindNames = [...]string{"", "refused", "unauthorized", "account closed", "forbidden",
	"capped", "blocked", "budget spent", "temporary"}

// String returns the kind in lower case, "account closed".
func (k Kind) String() string { return kindNames[k] }

// Failure is what is known about a request that brought no usable answer. Its
// texts are free of the token and of control characters.
type Failure struct {
	Entity        string
	Method        string
	Path          string
	Status        int    // 0 when no answer came
	Code          string // Pipedrive's code, ERR_SCHEMA_VALIDATION_FAILED; often empty
	Message       string
	CorrelationID string
	// cause is a context error or nothing: other causes are kept as text only,
	// since foreign error values may hold what a server echoed.
	cause error
}

// text returns "POST /api/v2/deals: 400 ERR_BAD_REQUEST: message".
func (f Failure) text() string {
	parts := make([]string, 0, 3)
	if f.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", f.Status, f.Code)))
	}
	if f.Message != "" {
		parts = append(parts, f.Message)
	}
	if len(parts) == 0 {
		parts = append(parts, "no answer")
	}
	return fmt.Sprintf("%s %s: %s", f.Method, f.Path, strings.Join(parts, ": "))
}

// Unwrap returns the context's error when it ended the request.
func (f Failure) Unwrap() error { return f.cause }

// Error says that a request was not carried out, and why.
type Error struct {
	Failure
	Kind Kind
	// Until is when asking again makes sense, for BudgetSpent, Temporary and
	// what a web page has blocked; zero when the answer did not say.
	Until time.Time
}

// Error returns "blocked: GET /api/v2/deals: 403: message".
func (e *Error) Error() string { return e.Kind.String() + ": " + e.Failure.text() }

// Is makes errors.Is(err, ErrBudgetSpent) true for kind BudgetSpent.
func (e *Error) Is(target error) bool { return target == ErrBudgetSpent && e.Kind == BudgetSpent }

// NotFound tells that the record does not exist, or not for this user (404, 410).
func (e *Error) NotFound() bool {
	return e.Kind == Refused && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// UnknownError is a write that may have been carried out. Status is 0 when no
// answer came, else that of the answer that could not be trusted.
type UnknownError struct{ Failure }

// Error returns "outcome unknown: POST /api/v2/deals: 502: message".
func (e *UnknownError) Error() string { return ErrUnknownOutcome.Error() + ": " + e.Failure.text() }

// Is makes errors.Is(err, ErrUnknownOutcome) true.
func (e *UnknownError) Is(target error) bool { return target == ErrUnknownOutcome }
