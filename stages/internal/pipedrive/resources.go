package pipedrive

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Verb is what is done to a resource.
type Verb int

// The verbs. AddOptions and DeleteOptions exist for fields only, CreateMany for
// lines of deals, Download for files.
const (
	List Verb = iota
	Get
	Create
	Update
	Delete
	AddOptions
	DeleteOptions
	CreateMany
	Download
)

var verbNames = [...]string{"list", "get", "create", "update", "delete", "add options", "delete options", "create many", "download"}

// String returns the verb in lower case, "add options".
func (v Verb) String() string { return verbNames[v] }

// Paging is how a list is cut into pages.
type Paging int

// The ways Pipedrive pages: v2 hands out opaque cursors, v1 counts rows from
// start, and a few v1 lists come whole and accept no paging parameter.
const (
	Cursor Paging = iota
	Offset
	Whole
)

// Costs are prices in tokens per request, whatever the number of rows; 0 means
// that there is no such endpoint, or that nextpipe must not use it.
type Costs struct {
	List, Get, Create, Update, Delete, AddOptions, DeleteOptions, CreateMany, Download int
}

// Resource is one kind of record and how its endpoints differ from the others'.
type Resource struct {
	Entity   string
	Version  int    // 1 or 2
	Path     string // under /api/v1 or /api/v2
	Update   string // PATCH or PUT; empty when it has no update
	Paging   Paging
	PageSize int    // rows a page may have at most
	IDKey    string // property that names the record in answers
	Costs    Costs
	// Parent is the property of body and record that stands in the path
	// ({parent}) instead, for what exists only inside another record. Ids of such
	// records are "<parent>/<id>", and Get walks the parent's list.
	Parent string
	// Many is the path of a list over many parents, named in the query MostParents
	// at a time; "" when each has to be asked.
	Many string
	// Sort is the query that lists newest records first; nil when there is none.
	Sort url.Values
}

var (
	newest   = url.Values{"sort_by": {"id"}, "sort_direction": {"desc"}}
	newestV1 = url.Values{"sort": {"id DESC"}}

	usual  = Costs{List: 10, Get: 1, Create: 5, Update: 5, Delete: 3}
	old    = Costs{List: 20, Get: 2, Create: 10, Update: 10, Delete: 6}
	set    = Costs{List: 10, Create: 5, Delete: 3} // no endpoint for one alone
	frame  = Costs{List: 5, Get: 1, Create: 5, Update: 5, Delete: 3}
	board  = Costs{List: 10, Get: 10, Create: 5, Update: 5, Delete: 3}
	fields = Costs{List: 10, Get: 1, Create: 5, Update: 5, Delete: 3, AddOptions: 5, DeleteOptions: 3}
)

