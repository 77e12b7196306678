package mapping

import (
	"cmp"
	"strings"

	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/segment"
)

// ruleCatalog is what the map says, as far as rules of segments need it.
type ruleCatalog struct {
	segment.Catalog
	valueTypes map[string]string // of the source fields that the map has
}

// ownFields are the fields of Pipedrive's own that filters know, by the row of
// the map that fills them. Others are not filtered by.
var ownFields = map[string]segment.Field{
	"contact.name": {Key: "@name", Type: "title"}, "contact.email": {Key: "@email", Type: "varchar"},
	"contact.phones": {Key: "@phone", Type: "varchar"}, "contact.owner_email": {Key: "@owner_id", Type: "user"},
	"contact.created_at": {Key: "@add_time", Type: "stamp"}, "contact.tags": {Key: "@label_ids", Type: "set"},
	"contact.job_title": {Key: "@job_title", Type: "varchar"}, "contact.birthday": {Key: "@birthday", Type: "date"},
	"contact.address": {Key: "@postal_address", Type: "address"}, "account.name": {Key: "@name", Type: "title"},
}

// addressParts are the parts of an address that rules speak of.
var addressParts = map[string]string{"street": "route", "city": "locality", "state": "admin_area_level_1",
	"postal_code": "postal_code", "country": "country"}

func (m *builder) catalog() (ruleCatalog, error) {
	c := ruleCatalog{valueTypes: map[string]string{}, Catalog: segment.Catalog{Fields: segment.Fields(), FieldIDs: map[string]string{},
		Tags: map[string]segment.Choice{}, Lists: map[string]segment.Choice{}, Owners: map[string]segment.Choice{},
		Options: map[string]map[string]segment.Choice{}}}
	for source, f := range c.Fields {
		// Pipedrive parts the name by itself; everything else is where the map puts it.
		if source != "first_name" && source != "last_name" {
			f.Key = ""
			c.Fields[source] = f
		}
	}
	if err := m.catalogFields(c); err != nil {
		return c, err
	}
	m.catalogOptions(c)
	m.catalogTags(c)
	if err := m.catalogIDs(c); err != nil {
		return c, err
	}
	return c, m.catalogOwners(c)
}

// catalogFields says in which field of Pipedrive each source field stands.
func (m *builder) catalogFields(c ruleCatalog) error {
	for _, row := range m.fieldRows {
		source, ok := ruleField(row)
		if !ok {
			continue
		}
		f := homeOf(row)
		f.Label, f.Entity = firstOf(c.Fields[source].Label, value(row.TargetName), source), row.Entity
		if source == "address" {
			for part, key := range addressParts {
				c.putPart(part, key, f)
			}
			continue
		}
		valueType, err := m.valueType(row)
		if err != nil {
			return err
		}
		c.Fields[source], c.valueTypes[source] = f, valueType
		if f.Type == "enum" || f.Type == "set" && source != "tags" && source != "lists" {
			c.Options[source] = map[string]segment.Choice{}
		}
	}
	return nil
}

// putPart lets a part of the address be asked, where the address is one.
func (c ruleCatalog) putPart(part, key string, address segment.Field) {
	address.Label, address.Part = c.Fields[part].Label, key
	if address.Type != "address" {
		address.Key = ""
	}
	c.Fields[part] = address
}

// ruleField is the source field as rules name it, for rows that rules can speak of.
func ruleField(row Field) (source string, ok bool) {
	source = row.SourceField
	switch {
	case row.Object == "account":
		source = "account." + source
	case row.Object != "contact":
		return "", false
	case source == "emails":
		return "email", true
	}
	_, isCustom := mapped.Slug(source)
	_, isKnown := segment.Fields()[source]
	isPart := addressParts[source] != "" || source == "email" || source == "first_name" || source == "last_name"
	return source, source == "address" || isCustom && row.Object == "contact" || isKnown && !isPart
}

// homeOf is the field of Pipedrive that a row of the map fills.
func homeOf(row Field) segment.Field {
	source, _ := ruleField(row)
	own := ownFields[row.Object+"."+strings.TrimPrefix(source, "account.")]
	switch {
	case row.Action == "native" && "@"+firstOf(ownCode[value(row.TargetField)], value(row.TargetField)) == own.Key:
		return own
	case row.Action == "custom":
		return segment.Field{Key: value(row.TargetField), Type: value(row.TargetType)}
	}
	return segment.Field{}
}

