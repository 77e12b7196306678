package clean

import (
	"database/sql/driver"
	"fmt"
	"sync"

	"modernc.org/sqlite"
)

// arguments are the values SQLite hands to a function. Text is a view into
// SQLite's memory, valid only until the function returns.
type arguments []driver.Value

// text is the i-th argument as text, "" for NULL.
func (a arguments) text(i int) string {
	if s, ok := a[i].(string); ok {
		return s
	}
	if a[i] == nil {
		return ""
	}
	return fmt.Sprint(a[i])
}

// mark is the i-th argument as a decimal mark, 0 for NULL.
func (a arguments) mark(i int) byte {
	if s := a.text(i); s != "" {
		return s[0]
	}
	return 0
}

// function is one SQL scalar function: a thin wrapper over package normal.
type function struct {
	name string
	args int32                        // -1: any number
	call func(arguments) driver.Value // an error as value fails the query
}

// RegisterFunctions makes the np_… functions of sql/clean known to SQLite. They
// reach connections that are opened afterwards, so call it before
// warehouse.Open; a second call does nothing.
func RegisterFunctions() error { return registerOnce() }

var registerOnce = sync.OnceValue(func() error {
	for _, f := range functions() {
		if err := register(f); err != nil {
			return fmt.Errorf("register SQL function %s: %w", f.name, err)
		}
	}
	return nil
})

// register hands f to SQLite as a function that depends on nothing but its
// arguments. VolatileArgs spares a copy of every text: nothing here may keep
// an argument beyond the call.
func register(f function) error {
	return sqlite.RegisterFunction(f.name, &sqlite.FunctionImpl{
		NArgs: f.args, Deterministic: true, VolatileArgs: true,
		Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			value := f.call(args)
			if err, failed := value.(error); failed {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			return value, nil
		},
	})
}

func functions() []function {
	all := textFunctions()
	all = append(all, addressFunctions()...)
	all = append(all, numberFunctions()...)
	all = append(all, amountFunctions()...)
	all = append(all, nameFunctions()...)
	all = append(all, campaignFunctions()...)
	all = append(all, leadFunctions()...)
	all = append(all, segmentFunctions()...)
	all = append(all, recordFunctions()...)
	all = append(all, documentFunctions()...)
	all = append(all, activityFunctions()...)
	return append(all, listFunctions()...)
}

// orNull is SQL's way to say "no value".
func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// ofText lifts a function from text to text; NULL gives NULL.
func ofText(name string, fn func(string) string) function {
	return function{name, 1, func(a arguments) driver.Value {
		if a[0] == nil {
			return nil
		}
		return orNull(fn(a.text(0)))
	}}
}