// resources is the only place that knows endpoints and prices (x-token-cost of
// Pipedrive's OpenAPI documents). A new entity is a new row.
//
// Users are read only: creating one invites a person and takes a paid seat.
var resources = []Resource{
	{"organization", 2, "organizations", "PATCH", Cursor, 500, "id", usual, "", "", newest},
	{"person", 2, "persons", "PATCH", Cursor, 500, "id", usual, "", "", newest},
	{"product", 2, "products", "PATCH", Cursor, 500, "id", usual, "", "", newest},
	{"deal", 2, "deals", "PATCH", Cursor, 500, "id", usual, "", "", newest},
	{"relationship", 1, "organizationRelationships", "PUT", Whole, 0, "id", old, "", "", nil},
	{"deal_product", 2, "deals/{parent}/products", "PATCH", Cursor, 500, "id", Costs{List: 10, Create: 5, Update: 5, Delete: 3, CreateMany: 25}, "deal_id", "deals/products", nil},
	{"deal_discount", 2, "deals/{parent}/discounts", "PATCH", Whole, 0, "id", Costs{List: 10, Create: 5, Update: 5, Delete: 3}, "deal_id", "", nil},
	{"participant", 1, "deals/{parent}/participants", "", Offset, 500, "id", Costs{List: 10, Create: 10, Delete: 6}, "deal_id", "", nil},
	{"organization_follower", 2, "organizations/{parent}/followers", "", Cursor, 500, "user_id", set, "org_id", "", nil},
	{"person_follower", 2, "persons/{parent}/followers", "", Cursor, 500, "user_id", set, "person_id", "", nil},
	{"deal_follower", 2, "deals/{parent}/followers", "", Cursor, 500, "user_id", set, "deal_id", "", nil},
	{"lead", 1, "leads", "PATCH", Offset, 500, "id", old, "", "", nil},
	{"activity", 2, "activities", "PATCH", Cursor, 500, "id", usual, "", "", newest},
	{"note", 1, "notes", "PUT", Offset, 500, "id", old, "", "", newestV1},
	{"note_comment", 1, "notes/{parent}/comments", "", Offset, 500, "uuid", Costs{List: 20}, "note_id", "", nil},                // rollback looks for other people's
	{"file", 1, "files", "", Offset, 100, "id", Costs{List: 20, Get: 2, Create: 10, Delete: 6, Download: 20}, "", "", newestV1}, // its bytes never change
	{"filter", 1, "filters", "PUT", Whole, 0, "id", old, "", "", nil},
	{"project", 2, "projects", "PATCH", Cursor, 500, "id", usual, "", "", nil},
	{"project_task", 2, "tasks", "PATCH", Cursor, 500, "id", usual, "", "", nil},
	{"board", 2, "boards", "PATCH", Whole, 0, "id", board, "", "", nil}, // of projects
	{"phase", 2, "phases", "PATCH", Whole, 0, "id", board, "", "", nil}, // listed by board_id only
	{"pipeline", 2, "pipelines", "PATCH", Cursor, 500, "id", frame, "", "", nil},
	{"stage", 2, "stages", "PATCH", Cursor, 500, "id", frame, "", "", nil},
	{"organization_field", 2, "organizationFields", "PATCH", Cursor, 500, "field_code", fields, "", "", nil},
	{"person_field", 2, "personFields", "PATCH", Cursor, 500, "field_code", fields, "", "", nil},
	{"deal_field", 2, "dealFields", "PATCH", Cursor, 500, "field_code", fields, "", "", nil},
	{"product_field", 2, "productFields", "PATCH", Cursor, 500, "field_code", fields, "", "", nil},
	{"activity_field", 2, "activityFields", "", Cursor, 500, "field_code", Costs{List: 10}, "", "", nil},
	// The lists of v1 are the only ones with the numbers that filters want.
	{"organization_field_number", 1, "organizationFields", "", Offset, 500, "id", Costs{List: 20}, "", "", nil},
	{"person_field_number", 1, "personFields", "", Offset, 500, "id", Costs{List: 20}, "", "", nil},
	{"deal_field_number", 1, "dealFields", "", Offset, 500, "id", Costs{List: 20}, "", "", nil},
	{"product_field_number", 1, "productFields", "", Offset, 500, "id", Costs{List: 20}, "", "", nil},
	{"activity_field_number", 1, "activityFields", "", Whole, 0, "id", Costs{List: 20}, "", "", nil},
	{"activity_type", 1, "activityTypes", "PUT", Whole, 0, "id", Costs{List: 20, Create: 10, Update: 10, Delete: 6}, "", "", nil},
	{"lead_label", 1, "leadLabels", "PATCH", Whole, 0, "id", Costs{List: 10, Create: 10, Update: 10, Delete: 6}, "", "", nil},
	{"user", 1, "users", "", Whole, 0, "id", Costs{List: 20, Get: 2}, "", "", nil},
	{"currency", 1, "currencies", "", Whole, 0, "id", Costs{List: 20}, "", "", nil},
	// What people have put away, which the usual lists leave out; see ListsOf.
	{"archived_deal", 2, "deals/archived", "", Cursor, 500, "id", Costs{List: 20}, "", "", newest},
	{"archived_lead", 1, "leads/archived", "", Offset, 500, "id", Costs{List: 40}, "", "", nil},
	{"archived_project", 2, "projects/archived", "", Cursor, 500, "id", Costs{List: 10}, "", "", nil},
	// The doctor looks at them; nextpipe makes none.
	{"webhook", 1, "webhooks", "", Whole, 0, "id", Costs{List: 10}, "", "", nil},
}

// What is no collection is not in the table.
var (
	me          = Resource{"me", 1, "users/me", "", Whole, 0, "id", Costs{Get: 2}, "", "", nil}
	permissions = Resource{"permissions", 1, "users/{parent}/permissions", "", Whole, 0, "id", Costs{Get: 10}, "user_id", "", nil}
)

// Resources returns every kind of record the client knows.
func Resources() []Resource { return slices.Clone(resources) }

