package mapping

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ActivityType is one row of map_activity_type: what becomes of one type of
// activity or note of one object.
type ActivityType struct {
	MapKey     string  `csv:"map_key"`
	Object     string  `csv:"object"`
	Kind       string  `csv:"kind"`
	Action     string  `csv:"action"`
	TypeName   *string `csv:"type_name"`
	Icon       *string `csv:"icon"`
	Uses       int64   `csv:"uses"`
	Evidence   string  `csv:"evidence"`
	Confidence float64 `csv:"confidence"`
	DecidedBy  *string `csv:"decided_by"`
}

// activityIcons are all that Pipedrive has (pipedrive-api.md, 4.8).
var activityIcons = strings.Fields(`task email meeting deadline call lunch calendar downarrow document smartphone camera scissors
	cogs bubble uparrow checkbox signpost shuffle addressbook linegraph picture car world search clip sound brush key padlock
	pricetag suitcase finish plane loop wifi truck cart bulb bell presentation`)

// ownTypes are the types that every account starts with, by the words that
// sources have for them.
var ownTypes = []struct{ name, icon, words string }{
	{"Call", "call", "|call|phone call|telephone|anruf|telefonat|llamada|appel|"},
	{"Meeting", "meeting", "|meeting|appointment|termin|besprechung|reunión|réunion|riunione|"},
	{"Task", "task", "||task|todo|to do|aufgabe|tarea|tâche|"},
	{"Deadline", "deadline", "|deadline|frist|"},
	{"Email", "email", "|email|e mail|mail|"},
	{"Lunch", "lunch", "|lunch|"},
}

// iconWords give a type of another name an icon that fits; the last always does.
var iconWords = []struct {
	pattern *regexp.Regexp
	icon    string
}{
	{regexp.MustCompile(`invoice|paid|payment|refund|transaction|order`), "pricetag"},
	{regexp.MustCompile(`quote|offer|proposal|contract|document`), "document"},
	{regexp.MustCompile(`sms|text message|whatsapp|voicemail`), "smartphone"},
	{regexp.MustCompile(`tweet|facebook|post|feedback|comment|chat`), "bubble"},
	{regexp.MustCompile(`visit|drive|trip`), "car"},
	{regexp.MustCompile(`demo|presentation|webinar|training`), "presentation"},
	{regexp.MustCompile(``), "checkbox"},
}

// activityTypes proposes what becomes of every type of activity and note.
func (m *builder) activityTypes() error {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT object, kind, count(*) FROM clean_activity
		WHERE set_aside IS NULL GROUP BY object, kind ORDER BY object, kind`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []ActivityType
	for rows.Next() {
		var a ActivityType
		if err := rows.Scan(&a.Object, &a.Kind, &a.Uses); err != nil {
			return err
		}
		a.propose()
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	shareTask(all)
	_, err = finish(m, "map_activity_type", all, (*ActivityType).complete)
	return err
}

// ownTypeLimit is how many new types are proposed: an account has a limit whose
// number Pipedrive does not tell, and nobody picks from a hundred.
const ownTypeLimit = 20

// shareTask makes the least used of many new types tasks; their texts tell which.
func shareTask(all []ActivityType) {
	var own []*ActivityType
	for i := range all {
		if all[i].Evidence == ownType {
			own = append(own, &all[i])
		}
	}
	slices.SortStableFunc(own, func(a, b *ActivityType) int { return cmp.Compare(b.Uses, a.Uses) })
	for _, a := range own[min(len(own), ownTypeLimit):] {
		a.TypeName, a.Icon, a.Confidence = text("Task"), text("task"), 0.4
		a.Evidence = fmt.Sprintf("the source has %d types of its own, the account would get %d; the text tells the type", len(own), ownTypeLimit)
	}
}

// propose fills in what the type's name tells.
func (a *ActivityType) propose() {
	a.MapKey, a.Action = a.Object+"/"+a.Kind, "activity"
	switch {
	case a.Object == "note":
		a.Action, a.Evidence, a.Confidence = "note", "a note, whatever its type; the type is told in its text", 0.9
		return
	case a.Kind == "note":
		a.Action, a.Evidence, a.Confidence = "note", "written, not done", 1
		return
	}
	for _, own := range ownTypes {
		if strings.Contains(own.words, "|"+a.Kind+"|") {
			a.TypeName, a.Icon = text(own.name), text(own.icon)
			a.Evidence, a.Confidence = "a type that every account has", 1
			if a.Kind == "" {
				a.Evidence, a.Confidence = "has no type: something to do", 0.6
			}
			return
		}
	}
	a.complete()
	a.Evidence, a.Confidence = ownType, 0.6
}

// ownType is why a type that has to be made is proposed.
const ownType = "a type of its own, since the account has none like it"

// typeNameLength is enough for any name that people would pick from a list.
const typeNameLength = 60

// complete gives an activity its type when a person only decided that it is one.
func (a *ActivityType) complete() {
	if a.Action != "activity" {
		return
	}
	if a.TypeName == nil && a.Kind != "" {
		name := []rune(strings.Replace(a.Kind, "sms", "SMS", 1))
		a.TypeName = text(strings.ToUpper(string(name[0])) + string(name[1:min(len(name), typeNameLength)]))
	}
	if a.TypeName == nil {
		a.TypeName = text("Task")
	}
	for _, w := range iconWords {
		if a.Icon == nil && w.pattern.MatchString(strings.ToLower(*a.TypeName)) {
			a.Icon = text(w.icon)
		}
	}
}
