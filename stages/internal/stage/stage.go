// Package stage holds what all stages have in common: the shape of their result.
package stage

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInput marks errors that a person has to correct: in the source, in a
// decision or on the command line. See Input.
var ErrInput = errors.New("input has to be corrected")

// Input marks err as ErrInput without changing its text.
func Input(err error) error {
	if err == nil {
		return nil
	}
	return input{err}
}

type input struct{ error }

func (i input) Unwrap() []error { return []error{i.error, ErrInput} }

// Result is what a stage did. It prints as
//
//	accounts 35 · contacts 191 · issues 118
type Result struct {
	// Rows is the number of rows written.
	Rows int64 `json:"rows"`
	// Counts are the numbers worth showing, in the order worth reading.
	Counts []Count `json:"counts"`
	// Left is the number of records that were rejected, refused, blocked or
	// quarantined: a run with any of them is never green.
	Left int64 `json:"left"`
}

// Count is one named number.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Add appends a count.
func (r *Result) Add(name string, n int64) { r.Counts = append(r.Counts, Count{name, n}) }

func (r Result) String() string {
	parts := make([]string, len(r.Counts))
	for i, c := range r.Counts {
		parts[i] = fmt.Sprintf("%s %d", c.Name, c.N)
	}
	return strings.Join(parts, " · ")
}