// ownCode is the code of a field whose key in a record is another.
var ownCode = map[string]string{"emails": "email", "phones": "phone"}

// catalogOptions says what the choices of a field are called.
func (m *builder) catalogOptions(c ruleCatalog) {
	for _, o := range m.optionRows {
		source := o.SourceField
		if o.Object == "account" {
			source = "account." + source
		}
		choice := segment.Choice{Title: o.SourceValue, Label: value(o.Label)}
		if o.Label == nil {
			choice.Home = "skip"
		}
		if source == "lists" {
			c.Lists[o.SourceValue] = choice // by title until catalogIDs knows the ids
		}
		options := c.Options[source]
		if options == nil {
			continue
		}
		options[normal.Fold(o.SourceValue)] = choice
		if c.valueTypes[source] == "boolean" {
			for _, spelling := range spellings[o.SourceValue] {
				options[spelling] = choice
			}
		}
	}
}

// spellings are how rules write yes and no.
var spellings = map[string][]string{"Yes": {"1", "true", "on"}, "No": {"0", "false", "off"}}

// catalogTags says where the tags of people are.
func (m *builder) catalogTags(c ruleCatalog) {
	keys := map[string]string{}
	for _, f := range m.fieldRows {
		if f.Object == "contact" && f.Action == "custom" && mapped.IsTagField(f.SourceField) {
			keys[f.SourceField] = value(f.TargetField)
		}
	}
	for _, l := range m.labelRows {
		if l.Entity != "person" {
			continue
		}
		home, key := l.Action, keys[value(l.SourceField)]
		if home == "field" && key == "" {
			home = "skip"
		}
		c.Tags[l.Title] = segment.Choice{Title: l.Title, Label: value(l.Label), Home: home, Field: key, IsUnused: l.Uses == 0}
	}
}

// catalogIDs leads from the ids that rules name to tags, lists and fields.
func (m *builder) catalogIDs(c ruleCatalog) error {
	tags, lists := map[string]segment.Choice{}, map[string]segment.Choice{}
	rows, err := m.tx.QueryContext(m.ctx, "SELECT kind, ref, means FROM clean_rule_ref")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, ref, means string
		if err := rows.Scan(&kind, &ref, &means); err != nil {
			return err
		}
		unused := segment.Choice{Title: means, Home: "skip", IsUnused: true}
		switch kind {
		case "tag":
			tags[ref] = cmp.Or(c.Tags[means], unused)
		case "list":
			lists[ref] = cmp.Or(c.Lists[means], unused)
		default:
			c.FieldIDs[ref] = means
		}
	}
	for id, choice := range tags {
		c.Tags[id] = choice
	}
	for id, choice := range lists {
		c.Lists[id] = choice
	}
	return rows.Err()
}

// catalogOwners says which user of Pipedrive owns the contacts of a user of the
// source. A user who owns those of others too is none to filter by.
func (m *builder) catalogOwners(c ruleCatalog) error {
	shared := map[string]bool{m.setting["owner_fallback"]: true}
	rows, err := m.tx.QueryContext(m.ctx, "SELECT DISTINCT lower(token_user_email) FROM target")
	if err != nil {
		return err
	}
	tokens, err := texts(rows)
	if err != nil {
		return err
	}
	for _, email := range tokens {
		shared[email] = m.setting["owner_fallback"] == "@token-user" || shared[email]
	}
	targets := map[string]string{}
	for _, u := range m.userRows {
		target := value(u.TargetEmail)
		targets[u.MapKey] = target
		for _, other := range m.userRows {
			if other.MapKey != u.MapKey && value(other.TargetEmail) == target {
				shared[target] = true
			}
		}
	}
	put := func(ref, email string) {
		choice := segment.Choice{Title: email, Label: targets[email]}
		if choice.Label == "" || shared[choice.Label] {
			choice.Home = "skip"
		}
		c.Owners[strings.ToLower(ref)] = choice
	}
	for email := range targets {
		put(email, email)
	}
	return m.ownerRefs(put)
}

// ownerRefs gives every word that means one user, and that user's address.
func (m *builder) ownerRefs(each func(ref, email string)) error {
	rows, err := m.tx.QueryContext(m.ctx, "SELECT ref, email FROM clean_user_ref WHERE email IS NOT NULL")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ref, email string
		if err := rows.Scan(&ref, &email); err != nil {
			return err
		}
		each(ref, email)
	}
	return rows.Err()
}
