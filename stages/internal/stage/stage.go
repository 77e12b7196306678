// Package stage holds what all stages have in common: the shape of their result.
package stage

import (
	"fmt"
	"strings"
)

// Result is what a stage did. It prints as
//
//	accounts 35 · contacts 191 · issues 118
type Result struct {
	// Rows is the number of rows written.
	Rows int64
	// Counts are the numbers worth showing, in the order worth reading.
	Counts []Count
	// Left is the number of records that were rejected, refused, blocked or
	// quarantined: a run with any of them is never green.
	Left int64
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
