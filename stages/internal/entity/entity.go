// Package entity says what kinds of records are loaded, in which order, and
// how each is recognised in an account. Adding a kind is a row of All, one of
// the client's resources and a table behind view final_item.
package entity

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"nextpipe/stages/internal/pipedrive"
)

// Entity is one kind of final record.
type Entity struct {
	Name string // as in final_item, link, load_op
	// Text is the property whose text has our marker; "" when it is not so.
	Text string
	// Origin is the property that is our marker; "" when there is none.
	Origin string
	// Identity are the properties that tell one from another of the same kind,
	// where no marker can be left.
	Identity []string
	// Refers tells by which property it refers to which entity.
	Refers map[string]string
	// Snapshot tells that the account's own records are known before the first
	// of ours is sent, and matched.
	Snapshot bool
	// Under is the property that names the record whose list it is found in; ""
	// when it is found in a list of all.
	Under string
	// Unsaid is what a record is when a payload does not say it, as JSON members
	// behind those that were sent; "" when nothing is.
	Unsaid string
	// Moving are properties that move with other records: they say nothing of
	// who changed this one.
	Moving []string
	// Brief tells that lists do not show everything: each is read alone to be compared.
	Brief bool
	// Query is the parameter by which such a list is asked for when it is not Under.
	Query string
}

// All is every kind in the order of sending: parents before children. What
// hangs on a deal comes after all deals, since lines change a deal's value.
var All = []Entity{
	{Name: "organization", Snapshot: true},
	{Name: "person", Snapshot: true, Refers: map[string]string{"org_id": "organization"}},
	{Name: "product", Snapshot: true},
	{Name: "deal", Snapshot: true, Refers: map[string]string{"org_id": "organization", "person_id": "person"}},
	{Name: "relationship", Under: "rel_owner_org_id", Query: "org_id", Identity: []string{"type", "rel_owner_org_id", "rel_linked_org_id"},
		Refers: map[string]string{"rel_owner_org_id": "organization", "rel_linked_org_id": "organization"}},
	{Name: "deal_product", Text: "comments", Under: "deal_id", Moving: []string{"name", "tax_method"}, Unsaid: `"is_enabled":true`, Refers: map[string]string{"deal_id": "deal", "product_id": "product"}},
	{Name: "deal_discount", Text: "description", Under: "deal_id", Refers: map[string]string{"deal_id": "deal"}},
	{Name: "participant", Under: "deal_id", Identity: []string{"deal_id", "person_id"},
		Refers: map[string]string{"deal_id": "deal", "person_id": "person"}},
	{Name: "organization_follower", Under: "org_id", Identity: []string{"org_id", "user_id"}, Refers: map[string]string{"org_id": "organization"}},
	{Name: "person_follower", Under: "person_id", Identity: []string{"person_id", "user_id"}, Refers: map[string]string{"person_id": "person"}},
	{Name: "deal_follower", Under: "deal_id", Identity: []string{"deal_id", "user_id"}, Refers: map[string]string{"deal_id": "deal"}},
	{Name: "lead", Origin: "origin_id", Refers: map[string]string{"person_id": "person", "organization_id": "organization"}},
	{Name: "project", Text: "description"},
	{Name: "project_task", Text: "description", Refers: map[string]string{"project_id": "project"}},
	{Name: "activity", Text: "note", Refers: map[string]string{"deal_id": "deal", "org_id": "organization", "person_id": "person", "lead_id": "lead",
		"project_id": "project"}},
	{Name: "note", Text: "content", Refers: map[string]string{"deal_id": "deal", "org_id": "organization", "person_id": "person", "lead_id": "lead",
		"project_id": "project", "task_id": "project_task"}},
	{Name: "file", Identity: []string{"name", "@blob", "deal_id", "person_id", "org_id", "lead_id", "activity_id"},
		Refers: map[string]string{"deal_id": "deal", "org_id": "organization", "person_id": "person", "lead_id": "lead", "activity_id": "activity",
			"project_id": "project"}},
	{Name: "filter", Brief: true, Identity: []string{"name", "type"}},
}

// Plural is the entity's name as people read it, "deal products".
func (e Entity) Plural() string {
	name := strings.ReplaceAll(e.Name, "_", " ")
	if stem, ok := strings.CutSuffix(name, "y"); ok {
		return stem + "ies"
	}
	return name + "s"
}

// Reversed is All with children first: the order of taking back.
func Reversed() []Entity {
	out := slices.Clone(All)
	slices.Reverse(out)
	return out
}

// Names lists the names of All.
func Names() []string {
	names := make([]string, len(All))
	for i, e := range All {
		names[i] = e.Name
	}
	return names
}

