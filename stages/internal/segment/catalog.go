package segment

import (
	"cmp"
	"maps"
	"strings"

	"nextpipe/stages/internal/normal"
)

// Catalog says where the map sends what a rule speaks of. The zero Catalog
// knows the map's defaults for a contact's own fields, and no ids.
type Catalog struct {
	// Fields are the map's decisions by source field: "city", "custom:plan_tier".
	// Whatever is not in it has the default of this package, if there is one.
	Fields map[string]Field
	// FieldIDs give the key of a custom field by its source id.
	FieldIDs map[string]string
	// Tags and Lists are known by their source id.
	Tags, Lists map[string]Choice
	// Owners are the users by the id that the source has for them, and by their
	// e-mail address. Titles are the addresses of the source.
	Owners map[string]Choice
	// Options are the choices of a field, by source field and folded value. A
	// field that is not in it takes values as they are written.
	Options map[string]map[string]Choice
}

// Field is a Pipedrive field in symbols.
type Field struct {
	// Label is what people call it.
	Label string
	// Entity is "person" or "organization".
	Entity string
	// Key is the field's key, "plan_tier"; for a field of Pipedrive's own it is
	// its API code behind an at sign, "@add_time". It is "" for a value that the
	// map leaves out or puts into a text where no filter finds it.
	Key string
	// Type is Pipedrive's field type; "stamp" is a point in time that is
	// filtered by day, such as add_time.
	Type string
	// Part is the part of an address: "locality".
	Part string
}

// Choice is a tag, a list, an option or a user.
type Choice struct {
	// Title is the value as records of the source have it.
	Title string
	// Home is where the map sends a tag: "label", which "" means too, "field"
	// or "skip"; "skip" of others is one that Pipedrive does not get.
	Home string
	// Label is what it is called in Pipedrive, if not like its title.
	Label string
	// Field is the key of the field in which a tag is an option; "" means
	// nextcrm_tags.
	Field string
	// IsUnused says of a tag that nobody has it.
	IsUnused bool
}

// name is what the choice is called in Pipedrive.
func (c Choice) name() string { return cmp.Or(c.Label, c.Title) }

// Where the map sends tags and lists by default (see the mapping stage).
const (
	tagField  = "nextcrm_tags"
	listField = "nextcrm_lists"
)

var defaults = map[string]Field{
	"name":             {"Name", "person", "@name", "title", ""},
	"first_name":       {"First name", "person", "@first_name", "varchar", ""},
	"last_name":        {"Last name", "person", "@last_name", "varchar", ""},
	"email":            {"E-mail", "person", "@email", "varchar", ""},
	"phones":           {"Phone", "person", "@phone", "varchar", ""},
	"street":           {"Street", "person", "address", "address", "route"},
	"city":             {"City", "person", "address", "address", "locality"},
	"state":            {"State", "person", "address", "address", "admin_area_level_1"},
	"postal_code":      {"Postal code", "person", "address", "address", "postal_code"},
	"country":          {"Country", "person", "address", "address", "country"},
	"birthday":         {"Birthday", "person", "birthday", "date", ""},
	"prefix":           {"Name prefix", "person", "prefix", "varchar", ""},
	"gender":           {"Gender", "person", "gender", "varchar", ""},
	"rating":           {"Rating", "person", "rating", "double", ""},
	"job_title":        {"Job title", "person", "job_title", "varchar", ""},
	"source":           {"Contact source", "person", "source", "varchar", ""},
	"contact_type":     {"Contact type", "person", "contact_type", "enum", ""},
	"consent":          {"Marketing consent", "person", "consent", "enum", ""},
	"created_at":       {"Person created", "person", "@add_time", "stamp", ""},
	"last_activity_at": {"Last activity in NextCRM", "person", "last_activity", "date", ""},
	"tags":             {"Tags", "person", "@label_ids", "set", ""},
	"lists":            {"Lists", "person", listField, "set", ""},
	"owner_email":      {"Owner", "person", "@owner_id", "user", ""},
	"account.name":     {"Organization", "organization", "@name", "title", ""},
	"account.industry": {"Industry", "organization", "industry", "enum", ""},
	"account.type":     {"Account type", "organization", "type", "enum", ""},
	// No filter finds these: they go into the text with details.
	"timezone":          {"Time zone", "person", "", "", ""},
	"ip_address":        {"IP address", "person", "", "", ""},
	"wordpress_user_id": {"WordPress user", "person", "", "", ""},
}

// Resolve gives the source field of a rule: a custom field that is written by
// number gets its key.
func (c Catalog) Resolve(source string) string {
	if id, ok := strings.CutPrefix(source, "custom:#"); ok && c.FieldIDs[id] != "" {
		return "custom:" + c.FieldIDs[id]
	}
	return source
}

// field finds the home of a source field; ok is false when nobody knows it.
func (c Catalog) field(source string) (f Field, ok bool) {
	source = c.Resolve(source)
	if f, ok = c.Fields[source]; ok {
		return f, true
	}
	f, ok = defaults[source]
	return f, ok
}

func (c Catalog) knows(source string) bool {
	_, ok := c.field(source)
	return ok
}

// label is what people call a source field.
func (c Catalog) label(source string) string {
	if f, ok := c.field(source); ok && f.Label != "" {
		return f.Label
	}
	name := strings.TrimPrefix(c.Resolve(source), "custom:")
	return strings.ToUpper(name[:min(1, len(name))]) + strings.ReplaceAll(name[min(1, len(name)):], "_", " ")
}

// choices gives the names of a rule's values, and apart the ids that nobody
// knows. Only tags, lists and owners are written as ids.
func (c Catalog) choices(r Rule) (all []Choice, unknown []string) {
	for _, value := range r.Values {
		choice := c.choice(r.Field, value)
		if choice.Title == "" {
			unknown = append(unknown, value)
			choice.Title = "#" + value
		}
		all = append(all, choice)
	}
	return all, unknown
}

func (c Catalog) choice(field, value string) Choice {
	switch field {
	case "tags":
		return c.Tags[value]
	case "lists":
		return c.Lists[value]
	case "owner_email":
		if choice, ok := c.Owners[strings.ToLower(value)]; ok || !strings.Contains(value, "@") {
			return choice
		}
		return Choice{Title: value, Home: "skip"} // the address of nobody in Pipedrive
	case "country":
		return Choice{Title: cmp.Or(normal.Country(value), value)}
	}
	if choice, ok := c.Options[c.Resolve(field)][normal.Fold(value)]; ok {
		return choice
	}
	return Choice{Title: value}
}

// lacks says that a field has choices and a value is none of them.
func (c Catalog) lacks(field string, value Choice) bool {
	options, listed := c.Options[c.Resolve(field)]
	_, ok := options[normal.Fold(value.Title)]
	return listed && !ok
}

// Fields gives the fields of a contact and of its company that rules speak of besides
// custom ones, where the map puts them by default.
func Fields() map[string]Field { return maps.Clone(defaults) }
