package mapping

import (
	"fmt"
	"strings"
)

// profile is what the data says about one source field.
type profile struct {
	valueType string // as in clean_custom_field; "text" for a column
	isFree    bool   // declared as free text by the source
	count     int64
	distinct  int64 // counted up to distinctCap
	longest   int64 // characters
	misfits   int64 // values that the wanted type cannot hold
	withTime  int64 // stamps whose time of day is not midnight
	currency  string
}

// Limits of Pipedrive's custom fields (pipedrive-api.md, section 6).
const (
	maxVarchar = 255
	// A number of 15 characters has at most 14 digits with its sign or mark;
	// longer ones lose digits in Pipedrive.
	maxNumber   = 15
	maxOptions  = 10000
	distinctCap = 201
)

// plainTypes is the Pipedrive type for each type of value, before the values are seen.
var plainTypes = map[string]string{
	"number": "double", "money": "monetary", "date": "date", "stamp": "date", "time": "time", "boolean": "enum",
	"option": "enum", "options": "set", "phone": "phone", "long_text": "text", "json": "text",
	// A user of the source need not exist in Pipedrive: the name as a text loses nothing.
	"user": "varchar",
}

// inferType chooses the narrowest Pipedrive type that holds every value, and says why.
func inferType(p profile) (kind, evidence string, confidence float64) {
	if kind, ok := plainTypes[p.valueType]; ok {
		why := "values are " + p.valueType
		if p.valueType == "user" {
			why = "users of the source; type user links them, once each has a user of Pipedrive in map_user"
		}
		return fit(kind, p, why)
	}
	if !p.isFree && isChoice(p) {
		return "enum", fmt.Sprintf("%d different texts in %d records", p.distinct, p.count), 0.8
	}
	return fit("varchar", p, "free text")
}

// isChoice says that texts repeat as those of a list of choices do.
func isChoice(p profile) bool {
	return p.valueType == "text" && p.distinct <= 20 && p.longest <= 60 && p.count >= 3*p.distinct && p.count >= 10
}

// fit widens a type until every value fits it.
func fit(kind string, p profile, why string) (string, string, float64) {
	wider := func(reason string) (string, string, float64) {
		to := "varchar"
		if p.longest > maxVarchar {
			to = "text"
		}
		return to, why + ", but " + reason, 0.7
	}
	switch {
	case (kind == "double" || kind == "monetary") && p.longest > maxNumber:
		return wider("some have more digits than Pipedrive keeps")
	case kind == "monetary" && p.currency == "":
		return wider("no currency is known")
	case p.misfits > 0:
		return wider(fmt.Sprintf("%d of %d do not read as %s", p.misfits, p.count, kind))
	case (kind == "enum" || kind == "set") && p.distinct > maxOptions:
		return wider("they are more than a field has options")
	// A set's options are short however long they are together.
	case (kind == "varchar" || kind == "phone" || kind == "enum" || kind == "address") && p.longest > maxVarchar:
		return "text", fmt.Sprintf("%s, up to %d characters", why, p.longest), 0.9
	}
	return kind, why, 0.9
}

// misfit is an SQL condition that is true for a text that the type cannot hold;
// "" for types that hold any text.
func misfit(kind, text string) string {
	condition := ""
	switch kind {
	case "double", "monetary":
		condition = "NOT CASE WHEN json_valid(" + text + ") THEN json_type(" + text + ") IN ('integer', 'real') ELSE 0 END"
	case "integer":
		condition = text + " GLOB '*[^0-9]*' OR length(" + text + ") > 15 OR (" + text + " GLOB '0*' AND " + text + " <> '0')"
	case "date":
		condition = text + " NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]' AND " + text +
			" NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T*Z'"
	case "time":
		condition = text + " NOT GLOB '[0-2][0-9]:[0-5][0-9]' AND " + text + " NOT GLOB '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'"
	case "daterange":
		condition = text + " NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]/[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'"
	case "timerange":
		condition = text + " NOT GLOB '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]/[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'"
	case "varchar", "varchar_auto", "phone":
		condition = fmt.Sprintf("length(%s) > %d", text, maxVarchar)
	default:
		return ""
	}
	return text + " IS NOT NULL AND (" + condition + ")"
}

// fieldKey makes a field key of any label: letters, digits and underscores.
func fieldKey(label string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(label) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	key := strings.Trim(b.String(), "_")
	if key == "" {
		return "field"
	}
	return key[:min(len(key), 60)]
}