// Of finds an entity by its name.
func Of(name string) (Entity, bool) {
	i := slices.IndexFunc(All, func(e Entity) bool { return e.Name == name })
	if i < 0 {
		return Entity{}, false
	}
	return All[i], true
}

// HasField tells that the marker stands in the custom field "NextCRM ID".
func (e Entity) HasField() bool { return e.Text == "" && e.Origin == "" && len(e.Identity) == 0 }

// BelongsToOne tells that a record hangs on another, and that the account may
// limit how many of its kind hang on one.
func (e Entity) BelongsToOne() bool { return e.Under != "" || e.Name == "note" || e.Name == "file" }

// IsMarked tells that a record carries our marker in one way or another.
func (e Entity) IsMarked() bool { return len(e.Identity) == 0 }

// marked is the marker in a text: the last one counts, since people write below
// ours, and what they quote stands above it.
var marked = regexp.MustCompile(`\[NextCRM ([^\]\n]+)\]`)

// Marker is our marker in a record as the account answers it, or in a body as
// it is sent; nil when it has none. code is that of the custom field, for
// entities that have it.
func (e Entity) Marker(record []byte, code string) *string {
	var props map[string]json.RawMessage
	if json.Unmarshal(record, &props) != nil {
		return nil
	}
	switch {
	case e.Origin != "":
		return textIn(props[e.Origin])
	case e.Text != "":
		return markerIn(textIn(props[e.Text]))
	case e.HasField():
		var custom map[string]json.RawMessage
		if json.Unmarshal(props["custom_fields"], &custom) != nil {
			return nil
		}
		return textIn(custom[code])
	}
	return nil
}

// textIn is a JSON text; another type than text is no marker of ours.
func textIn(raw json.RawMessage) *string {
	var s *string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return s
}

func markerIn(text *string) *string {
	if text == nil {
		return nil
	}
	found := marked.FindAllStringSubmatch(*text, -1)
	if found == nil {
		return nil
	}
	m := html.UnescapeString(found[len(found)-1][1])
	return &m
}

// Inside are the queries for the lists of what hangs on the records of these
// ids: one for many where the account offers it.
func (e Entity) Inside(ids []string) []url.Values {
	size, key := 1, e.Under
	if pipedrive.ListsMany(e.Name) {
		size = pipedrive.MostParents
	}
	if e.Query != "" {
		key = e.Query
	}
	var out []url.Values
	for some := range slices.Chunk(ids, size) {
		out = append(out, url.Values{key: some})
	}
	return out
}

// Parent is the JSON path of Under, as an argument of a query; nil, which is
// SQL's NULL, when there is none.
func (e Entity) Parent() any {
	if e.Under == "" {
		return nil
	}
	return "$." + e.Under
}

// ParentRef is where a final payload names the record around, like Parent.
func (e Entity) ParentRef() any {
	if e.Under == "" {
		return nil
	}
	return "$." + e.Under + ".@ref"
}

// ReadBack is the least that seeing n records of a kind costs, in tokens:
// pages of its list, or the lists of the parents they hang on, and each alone
// where lists are brief.
func (e Entity) ReadBack(n, parents int64) int64 {
	list, each := int64(pipedrive.Cost(e.Name, pipedrive.List)), int64(0)
	if e.Brief {
		each = n * int64(pipedrive.Cost(e.Name, pipedrive.Get))
	}
	lists := int64(1)
	switch size := int64(pipedrive.PageSize(e.Name)); {
	case n == 0:
		lists = 0
	case pipedrive.ListsMany(e.Name):
		lists = (parents + pipedrive.MostParents - 1) / pipedrive.MostParents
	case e.Under != "":
		lists = parents
	case size > 0:
		lists = (n + size - 1) / size
	}
	if n > 0 {
		for _, archived := range pipedrive.ListsOf(e.Name)[1:] {
			each += int64(pipedrive.Cost(archived, pipedrive.List)) // one page: few are put away
		}
	}
	return lists*list + each
}

// Meant is a body as sent with what it takes for granted.
func (e Entity) Meant(sent []byte) []byte {
	rest, isObject := bytes.CutPrefix(bytes.TrimSpace(sent), []byte("{"))
	if e.Unsaid == "" || !isObject || len(rest) < 2 {
		return sent
	}
	// Members of the body come later and count.
	return []byte("{" + e.Unsaid + "," + string(rest))
}

// Part is the properties of a body that identify it, as JSON.
func (e Entity) Part(body []byte) ([]byte, error) {
	var props map[string]json.RawMessage
	if err := json.Unmarshal(body, &props); err != nil {
		return nil, err
	}
	for key := range props {
		if !slices.Contains(e.Identity, key) {
			delete(props, key)
		}
	}
	return json.Marshal(props)
}