// NewestFirst is the query that lists the newest records of an entity first,
// nil when its list cannot be sorted.
func NewestFirst(entity string) url.Values {
	r, err := resourceOf(entity)
	if err != nil {
		return nil
	}
	return maps.Clone(r.Sort)
}

// ParentOf is the property that names the record around something that exists
// only inside another record, "" for records of their own.
func ParentOf(entity string) string {
	r, _ := resourceOf(entity) // an unknown one has no parent
	return r.Parent
}

// PageSize is how many records one page of an entity's list holds, 0 when the
// list comes whole.
func PageSize(entity string) int {
	r, _ := resourceOf(entity) // an unknown one has no list
	return r.PageSize
}

// ListsOf names the lists that hold an entity's records together: its own and,
// where archived ones are left out of that, theirs. What is archived between the
// two readings is met twice, never missed.
func ListsOf(entity string) []string {
	lists := []string{entity}
	if r, err := resourceOf("archived_" + entity); err == nil {
		lists = append(lists, r.Entity)
	}
	return lists
}

// MostParents is how many parents one list takes.
const MostParents = 100

// ListsMany tells that one list can be had of many parents.
func ListsMany(entity string) bool {
	r, _ := resourceOf(entity) // an unknown one has no list
	return r.Many != ""
}

// Cost is the documented price in tokens of one request; 0 when the entity or
// the verb is not known here. Entity "me" is the token's own user, "permissions"
// what a user may do.
func Cost(entity string, verb Verb) int {
	for _, r := range []Resource{me, permissions} {
		if entity == r.Entity {
			return r.cost(verb)
		}
	}
	r, err := resourceOf(entity)
	if err != nil {
		return 0
	}
	return r.cost(verb)
}

func resourceOf(entity string) (Resource, error) {
	i := slices.IndexFunc(resources, func(r Resource) bool { return r.Entity == entity })
	if i < 0 {
		return Resource{}, fmt.Errorf("pipedrive entity %q is not known", entity)
	}
	return resources[i], nil
}

func (r Resource) cost(v Verb) int {
	c := r.Costs
	return [...]int{c.List, c.Get, c.Create, c.Update, c.Delete, c.AddOptions, c.DeleteOptions, c.CreateMany, c.Download}[v]
}

func (r Resource) method(v Verb) string {
	methods := [...]string{http.MethodGet, http.MethodGet, http.MethodPost, r.Update,
		http.MethodDelete, http.MethodPost, http.MethodDelete, http.MethodPost, http.MethodGet}
	return methods[v]
}

func (r Resource) template(v Verb) string {
	root := fmt.Sprintf("/api/v%d/%s", r.Version, r.Path)
	switch {
	case v == List, v == Create, r.Entity == me.Entity, r.Entity == permissions.Entity:
		return root
	case v == CreateMany:
		return root + "/bulk"
	case v == Download:
		return root + "/{id}/download"
	case v == AddOptions, v == DeleteOptions:
		return root + "/{id}/options"
	}
	return root + "/{id}"
}

// plainID matches integers, UUIDs and field codes. Anything else, above all the
// empty string, could turn a path into another endpoint.
var plainID = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// split takes the id of something inside another record apart.
func (r Resource) split(id string) (parent, own string) {
	if r.Parent == "" {
		return "", id
	}
	parent, own, _ = strings.Cut(id, "/")
	return parent, own
}

// call fills in the part of a Call that is known before sending.
func (r Resource) call(v Verb, id string) (Call, error) {
	if r.cost(v) == 0 {
		return Call{}, fmt.Errorf("pipedrive %s: %s is not offered", r.Entity, v)
	}
	template := r.template(v)
	parent, id := r.split(id)
	if r.Parent != "" && !plainID.MatchString(parent) {
		return Call{}, fmt.Errorf("pipedrive %s: %s: %q is not the id of its %s", r.Entity, v, parent, r.Parent)
	}
	if strings.Contains(template, "{id}") && !plainID.MatchString(id) {
		return Call{}, fmt.Errorf("pipedrive %s: %s: %q is not an id", r.Entity, v, id)
	}
	return Call{
		Entity:   r.Entity,
		Verb:     v,
		Method:   r.method(v),
		Template: template,
		Path:     strings.NewReplacer("{parent}", parent, "{id}", id).Replace(template),
		Cost:     r.cost(v),
		Limits:   unseen,
	}, nil
}
