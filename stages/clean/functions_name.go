package clean

import (
	"database/sql/driver"

	"nextpipe/stages/internal/normal"
)

// nameFunctions read names of people and companies. Those of people take first
// name, last name, full name and prefix.
func nameFunctions() []function {
	return []function{
		{"np_first_name", 4, namePart(0, func(n normal.Name) string { return n.First })},
		{"np_last_name", 4, namePart(1, func(n normal.Name) string { return n.Last })},
		{"np_prefix", 4, namePart(3, func(n normal.Name) string { return n.Prefix })},
		{"np_name_key", 4, func(a arguments) driver.Value { return orNull(a.person().Key) }},
		ofText("np_company_loose", func(s string) string { return normal.CompanyName(s).Loose }),
		ofText("np_legal_form", func(s string) string { return normal.CompanyName(s).Form }),
	}
}

func (a arguments) person() normal.Name {
	return normal.PersonName(a.text(0), a.text(1), a.text(2), a.text(3))
}

// namePart gives one part of a person's name. Only a record with a full name
// needs the long way: without one every part is its own column.
func namePart(column int, part func(normal.Name) string) func(arguments) driver.Value {
	return func(a arguments) driver.Value {
		if a[2] != nil {
			return orNull(part(a.person()))
		}
		if a[column] == nil {
			return nil
		}
		return orNull(oneLine(a.text(column)))
	}
}
